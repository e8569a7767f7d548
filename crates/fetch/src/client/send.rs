//! One request on the wire, as often as it takes.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::{RequestBuilder, header::HeaderMap};
use url::Url;

use super::exchange::Exchange;
use crate::{
    BudgetError, FetchError, HostFailure, Pace, Permit, Turn, Why,
    address::{host, named},
    body::{self, Cap, Unread},
    certificate, lines,
    retry::{is_passing, pause, retry_after},
};

/// Bytes read of the body of a failure: nobody looks at it, but a connection read to its end serves again.
const FAILURE: Cap = Cap::Cut(64 << 10);

/// "Too Many Requests" (RFC 6585, 4).
const TOO_MANY: u16 = 429;
/// "Service Unavailable" (RFC 9110, 15.6.4).
const UNAVAILABLE: u16 = 503;
/// The pause of the whole pool where a partner says so without a time.
const TOO_SOON: Duration = Duration::from_secs(1);

/// A wait for a slot in which an operator may have changed what holds for the source.
const LONG: Duration = Duration::from_millis(100);

/// An answer of any status; its body is read where it is a success.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) certificate_ends: Option<DateTime<Utc>>,
}

impl Raw {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Exchange<'_> {
    /// Sends until an answer is final, or the tries are used up. `url` is the partner's own
    /// address; the connection may go through a gateway.
    pub(super) async fn send(
        &mut self,
        url: &Url,
        cap: Cap,
        build: impl Fn(&reqwest::Client, Url) -> RequestBuilder + Send + Sync,
    ) -> Result<Raw, FetchError> {
        self.partner.admit(url)?;
        let host = host(url);
        let (most, longest) = (self.shared.settings.max_attempts, self.shared.settings.max_backoff);
        let mut attempt = 1;
        loop {
            let mut turn = self.turn(&host).await?;
            let tried = self.once(url, cap, (attempt, &mut turn), &build).await;
            let (asked, why) = match &tried {
                Ok(raw) if is_passing(raw.status) => {
                    (asked_pause(raw), format!("{} answered {}", named(url), raw.status))
                }
                Err(error @ (FetchError::Transport { .. } | FetchError::Timeout { .. })) => {
                    (None, error.to_string())
                }
                Ok(_) | Err(FetchError::TooLarge { .. }) => {
                    self.answered(&host, turn).await?;
                    return tried;
                }
                // Nothing was sent.
                Err(_) => return tried,
            };
            let failure = HostFailure { why, is_probe: turn.is_probe(), counts: asked.is_none() };
            let rests = self.budget.failed(&host, failure).await.map_err(|cause| self.down(cause))?;
            if let Some(asked) = asked {
                self.hold(asked).await?;
            }
            if rests || attempt >= most {
                return tried;
            }
            let wait = asked.unwrap_or_default().max(pause(attempt, fastrand::f64(), longest));
            let (status, error) = match &tried {
                Ok(raw) => (Some(raw.status), None),
                Err(error) => (None, Some(tracing::field::display(error))),
            };
            let pause_ms = millis(wait);
            tracing::warn!(source = %self.partner.slug, url = named(url), attempt, status, error, pause_ms, "trying again");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// Returns whether a request to the host may leave now.
    async fn turn(&self, host: &str) -> Result<Turn, FetchError> {
        let settings = &self.shared.settings;
        // A probe waits for its slot, then for its answer.
        let lease = settings.request_timeout + settings.max_wait + settings.connect_timeout;
        match self.budget.turn(host, lease).await.map_err(|cause| self.down(cause))? {
            Turn::Rests(wait) => Err(self.later(wait, Why::Rests)),
            turn => Ok(turn),
        }
    }

    /// Notes that a host answers which failed before.
    async fn answered(&self, host: &str, turn: Turn) -> Result<(), FetchError> {
        match turn {
            Turn::Watched { .. } => self.budget.answered(host).await.map_err(|cause| self.down(cause)),
            Turn::Free | Turn::Rests(_) => Ok(()),
        }
    }

    fn down(&self, cause: BudgetError) -> FetchError {
        FetchError::Budget { source_slug: self.partner.slug.to_string(), cause }
    }

    /// Lets the whole pool observe a pause that the partner asks for; one too long to be waited for here is the caller's.
    async fn hold(&self, asked: Duration) -> Result<(), FetchError> {
        let slug = self.partner.slug.as_str();
        self.shared.process_limiter.hold(slug, asked);
        self.budget.hold(slug, asked).await.map_err(|cause| self.down(cause))?;
        if asked > self.shared.settings.max_wait {
            return Err(self.later(asked, Why::Asked));
        }
        Ok(())
    }

    async fn once(
        &mut self,
        url: &Url,
        cap: Cap,
        (attempt, turn): (u32, &mut Turn),
        build: &(impl Fn(&reqwest::Client, Url) -> RequestBuilder + Send + Sync),
    ) -> Result<Raw, FetchError> {
        let (partner, shared) = (self.partner, self.shared);
        let client = if partner.via.is_some() { &shared.gateway } else { &shared.open };
        let mut unsent = build(client, partner.route(url));
        if partner.via.is_some() {
            unsent = unsent.header("host", host(url));
        }
        let request = unsent.build().map_err(|cause| FetchError::Unsendable {
            url: named(url),
            source_slug: partner.slug.to_string(),
            cause: cause.without_url(),
        })?;
        if self.take_slot().await? >= LONG && !turn.is_probe() {
            // The host may have begun to rest meanwhile.
            *turn = self.turn(&host(url)).await?;
        }
        self.requests += 1;
        let begun = Instant::now();
        let answer = lines::execute(client, request).await.map_err(|cause| self.failed(url, cause, begun))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let certificate_ends = answer
            .extensions()
            .get::<reqwest::tls::TlsInfo>()
            .and_then(|tls| certificate::ends_at(tls.peer_certificate()?));
        self.note(begun.elapsed(), status).await;
        let body = if answer.status().is_success() {
            let read = body::read(answer, shared.settings.max_wire, cap, &shared.room).await;
            read.map_err(|unread| match unread {
                Unread::TooLarge(limit) => FetchError::TooLarge { url: named(url), limit },
                Unread::Broken(cause) => self.failed(url, cause, begun),
            })?
        } else {
            body::read(answer, shared.settings.max_wire, FAILURE, &shared.room).await.unwrap_or_default()
        };
        let (bytes, elapsed_ms) = (body.len(), millis(begun.elapsed()));
        let (host, path) = (host(url), url.path());
        tracing::debug!(source = %partner.slug, host, path, status, bytes, elapsed_ms, attempt, "answered");
        Ok(Raw { status, headers, body, certificate_ends })
    }

    /// Lets the pool adapt to how the partner answers. An answer that came counts even if that could not be noted.
    async fn note(&self, latency: Duration, status: u16) {
        let slug = self.partner.slug.as_str();
        let noted = self.budget.measured(slug, latency, matches!(status, TOO_MANY | UNAVAILABLE)).await;
        if let Err(error) = noted {
            tracing::warn!(source = slug, error = %error, "how the partner answers was not noted");
        }
    }

    /// Waits for a slot of the pool's budget, or says when there is one. Returns how long it waited.
    async fn take_slot(&self) -> Result<Duration, FetchError> {
        let slug = self.partner.slug.as_str();
        let pace = Pace { interval: self.partner.rate.interval(), at_least: self.delay.unwrap_or_default() };
        let down = |cause| self.down(cause);
        let (begun, max_wait) = (Instant::now(), self.shared.settings.max_wait);
        let used_up = |wait| self.later(wait, Why::Rate);
        loop {
            let left = || max_wait.saturating_sub(begun.elapsed());
            self.shared.process_limiter.ready(slug, pace.spacing(), left()).await.map_err(used_up)?;
            match self.budget.reserve(slug, pace, left()).await.map_err(down)? {
                Permit::After(wait) => tokio::time::sleep(wait).await,
                Permit::Unless(wait, ticket) => {
                    self.shared.process_limiter.note(slug, ticket.interval);
                    tokio::time::sleep(wait).await;
                    // A pause or another rate holds for the next request, also for one that has waited for its slot.
                    if wait >= LONG && !self.budget.stands(slug, ticket).await.map_err(down)? {
                        continue;
                    }
                }
                Permit::TooLong(wait) => return Err(used_up(wait)),
                Permit::Resting(wait, why) => return Err(self.later(wait, why)),
                Permit::Refused(why) => return Err(FetchError::Stopped { why }),
            }
            // The partner may have asked for a pause meanwhile: the slot fell into it, and another one is needed.
            match self.shared.process_limiter.held(slug) {
                None => return Ok(begun.elapsed()),
                Some(rest) if rest > left() => return Err(self.later(rest, Why::Asked)),
                Some(rest) => tokio::time::sleep(rest).await,
            }
        }
    }

    fn failed(&self, url: &Url, cause: reqwest::Error, begun: Instant) -> FetchError {
        // The cause's own text would repeat the address, query and all.
        let cause = cause.without_url();
        if !cause.is_timeout() {
            return FetchError::Transport { url: named(url), cause };
        }
        let settings = &self.shared.settings;
        let limit = if cause.is_connect() {
            settings.connect_timeout
        } else if begun.elapsed() < settings.request_timeout {
            settings.idle_timeout
        } else {
            settings.request_timeout
        };
        FetchError::Timeout { url: named(url), limit }
    }
}

/// Returns the pause that an answer asks for.
fn asked_pause(raw: &Raw) -> Option<Duration> {
    // The partner's date is by its own clock, and so is the date of its answer.
    let now = raw.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
    let asked =
        raw.header("retry-after").and_then(|value| retry_after(value, now.unwrap_or_else(SystemTime::now)));
    asked.or_else(|| (raw.status == TOO_MANY).then_some(TOO_SOON))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

//! One request on the wire, as often as it takes.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use reqwest::{RequestBuilder, header::HeaderMap};
use url::Url;

use super::exchange::Exchange;
use crate::{
    FetchError, Pace, Permit, Why,
    address::{host, named},
    body::{self, Cap, Unread},
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
        let (most, longest) = (self.shared.settings.max_attempts, self.shared.settings.max_backoff);
        let mut attempt = 1;
        loop {
            let tried = self.once(url, cap, attempt, &build).await;
            let asked = match &tried {
                Ok(raw) if is_passing(raw.status) => self.asked_pause(raw).await?,
                Err(FetchError::Transport { .. } | FetchError::Timeout { .. }) => None,
                _ => return tried,
            };
            if attempt >= most {
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

    /// The pause a partner asks for, which holds for the whole pool; one too long to be waited for here is the caller's.
    async fn asked_pause(&self, raw: &Raw) -> Result<Option<Duration>, FetchError> {
        let value = raw.header("retry-after");
        let asked = value.and_then(|value| retry_after(value, SystemTime::now()));
        let Some(asked) = asked.or_else(|| (raw.status == TOO_MANY).then_some(TOO_SOON)) else {
            return Ok(None);
        };
        let slug = self.partner.slug.as_str();
        self.shared.process_limiter.hold(slug, asked);
        let held = self.budget.hold(slug, asked).await;
        held.map_err(|cause| FetchError::Budget { source_slug: slug.to_owned(), cause })?;
        if asked > self.shared.settings.max_wait {
            return Err(self.later(asked, Why::Asked));
        }
        Ok(Some(asked))
    }

    async fn once(
        &mut self,
        url: &Url,
        cap: Cap,
        attempt: u32,
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
        self.take_slot().await?;
        self.requests += 1;
        let begun = Instant::now();
        let answer = client.execute(request).await.map_err(|cause| self.failed(url, cause, begun))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
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
        Ok(Raw { status, headers, body })
    }

    /// Lets the pool adapt to how the partner answers. An answer that came counts even if that could not be noted.
    async fn note(&self, latency: Duration, status: u16) {
        let slug = self.partner.slug.as_str();
        let noted = self.budget.measured(slug, latency, matches!(status, TOO_MANY | UNAVAILABLE)).await;
        if let Err(error) = noted {
            tracing::warn!(source = slug, error = %error, "how the partner answers was not noted");
        }
    }

    /// Waits for a slot of the pool's budget, or says when there is one.
    async fn take_slot(&self) -> Result<(), FetchError> {
        let slug = self.partner.slug.as_str();
        let pace = Pace { interval: self.partner.rate.interval(), at_least: self.delay.unwrap_or_default() };
        let down = |cause| FetchError::Budget { source_slug: slug.to_owned(), cause };
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
                None => return Ok(()),
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

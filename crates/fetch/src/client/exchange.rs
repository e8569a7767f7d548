//! From one request of a caller to its answer: robots, credentials, redirects, tries.

use std::time::{Duration, SystemTime};

use chrono::{TimeDelta, Utc};
use reqwest::{RequestBuilder, header};
use url::Url;

use super::{Shared, named, send::Raw};
use crate::{
    Answer, Budget, Credentials, FetchError, Partner, Request, Secret, Validators,
    retry::{is_passing, jitter, pause, retry_after},
    robots::{self, Rules},
    token::{self, Token},
};

/// Redirects followed of one request.
const HOPS: usize = 5;
/// Headers that are nobody's business afterwards.
const DROPPED: [&str; 4] = ["set-cookie", "set-cookie2", "www-authenticate", "authorization"];

/// One request of a caller under way.
pub(crate) struct Exchange<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) partner: &'a Partner,
    pub(crate) budget: &'a dyn Budget,
    /// The pause robots.txt asks for.
    pub(crate) delay: Duration,
    /// Sent so far.
    pub(crate) requests: u32,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(shared: &'a Shared, partner: &'a Partner, budget: &'a dyn Budget) -> Self {
        Self { shared, partner, budget, delay: Duration::ZERO, requests: 0 }
    }

    pub(crate) fn later(&self, wait: Duration, why: &'static str) -> FetchError {
        let at = Utc::now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
        FetchError::Later { source_slug: self.partner.slug.to_string(), at, why }
    }

    /// Asks robots.txt where the partner wants it asked, and keeps its pause.
    pub(crate) async fn permitted(&mut self, url: &Url) -> Result<(), FetchError> {
        if !self.partner.robots {
            return Ok(());
        }
        let rules = self.rules(url).await?;
        self.delay = rules.delay();
        if rules.allow(url) {
            return Ok(());
        }
        if matches!(rules, Rules::Unreachable) {
            return Err(self.later(Duration::from_mins(5), "its robots.txt cannot be had"));
        }
        Err(FetchError::RobotsDenied {
            host: url.host_str().unwrap_or_default().to_owned(),
            path: url.path().to_owned(),
        })
    }

    async fn rules(&mut self, url: &Url) -> Result<Rules, FetchError> {
        let origin = format!(
            "{} {:?}",
            url.origin().ascii_serialization(),
            self.partner.via.as_ref().map(Url::as_str)
        );
        if let Some(known) = self.shared.robots.get(&origin) {
            return Ok(known);
        }
        let Ok(mut address) = url.join("/robots.txt") else { return Ok(Rules::All) };
        for _ in 0..=HOPS {
            let learnt = match self.send(&address, robots::MAX, reqwest::Client::get).await {
                Ok(raw) if (300..400).contains(&raw.status) => {
                    match raw.header("location").and_then(|to| address.join(to).ok()) {
                        Some(to) => address = to,
                        None => break,
                    }
                    continue;
                }
                Ok(raw) if (200..300).contains(&raw.status) => {
                    Rules::read(&self.shared.settings.user_agent, &raw.body)
                }
                Ok(raw) if (400..500).contains(&raw.status) && raw.status != 429 => Rules::All,
                Ok(_) => Rules::Unreachable,
                Err(error @ (FetchError::Later { .. } | FetchError::Budget { .. })) => return Err(error),
                // A dead partner is told as such: the caller's tries and pauses apply.
                Err(error @ (FetchError::Transport { .. } | FetchError::Timeout { .. })) => {
                    return Err(error);
                }
                Err(_) => Rules::All,
            };
            self.shared.robots.put(origin, learnt.clone());
            return Ok(learnt);
        }
        Ok(Rules::All)
    }

    /// The answer, after as many tries as are allowed.
    pub(crate) async fn get(&mut self, request: &Request) -> Result<Answer, FetchError> {
        let mut attempt = 0;
        loop {
            let tried = self.follow(request).await;
            attempt += 1;
            let error = match tried {
                Ok(answer) => return Ok(answer),
                Err(Failed { error, after }) => {
                    if let Some(after) = after {
                        self.hold(after).await?;
                        if after > self.shared.settings.max_wait {
                            return Err(self.later(after, "the partner asks for a pause"));
                        }
                    }
                    error
                }
            };
            let passing = match &error {
                FetchError::Status { status, .. } => is_passing(*status),
                FetchError::Transport { .. } | FetchError::Timeout { .. } => true,
                _ => false,
            };
            if !passing || attempt >= self.shared.settings.max_attempts {
                return Err(error);
            }
            tracing::debug!(source = %self.partner.slug, attempt, error = &error as &dyn std::error::Error, "trying again");
            tokio::time::sleep(pause(attempt - 1, jitter())).await;
        }
    }

    /// A Retry-After holds for the whole pool.
    async fn hold(&self, after: Duration) -> Result<(), FetchError> {
        let held = self.budget.hold(self.partner.slug.as_str(), after).await;
        held.map_err(|cause| FetchError::Budget { source_slug: self.partner.slug.to_string(), cause })
    }

    /// Follows redirects within the partner's hosts to an answer.
    async fn follow(&mut self, request: &Request) -> Result<Answer, Failed> {
        let mut url = request.url.clone();
        for _ in 0..=HOPS {
            let raw = self.authorized(&url, request).await?;
            match raw.status {
                301 | 302 | 303 | 307 | 308 => {
                    let to = raw.header("location").and_then(|to| url.join(to).ok());
                    let to = to.ok_or_else(|| FetchError::Status { url: named(&url), status: raw.status })?;
                    if url.scheme() == "https" && to.scheme() == "http" && self.partner.via.is_none() {
                        return Err(FetchError::OffHost {
                            url: named(&to),
                            source_slug: self.partner.slug.to_string(),
                        }
                        .into());
                    }
                    url = to;
                }
                200..=299 | 304 => return Ok(self.answer(url, raw)),
                status => {
                    let after =
                        raw.header("retry-after").and_then(|value| retry_after(value, SystemTime::now()));
                    return Err(Failed { error: FetchError::Status { url: named(&url), status }, after });
                }
            }
        }
        Err(FetchError::Redirects { url: named(&request.url), hops: HOPS }.into())
    }

    /// Sends with our credentials; a token that is refused is renewed once.
    async fn authorized(&mut self, url: &Url, request: &Request) -> Result<Raw, FetchError> {
        let mut refused = None;
        loop {
            let token = self.token(refused.as_ref()).await?;
            let (partner, spare) = (self.partner, token.clone());
            let max = self.shared.settings.max_body;
            let raw = self
                .send(url, max, |client, to| sign(headers(client.get(to), request), partner, spare.as_ref()))
                .await?;
            match raw.status {
                401 if token.is_some() && refused.is_none() => refused = token,
                401 | 403 if partner.credentials.is_some() => {
                    let source_slug = partner.slug.to_string();
                    return Err(FetchError::Refused { url: named(url), status: raw.status, source_slug });
                }
                _ => return Ok(raw),
            }
        }
    }

    /// The partner's access token: known, or asked for while others wait for it.
    async fn token(&mut self, refused: Option<&Secret>) -> Result<Option<Secret>, FetchError> {
        let partner = self.partner;
        let Some(Credentials::OAuth2 { token_url, scope, id, secret }) = &partner.credentials else {
            return Ok(None);
        };
        let slot = self.shared.tokens.slot(partner);
        let mut held = slot.lock().await;
        if let Some(known) = token::usable(held.as_ref(), refused) {
            return Ok(Some(known));
        }
        let mut form =
            vec![("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret.expose())];
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let raw = self.send(token_url, token::MAX, |client, url| client.post(url).form(&form)).await?;
        match raw.status {
            200..=299 => (),
            400 | 401 | 403 => {
                let source_slug = partner.slug.to_string();
                return Err(FetchError::Refused { url: named(token_url), status: raw.status, source_slug });
            }
            status => return Err(FetchError::Status { url: named(token_url), status }),
        }
        let token = Token::read(&raw.body, &named(token_url))?;
        let value = token.value.clone();
        *held = Some(token);
        Ok(Some(value))
    }

    fn answer(&self, url: Url, raw: Raw) -> Answer {
        let validators = Validators {
            etag: raw.header("etag").map(str::to_owned),
            last_modified: raw.header("last-modified").map(str::to_owned),
        };
        let kept = raw.headers.iter().filter(|(name, _)| !DROPPED.contains(&name.as_str()));
        let headers = kept
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        Answer {
            url,
            status: raw.status,
            headers,
            body: raw.body,
            fetched_at: Utc::now(),
            validators,
            requests: self.requests,
        }
    }
}

/// A failed try, and how long the partner asks to wait.
struct Failed {
    error: FetchError,
    after: Option<Duration>,
}

impl From<FetchError> for Failed {
    fn from(error: FetchError) -> Self {
        Self { error, after: None }
    }
}

fn headers(mut built: RequestBuilder, request: &Request) -> RequestBuilder {
    for (name, value) in &request.headers {
        built = built.header(name, value);
    }
    if let Some(known) = &request.validators {
        if let Some(etag) = &known.etag {
            built = built.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(date) = &known.last_modified {
            built = built.header(header::IF_MODIFIED_SINCE, date);
        }
    }
    built
}

/// Adds our credentials; values are marked as secrets, so that no layer below prints them.
fn sign(built: RequestBuilder, partner: &Partner, token: Option<&Secret>) -> RequestBuilder {
    match &partner.credentials {
        None => built,
        Some(Credentials::OAuth2 { .. }) => match token {
            Some(token) => built.bearer_auth(token.expose()),
            None => built,
        },
        Some(Credentials::Bearer(token)) => built.bearer_auth(token.expose()),
        Some(Credentials::Basic { user, password }) => built.basic_auth(user, Some(password.expose())),
        Some(Credentials::ApiKey { header, key }) => match header::HeaderValue::from_str(key.expose()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                built.header(header, value)
            }
            Err(_) => built,
        },
    }
}

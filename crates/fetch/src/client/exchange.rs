//! From one request of a caller to its answer, over the redirects between them.

use std::{borrow::Cow, time::Duration};

use chrono::{TimeDelta, Utc};
use url::Url;

use super::{Shared, send::Raw};
use crate::{
    Answer, Budget, FetchError, Partner, Request, Validators, Why,
    address::{bare, named},
    redirect::{self, HOPS},
};

/// Headers that are nobody's business afterwards, and the one that we set ourselves.
const DROPPED: [&str; 7] = [
    ADDRESS,
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
    "proxy-authenticate",
    "authentication-info",
    "authorization",
];
/// Names the address that answered, where redirects led to another one (RFC 9110, 8.7).
const ADDRESS: &str = "content-location";
/// Headers with one value: of several lines, the first counts. The lines of any other header are one list (RFC 9110, 5.3).
const SINGLE: [&str; 10] = [
    "age",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "location",
    "retry-after",
];
/// Longest validator kept, in bytes: it is sent back with the next request.
const LONGEST_VALIDATOR: usize = 512;

/// One request of a caller under way.
pub(crate) struct Exchange<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) partner: &'a Partner,
    pub(crate) budget: &'a dyn Budget,
    /// The pause robots.txt asks for.
    pub(crate) delay: Option<Duration>,
    /// Sent so far.
    pub(crate) requests: u32,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(shared: &'a Shared, partner: &'a Partner, budget: &'a dyn Budget) -> Self {
        Self { shared, partner, budget, delay: None, requests: 0 }
    }

    /// The answer; each address on the way to it is the partner's own and allowed by robots.txt.
    pub(crate) async fn get(&mut self, request: &Request) -> Result<Answer, FetchError> {
        let mut url = bare(&request.url);
        let mut request = Cow::Borrowed(request);
        let mut asked = Vec::new();
        let mut sets_cookie = false;
        for _ in 0..=HOPS {
            self.partner.admit(&url)?;
            self.permitted(&url).await?;
            let raw = self.signed(&url, &request).await?;
            if matches!(raw.status, 200..=206 | 304) {
                self.unreserved_answer(&url, &raw)?;
            }
            match raw.status {
                // "Not modified" to a question that named no version says nothing.
                200..=206 => return Ok(self.answer(url, raw, &request.url)),
                304 if request.validators.is_some() => return Ok(self.answer(url, raw, &request.url)),
                status if redirect::leads_on(status) => {
                    let to = redirect::target(self.partner, &url, status, raw.header("location"))?;
                    sets_cookie |= raw.headers.contains_key("set-cookie");
                    asked.push(std::mem::replace(&mut url, to));
                    if sets_cookie && asked.contains(&url) {
                        return Err(FetchError::CookieGate { url: named(&url) });
                    }
                    // RFC 9110, 15.4: only 307 and 308 ask for the same method again.
                    if request.body.is_some() && !matches!(status, 307 | 308) {
                        request.to_mut().body = None;
                    }
                }
                status => return Err(FetchError::Status { url: named(&url), status }),
            }
        }
        Err(FetchError::Redirects { url: named(&request.url), hops: HOPS })
    }

    /// "Not now", with the time that it is to be.
    pub(crate) fn later(&self, wait: Duration, why: Why) -> FetchError {
        let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1)).min(TimeDelta::days(2));
        FetchError::Later { source_slug: self.partner.slug.to_string(), at: Utc::now() + wait, why }
    }

    fn answer(&self, url: Url, raw: Raw, asked: &Url) -> Answer {
        let validator = |name| raw.header(name).filter(|value| value.len() <= LONGEST_VALIDATOR);
        let validators = Validators {
            etag: validator("etag").map(str::to_owned),
            last_modified: validator("last-modified").map(str::to_owned),
        };
        let mut headers = headers(&raw);
        let address = self.partner.without_key(&url);
        if address != bare(asked) {
            headers.push((ADDRESS.to_owned(), address.into()));
        }
        Answer {
            url,
            status: raw.status,
            headers,
            body: raw.body,
            fetched_at: Utc::now(),
            validators,
            requests: self.requests,
            crawl_delay: self.delay,
            certificate_ends: raw.certificate_ends,
        }
    }
}

/// The headers worth keeping: one entry a name.
fn headers(raw: &Raw) -> Vec<(String, String)> {
    let kept = raw.headers.keys().filter(|name| !DROPPED.contains(&name.as_str()));
    kept.map(|name| {
        let mut lines = raw.headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
        let mut value = lines.next().unwrap_or_default().into_owned();
        if !SINGLE.contains(&name.as_str()) {
            for line in lines {
                value.push_str(", ");
                value.push_str(&line);
            }
        }
        (name.as_str().to_owned(), value)
    })
    .collect()
}

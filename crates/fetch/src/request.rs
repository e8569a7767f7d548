//! What is asked, and what comes back.

use std::{fmt, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

use crate::address::named;

/// What lets a partner answer "not modified" (RFC 9110, 13.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// Entity tag, as given.
    pub etag: Option<String>,
    /// Last-Modified, as given.
    pub last_modified: Option<String>,
}

/// The body of a request: makes it a POST. It is a question (a search), so it is asked again where a GET would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// What it is: `application/json`, or a form.
    pub media_type: &'static str,
    /// The bytes.
    pub bytes: Bytes,
}

/// A request: a GET, or a POST where it has a body.
#[derive(Clone)]
pub struct Request {
    /// The partner's own address, also where a gateway is used.
    pub url: Url,
    /// Headers the spec asks for. They go to the origin of the partner's base address alone.
    pub headers: Vec<(String, String)>,
    /// What is known from the last visit.
    pub validators: Option<Validators>,
    /// Makes it a POST.
    pub body: Option<Body>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Query and header values may hold secrets.
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Request")
            .field("url", &named(&self.url))
            .field("headers", &headers)
            .field("validators", &self.validators)
            .field("body", &self.body.as_ref().map(|body| body.media_type))
            .finish()
    }
}

/// An answer worth keeping: 200 to 206, or 304 where validators were sent.
#[derive(Clone)]
pub struct Answer {
    /// The address that answered, after redirects; without user and fragment.
    pub url: Url,
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case, without cookies.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Bytes,
    /// When the answer came.
    pub fetched_at: DateTime<Utc>,
    /// What to ask with next time.
    pub validators: Validators,
    /// Requests sent to the partner for it.
    pub requests: u32,
    /// The pause between visits that robots.txt asks for, as it is kept; none where it asks for none or is not asked.
    pub crawl_delay: Option<Duration>,
    /// Until when the TLS certificate is valid that the host showed; none without TLS, or where a gateway answered.
    pub certificate_ends: Option<DateTime<Utc>>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Bodies and header values are the partner's words, and people's contacts among them.
        f.debug_struct("Answer")
            .field("url", &named(&self.url))
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("fetched_at", &self.fetched_at)
            .field("requests", &self.requests)
            .finish_non_exhaustive()
    }
}

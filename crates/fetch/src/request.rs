//! What is asked, and what comes back.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

/// What lets a partner answer "not modified" (RFC 9110, 13.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// Entity tag, as given.
    pub etag: Option<String>,
    /// Last-Modified, as given.
    pub last_modified: Option<String>,
}

/// A GET request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The partner's own address, also where a gateway is used.
    pub url: Url,
    /// Headers the spec asks for.
    pub headers: Vec<(String, String)>,
    /// What is known from the last visit.
    pub validators: Option<Validators>,
}

/// An answer worth keeping: 2xx, or 304 where validators were sent.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The address that answered, after redirects.
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
}

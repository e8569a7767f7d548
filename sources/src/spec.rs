//! A partner, as its file describes it.

use opportunity::{Kind, Rate, SourceSlug, StreamName};
use serde_json::Value;
use url::Url;

use crate::{
    Page, Reading,
    grammar::{Detail, Fields, Pages, Reader, RequestTemplate},
    read,
};

/// How we show who we are; each value is the name of an environment variable, never the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// OAuth 2.0 client credentials (RFC 6749, 4.4).
    OAuth2 {
        /// Where tokens are given.
        token_url: Url,
        /// What is asked for.
        scope: Option<String>,
        /// Variable with our name.
        id: String,
        /// Variable with our secret.
        secret: String,
    },
    /// A key in a header.
    ApiKey {
        /// Name of the header.
        header: String,
        /// Variable with the key.
        key: String,
    },
    /// HTTP Basic (RFC 7617).
    Basic {
        /// Variable with the user.
        user: String,
        /// Variable with the password.
        password: String,
    },
    /// A fixed bearer token (RFC 6750).
    Bearer {
        /// Variable with the token.
        token: String,
    },
}

/// One list a partner publishes.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Its name.
    pub name: StreamName,
    /// What its records are.
    pub kind: Kind,
    pub(crate) request: RequestTemplate,
    pub(crate) pages: Pages,
    pub(crate) reader: Reader,
    pub(crate) fields: Fields,
    pub(crate) detail: Option<Detail>,
    /// Fields without which a record is refused.
    pub(crate) required: Vec<&'static str>,
}

/// A partner.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Its key: the name of its file.
    pub slug: SourceSlug,
    /// Name for people.
    pub name: String,
    /// Where it lives.
    pub base_url: Url,
    /// Hosts that are its own.
    pub hosts: Vec<String>,
    /// The promise: requests over all workers.
    pub rate: Rate,
    /// Whether robots.txt is asked and obeyed; unless the file says otherwise, where any stream is HTML.
    pub robots: bool,
    /// Where its places are (ISO 3166-1 alpha-2).
    pub country: String,
    /// Who we are there.
    pub auth: Option<Auth>,
    /// Its lists, by name.
    pub streams: Vec<Stream>,
    /// Digest of the file (hexadecimal SHA-256).
    pub version: String,
}

impl Spec {
    /// The stream of that name.
    pub fn stream(&self, name: &StreamName) -> Option<&Stream> {
        self.streams.iter().find(|stream| &stream.name == name)
    }

    /// Reads an archived page. Any bytes give a reading: what cannot be read is an alarm or a rejection.
    pub fn read(&self, page: &Page<'_>) -> Reading {
        self.stream(page.stream).map(|stream| read::read(self, stream, page)).unwrap_or_default()
    }

    /// The partner's identifier of a record of which only its card is known.
    pub fn card_identity(&self, card: &Value) -> Option<String> {
        card.get("external_id").and_then(Value::as_str).map(str::to_owned)
    }
}

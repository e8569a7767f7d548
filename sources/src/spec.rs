//! A partner, as its file describes it.

use std::{io::BufRead, ops::ControlFlow};

use domain::{Kind, QuietHours, Rate, Revisit, SourceSlug, StreamName};
use serde_json::Value;
use url::Url;

use crate::{
    Page, Reading,
    grammar::{Detail, Pages, RequestTemplate, Shape, Total},
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
    /// A key in the query.
    QueryKey {
        /// Name of the parameter.
        param: String,
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

impl Auth {
    /// Names of the environment variables it takes its values from.
    pub fn variables(&self) -> Vec<String> {
        match self {
            Self::OAuth2 { id, secret, .. } => vec![id.clone(), secret.clone()],
            Self::ApiKey { key, .. } | Self::QueryKey { key, .. } => vec![key.clone()],
            Self::Basic { user, password } => vec![user.clone(), password.clone()],
            Self::Bearer { token } => vec![token.clone()],
        }
    }
}

/// One list a partner publishes.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Its name.
    pub name: StreamName,
    /// What its records are.
    pub kind: Kind,
    /// Whether it never shows everything: what it does not show is not missing.
    pub partial: bool,
    /// Whether a file of it is the whole list.
    pub file_is_complete: bool,
    pub(crate) request: Option<RequestTemplate>,
    pub(crate) pages: Pages,
    /// Where its pages promise how many records there are.
    pub(crate) total: Option<Total>,
    pub(crate) shape: Shape,
    pub(crate) detail: Option<Detail>,
    /// How to parse it when it arrives as a file. Default: like its pages.
    pub(crate) file: Option<Shape>,
    /// Fields without which a record is refused.
    pub(crate) required: Vec<&'static str>,
}

impl Stream {
    /// Whether it is fetched; else it only comes as a file.
    pub fn is_fetched(&self) -> bool {
        self.request.is_some()
    }

    /// Whether it can be read from a file: records of a file have no page of their own to go to.
    pub fn takes_files(&self) -> bool {
        self.file.is_some() || self.detail.is_none()
    }

    /// When the detail page of a record is asked again; `None` if its records have none.
    pub fn revisit(&self) -> Option<Revisit> {
        self.detail.as_ref().map(|detail| detail.revisit)
    }

    /// Our fields that have a form, in the list or on the record's own page.
    pub fn mapped(&self) -> Vec<&'static str> {
        let detail = self.detail.iter().flat_map(|detail| &detail.shape.fields);
        let mut names: Vec<&'static str> =
            self.shape.fields.iter().chain(detail).map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
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
    /// Hours in which nothing is requested.
    pub quiet_hours: Vec<QuietHours>,
    /// The most requests in a day of Douala, over all workers.
    pub daily_requests: Option<u32>,
    /// Whether robots.txt is asked and obeyed; unless the file says otherwise, where any stream is HTML.
    pub robots: bool,
    /// Who agreed that its pages are mined although it reserves them, and when.
    pub tdm_agreement: Option<String>,
    /// Where its places are (ISO 3166-1 alpha-2).
    pub country: String,
    /// When it is visited, as its file says: at most one entry a mode. The timetable may override them.
    pub schedule: Vec<schedules::Entry>,
    /// Whether it offers what it publishes, and relays nobody.
    pub offers_itself: bool,
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

    /// Streams a page too large to be held: each `batch` records are given to `each`, whatever is left is
    /// returned, with the notes on the page and an alarm where it breaks off. `page.body` is not looked at.
    pub fn read_stream(
        &self,
        page: &Page<'_>,
        input: &mut dyn BufRead,
        batch: usize,
        each: &mut dyn FnMut(Reading) -> ControlFlow<()>,
    ) -> Reading {
        let stream = self.stream(page.stream);
        stream.map(|stream| read::stream(self, stream, page, input, batch, each)).unwrap_or_default()
    }

    /// The partner's identifier of a record, from its list record alone.
    pub fn card_identity(&self, card: &Value) -> Option<String> {
        card.get("external_id").and_then(Value::as_str).map(str::to_owned)
    }
}

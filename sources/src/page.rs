//! What parsing takes, and what it returns.

use std::borrow::Cow;

use domain::{Draft, Rejection, StreamName};
use serde_json::Value;
use url::Url;

/// The role of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A page of a list.
    List,
    /// A detail page.
    Detail,
    /// A list that came as a file.
    File,
}

/// An archived page.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The stream it belongs to.
    pub stream: &'a StreamName,
    /// Its role.
    pub(crate) role: Role,
    /// Whether records are expected on it: it is the first of its list, or the page before linked to it.
    pub(crate) expected: bool,
    /// The requested address.
    pub url: &'a Url,
    pub(crate) status: u16,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a [u8],
    /// For a detail page: the list record.
    pub(crate) card: Option<&'a Value>,
}

/// What came of a request: the part of a page that is the partner's.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// The bytes; empty where they are read as a stream ([`crate::Spec::read_stream`]).
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// A body that came with status 200 and no headers, such as a file's.
    pub fn of_body(body: &'a [u8]) -> Self {
        Self { status: 200, headers: &[], body }
    }
}

impl<'a> Page<'a> {
    /// A page by itself: the first page of a list, a file, or the page of a record without a list record.
    pub fn new(stream: &'a StreamName, role: Role, url: &'a Url, response: Response<'a>) -> Self {
        let Response { status, headers, body } = response;
        Self { stream, role, expected: role != Role::Detail, url, status, headers, body, card: None }
    }

    /// The page of one record, with what its list page said of it.
    pub fn detail(
        stream: &'a StreamName,
        url: &'a Url,
        list_record: &'a Value,
        response: Response<'a>,
    ) -> Self {
        Self { card: Some(list_record), ..Self::new(stream, Role::Detail, url, response) }
    }
}

impl Page<'_> {
    /// A header's value.
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.lines(name).next()
    }

    /// The values of all lines of a header (RFC 9110, 5.3).
    pub(crate) fn lines(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The address that answered: where redirects led, else the requested one. `fetch` keeps it as `content-location`.
    pub(crate) fn address(&self) -> Cow<'_, Url> {
        match self.header("content-location").and_then(|address| Url::parse(address).ok()) {
            Some(address) => Cow::Owned(address),
            None => Cow::Borrowed(self.url),
        }
    }
}

/// A detail page to fetch.
#[derive(Debug, Clone, PartialEq)]
pub struct Follow {
    /// Its absolute address, without a fragment.
    pub url: Url,
    /// What the list page said of the record, by our field names; the detail page's own words win over it.
    pub card: Value,
}

/// A page that must not be believed: what it shows is not what the partner publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// It is not of the promised format: what is wrong.
    Unreadable(String),
    /// Records are expected, and none is there.
    NoRecords,
    /// It was written wrong and mended: its records count, and what it does not show may be there all the same. What was
    /// mended.
    Mended(String),
    /// It asks whether we are human: by which sign.
    Challenge(String),
}

/// What was read from a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Records that have what the spec requires.
    pub drafts: Vec<Draft>,
    /// Records whose own page is to be fetched.
    pub follow: Vec<Follow>,
    /// Records that were refused.
    pub rejected: Vec<Rejection>,
    /// Records seen: the sum of the three.
    pub records: usize,
    /// Why the page must not be believed.
    pub alarm: Option<Alarm>,
    /// What else is worth knowing of the page, in words: what was mended, what was left out and by which rule.
    pub notes: Vec<String>,
}

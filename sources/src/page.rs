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
    /// Whether records are expected on it, because it is the first page of its list or the page before links to it.
    pub(crate) expected: bool,
    /// The requested address.
    pub url: &'a Url,
    pub(crate) status: u16,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a [u8],
    /// For a detail page: the list record.
    pub(crate) card: Option<&'a Value>,
}

/// The answer to a request: the part of a page that comes from the partner.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// The bytes, or none if they are read as a stream ([`crate::Spec::read_stream`]).
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// An answer of status 200 without headers, such as that of a file.
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

    /// The page of one record, with its list record.
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
    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &'static str) -> Option<&str> {
        self.lines(name).next()
    }

    /// Returns the values of all lines of a header (RFC 9110, 5.3).
    pub(crate) fn lines(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the address that answered: where redirects led, or the requested one. `fetch` stores it as `content-location`.
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
    /// The list record, by our field names. Values of the detail page override it.
    pub card: Value,
}

/// Why a page cannot be trusted: it does not show what the partner publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// It does not have the promised format. Contains what is wrong.
    Unreadable(String),
    /// It shows no records where some are expected.
    NoRecords,
    /// It was malformed and was repaired. Its records count, but what it does not show may still exist. Contains what was
    /// repaired.
    Mended(String),
    /// It is a challenge for human visitors. Contains the sign of it.
    Challenge(String),
}

/// The result of parsing a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Records that have what the source file requires.
    pub drafts: Vec<Draft>,
    /// Records whose detail page must be fetched.
    pub follow: Vec<Follow>,
    /// Records that were rejected.
    pub rejected: Vec<Rejection>,
    /// The number of records seen: the sum of the three.
    pub records: usize,
    /// Why the page cannot be trusted, if so.
    pub alarm: Option<Alarm>,
    /// Notes on the page: what was repaired, and what was left out by which rule.
    pub notes: Vec<String>,
}

//! Records refused, each with its reason.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a record was refused. `code()` is stored and counted; the detail is shown beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum Reason {
    /// The record is not of the shape the spec describes (not an object, jq failed): what was wrong.
    UnreadableRecord(String),
    /// A field the spec requires has no value.
    MissingField(String),
    /// No identifier: without it the record could not be recognized the next day.
    NoIdentity,
    /// No title, or nothing left of it once markup was removed.
    NoTitle,
    /// A place that is nowhere in the gazetteer.
    UnknownPlace(String),
    /// A date that no rule can read: the field and the partner's words.
    UnreadableDate(String),
    /// An amount that no rule can read, or minimum above maximum.
    UnreadableAmount(String),
    /// A rate of interest that no rule can read: lowest above highest, negative, or over 1,000 % a year.
    UnreadableRate(String),
    /// An address that is not an absolute `http` or `https` one.
    BadUrl(String),
    /// The record's own page is gone: the status it answered with.
    DetailUnavailable(String),
    /// The identifier already occurred on the same page with other content.
    RepeatedIdentity(String),
}

impl Reason {
    /// The stored word, the same as the serialized tag.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnreadableRecord(_) => "unreadable_record",
            Self::MissingField(_) => "missing_field",
            Self::NoIdentity => "no_identity",
            Self::NoTitle => "no_title",
            Self::UnknownPlace(_) => "unknown_place",
            Self::UnreadableDate(_) => "unreadable_date",
            Self::UnreadableAmount(_) => "unreadable_amount",
            Self::UnreadableRate(_) => "unreadable_rate",
            Self::BadUrl(_) => "bad_url",
            Self::DetailUnavailable(_) => "detail_unavailable",
            Self::RepeatedIdentity(_) => "repeated_identity",
        }
    }

    /// The partner's words that were refused.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::NoIdentity | Self::NoTitle => None,
            Self::UnreadableRecord(words)
            | Self::MissingField(words)
            | Self::UnknownPlace(words)
            | Self::UnreadableDate(words)
            | Self::UnreadableAmount(words)
            | Self::UnreadableRate(words)
            | Self::BadUrl(words)
            | Self::DetailUnavailable(words)
            | Self::RepeatedIdentity(words) => Some(words),
        }
    }
}

impl Reason {
    /// The same with its words changed: contacts are taken out before anybody is shown them.
    pub(crate) fn with_words(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::NoIdentity => Self::NoIdentity,
            Self::NoTitle => Self::NoTitle,
            Self::UnreadableRecord(words) => Self::UnreadableRecord(change(words)),
            Self::MissingField(words) => Self::MissingField(change(words)),
            Self::UnknownPlace(words) => Self::UnknownPlace(change(words)),
            Self::UnreadableDate(words) => Self::UnreadableDate(change(words)),
            Self::UnreadableAmount(words) => Self::UnreadableAmount(change(words)),
            Self::UnreadableRate(words) => Self::UnreadableRate(change(words)),
            Self::BadUrl(words) => Self::BadUrl(change(words)),
            Self::DetailUnavailable(words) => Self::DetailUnavailable(change(words)),
            Self::RepeatedIdentity(words) => Self::RepeatedIdentity(change(words)),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code().replace('_', " "))?;
        self.detail().map_or(Ok(()), |words| write!(f, " ({words:?})"))
    }
}

/// A refused record: kept whole, so that a mended spec can be replayed over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// The partner's identifier, where one could be read.
    pub external_id: Option<String>,
    /// The record as published.
    pub record: Value,
}

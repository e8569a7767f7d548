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
    /// What the partner wrote and we cannot read, in which contacts may stand. An address or an identifier is not such a text: masked, it
    /// would name nothing.
    pub fn prose_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::UnreadableRecord(words)
            | Self::UnknownPlace(words)
            | Self::UnreadableDate(words)
            | Self::UnreadableAmount(words)
            | Self::UnreadableRate(words)
            | Self::BadUrl(words) => Some(words),
            Self::NoIdentity
            | Self::NoTitle
            | Self::MissingField(_)
            | Self::DetailUnavailable(_)
            | Self::RepeatedIdentity(_) => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code().replace('_', " "))?;
        self.detail().map_or(Ok(()), |words| write!(f, " ({words:?})"))
    }
}

/// A refused record, kept whole, so that a mended spec can be replayed over it.
///
/// Its reason is shown in tables and messages, so contacts do not stand in its words. `normalize::reject` masks them; make a rejection
/// there, unless its reason has no prose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// The partner's identifier, where one could be read.
    pub external_id: Option<String>,
    /// The record as published.
    pub record: Value,
}

impl Rejection {
    /// A refusal whose reason has no contacts in its words. The record may have them.
    pub fn with_clean_reason(reason: Reason, external_id: Option<String>, record: Value) -> Self {
        Self { reason, external_id, record }
    }
}

//! Rejected records, each with its reason.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Why a record was rejected. `code()` is stored and counted. The detail is shown next to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "code", content = "detail", rename_all = "snake_case")]
pub enum Reason {
    /// The record does not have the structure that the source file describes (not an object, jq failed): what was wrong.
    UnreadableRecord(String),
    /// A field that the source file requires has no value.
    MissingField(String),
    /// The record has no identifier, so it could not be recognized the next day.
    NoIdentity,
    /// The record has no title, or nothing is left of it without markup.
    NoTitle,
    /// A place that is not in the gazetteer.
    UnknownPlace(String),
    /// A date that no rule can parse: the field and the partner's words.
    UnreadableDate(String),
    /// An amount that no rule can parse, or whose minimum is above its maximum.
    UnreadableAmount(String),
    /// An interest rate that no rule can parse, or that is implausible: lowest above highest, negative, or over 1,000 % a year.
    UnreadableRate(String),
    /// An address that is not an absolute `http` or `https` URL.
    BadUrl(String),
    /// The detail page is gone: the status of its answer.
    DetailUnavailable(String),
    /// No opportunity for a person: a notice of results, an invitation to tender for firms, or what the source file refuses. The reason
    /// that the source file gives, or the words that say so.
    NoOpportunity(String),
    /// The words that are to say the kind of the record name none.
    UnknownKind(String),
    /// The identifier occurred on the same page before, with other content.
    RepeatedIdentity(String),
}

impl Reason {
    /// Every stored word.
    pub const CODES: [&'static str; 13] = [
        "unreadable_record",
        "missing_field",
        "no_identity",
        "no_title",
        "unknown_place",
        "unreadable_date",
        "unreadable_amount",
        "unreadable_rate",
        "bad_url",
        "detail_unavailable",
        "no_opportunity",
        "unknown_kind",
        "repeated_identity",
    ];

    /// Returns the stored word, which is also the serialized tag.
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
            Self::NoOpportunity(_) => "no_opportunity",
            Self::UnknownKind(_) => "unknown_kind",
            Self::RepeatedIdentity(_) => "repeated_identity",
        }
    }

    /// Returns the partner's words that were rejected.
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
            | Self::NoOpportunity(words)
            | Self::UnknownKind(words)
            | Self::RepeatedIdentity(words) => Some(words),
        }
    }
}

impl Reason {
    /// Returns the partner's prose that could not be parsed. It may contain contacts. Addresses and identifiers are left
    /// out: they would mean nothing if they were masked.
    pub fn prose_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::UnreadableRecord(words)
            | Self::UnknownPlace(words)
            | Self::UnreadableDate(words)
            | Self::UnreadableAmount(words)
            | Self::UnreadableRate(words)
            | Self::NoOpportunity(words)
            | Self::UnknownKind(words)
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

/// A rejected record. It is kept whole, so that a replay with a corrected source file can parse it again.
///
/// Its reason is shown in tables and messages, so it must not contain contacts. `normalize::reject` masks them: create
/// rejections there, unless the reason has no prose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rejection {
    /// Why it was rejected.
    pub reason: Reason,
    /// The partner's identifier, if there is one.
    pub external_id: Option<String>,
    /// The record as published.
    pub record: Value,
}

impl Rejection {
    /// Returns a rejection whose reason has no contacts in its words. The record may have them.
    pub fn with_clean_reason(reason: Reason, external_id: Option<String>, record: Value) -> Self {
        Self { reason, external_id, record }
    }
}

//! The kinds of opportunities.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The kind of an opportunity. The stored words are the serialized ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Paid work: schema.org `JobPosting`.
    Job,
    /// A training place: LHEO *session*.
    Training,
    /// Support for an income-generating activity ("activité génératrice de revenus").
    Agr,
    /// A loan or savings product of a microfinance institution.
    Microfinance,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Job, Self::Training, Self::Agr, Self::Microfinance];

    /// Returns the stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Training => "training",
            Self::Agr => "agr",
            Self::Microfinance => "microfinance",
        }
    }

    /// Returns the last day on which an opportunity of this kind is open, by the last day to answer and the day it ends; `None` if
    /// neither is known. The first of the two to pass closes it: nobody enrols in a course that is over. A program is open while it
    /// runs or its call is open, so the later one closes it.
    ///
    /// `ingest.open_until` is the same in SQL.
    #[must_use]
    pub fn open_until(self, closes_on: Option<NaiveDate>, ends_on: Option<NaiveDate>) -> Option<NaiveDate> {
        match self {
            Self::Agr => closes_on.max(ends_on),
            Self::Job | Self::Training | Self::Microfinance => closes_on.into_iter().chain(ends_on).min(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that does not name a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a kind of opportunity: use job, training, agr or microfinance")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(|| UnknownKind(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_open_while_it_runs_or_its_call_is_open() {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day);
        for (closes, ends, agr, other) in [
            (None, None, None, None),
            (day(1), None, day(1), day(1)),
            (None, day(2), day(2), day(2)),
            (day(1), day(2), day(2), day(1)),
            (day(2), day(1), day(2), day(1)),
            (day(3), day(3), day(3), day(3)),
        ] {
            for kind in Kind::ALL {
                let expected = if kind == Kind::Agr { agr } else { other };
                assert_eq!(kind.open_until(closes, ends), expected, "{kind} {closes:?} {ends:?}");
            }
        }
    }
}

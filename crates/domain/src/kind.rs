//! The kinds of opportunities.

use std::{fmt, str::FromStr};

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

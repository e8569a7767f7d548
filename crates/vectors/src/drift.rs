//! How a point can differ from what the database asks for.

use serde::{Deserialize, Serialize};

use crate::{Document, Held, Seal, VectorError, point::Depth, seal::same_vector};

/// A difference between database and index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// An open opportunity has no point.
    Missing,
    /// The point is of an earlier write, or of content that the opportunity no longer has.
    Stale,
    /// The payload was changed after it was written.
    Payload,
    /// A vector was changed after it was written.
    Vector,
    /// The point lacks what every point has, so that no hit can be shown from it, or nothing can be said of it.
    Unreadable,
    /// The point belongs to no open opportunity.
    Orphaned,
    /// The point is of a write that the database does not know: the database was restored from a backup.
    Newer,
}

impl Drift {
    /// All kinds, in the order in which they are reported.
    pub const ALL: [Self; 7] = [
        Self::Missing,
        Self::Stale,
        Self::Payload,
        Self::Vector,
        Self::Unreadable,
        Self::Orphaned,
        Self::Newer,
    ];

    /// Its name, as reports and metrics have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Payload => "payload",
            Self::Vector => "vector",
            Self::Unreadable => "unreadable",
            Self::Orphaned => "orphaned",
            Self::Newer => "newer",
        }
    }
}

/// What the ledger says of a point.
#[derive(Debug, Clone)]
pub struct Written {
    /// The number of the write.
    pub version: i64,
    /// What it wrote.
    pub seal: Seal,
}

impl Held {
    /// How the point of an open opportunity differs from the document of its row, and from the write that the ledger knows.
    /// `newest` is the highest number that the database has given to a write.
    pub fn drift(
        &self,
        document: &Document,
        written: Option<&Written>,
        newest: i64,
    ) -> Result<Option<Drift>, VectorError> {
        let (Some(version), Some(_), true) = (self.version, self.seal.as_ref(), self.is_shown) else {
            return Ok(Some(Drift::Unreadable));
        };
        if self.depth == Depth::Vectors && (self.words.is_none() || self.print.is_none()) {
            return Ok(Some(Drift::Unreadable));
        }
        let Some(written) = written else {
            return Ok(Some(if version > newest { Drift::Newer } else { Drift::Stale }));
        };
        if version != written.version {
            return Ok(Some(if version > written.version { Drift::Newer } else { Drift::Stale }));
        }
        if !written.seal.is_of(document)? {
            return Ok(Some(Drift::Stale));
        }
        Ok(self.altered(&written.seal))
    }

    /// What of the point is not as it was written.
    fn altered(&self, written: &Seal) -> Option<Drift> {
        let says_so = self.seal.as_ref().is_some_and(|seal| {
            (&seal.text, &seal.payload, &seal.words) == (&written.text, &written.payload, &written.words)
                && same_vector(&seal.vector, &written.vector)
        });
        if self.payload != written.payload || !says_so {
            return Some(Drift::Payload);
        }
        if self.depth == Depth::Payloads {
            return None;
        }
        let same_words = self.words.as_ref() == Some(&written.words);
        let same_dense = self.print.as_ref().is_some_and(|print| same_vector(print, &written.vector));
        (!same_words || !same_dense).then_some(Drift::Vector)
    }
}

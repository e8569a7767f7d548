//! A point as it is written, and as an index gives it back.

use std::fmt;

use domain::OpportunityId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Document, Payload, Sparse, VectorError,
    seal::{self, Seal},
    words::Words,
};

/// Key of the number of the write that made a point.
pub(crate) const VERSION: &str = "version";
/// Key of the [`Seal`].
pub(crate) const SEAL: &str = "seal";

/// The greatest number of a write: up to here, floating numbers, by which an index compares them, are exact.
const GREATEST: i64 = 1 << 52;

/// A point to write.
#[derive(Debug, Clone)]
pub struct Point {
    /// Id of the opportunity, and of the point.
    pub id: OpportunityId,
    /// The number of the write: an index keeps the greater one.
    pub version: i64,
    /// What it is made of.
    pub seal: Seal,
    pub(crate) dense: Vec<f32>,
    pub(crate) words: Sparse,
    pub(crate) payload: Value,
}

impl Point {
    /// The points of documents with their dense vectors, in the same order, for the write with this number. Refuses vectors that are
    /// too few or too many; an index refuses one of a wrong length.
    pub fn all(documents: &[Document], dense: Vec<Vec<f32>>, version: i64) -> Result<Vec<Self>, VectorError> {
        if documents.len() != dense.len() {
            return Err(VectorError::Mismatch { documents: documents.len(), vectors: dense.len() });
        }
        let mut words = Words::new();
        documents
            .iter()
            .zip(dense)
            .map(|(document, dense)| Self::of(&mut words, document, dense, version))
            .collect()
    }

    fn of(
        words: &mut Words,
        document: &Document,
        dense: Vec<f32>,
        version: i64,
    ) -> Result<Self, VectorError> {
        let words = Sparse::document(words, document);
        let mut payload = document.payload.kept()?;
        let seal = Seal::of(document, &payload, &words, &dense);
        if let Some(map) = payload.as_object_mut() {
            map.insert(VERSION.to_owned(), version.into());
            let sealed = serde_json::to_value(&seal).map_err(VectorError::doing("seal a point"))?;
            map.insert(SEAL.to_owned(), sealed);
        }
        Ok(Self { id: document.id, version, seal, dense, words, payload })
    }
}

/// The name of a point in an index. Ours are opportunities; others may have put anything there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// A number, which none of ours is.
    Number(u64),
    /// The id of an opportunity, or of something else.
    Opportunity(OpportunityId),
}

impl Key {
    /// The opportunity it may be of.
    pub fn opportunity(self) -> Option<OpportunityId> {
        match self {
            Self::Opportunity(id) => Some(id),
            Self::Number(_) => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Opportunity(id) => write!(f, "{id}"),
        }
    }
}

/// How much of the points is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The payload.
    Payloads,
    /// The vectors too: some 6 kB a point.
    Vectors,
}

/// A point as an index holds it.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its name.
    pub key: Key,
    /// The number of the write that it says it is of.
    pub version: Option<i64>,
    /// What it says it is made of.
    pub(crate) seal: Option<Seal>,
    /// Whether its payload is one that a hit can be shown from.
    pub(crate) is_shown: bool,
    /// The digest of its payload as it is.
    pub(crate) payload: String,
    /// The digest of its BM25 vector as it is; a missing vector is `None`.
    pub(crate) words: Option<String>,
    /// The print of its dense vector as it is.
    pub(crate) print: Option<Vec<f32>>,
    /// Whether the vectors were read.
    pub(crate) depth: Depth,
}

impl Held {
    /// Reads a point that an index gave.
    pub(crate) fn read(
        key: Key,
        mut payload: Map<String, Value>,
        dense: Option<&[f32]>,
        words: Option<(&[u32], &[f32])>,
        depth: Depth,
    ) -> Self {
        let version = payload.remove(VERSION).and_then(|version| version.as_i64());
        // What no sequence comes to was put there by somebody, and no write would ever be greater.
        let version = version.filter(|version| (0..=GREATEST).contains(version));
        let seal = payload.remove(SEAL).and_then(|seal| serde_json::from_value(seal).ok());
        let payload = Value::Object(payload);
        Self {
            key,
            version,
            seal,
            payload: seal::payload_digest(&payload),
            is_shown: serde_json::from_value::<Payload>(payload).is_ok(),
            words: words.map(|(indices, values)| seal::words_digest(indices, values)),
            // An index without vectors has none to lose; in another one a lost vector differs from what was written.
            print: (depth == Depth::Vectors).then(|| seal::print(dense.unwrap_or_default())),
            depth,
        }
    }
}

/// Some points of an index, and where the next ones begin.
#[derive(Debug)]
pub struct Page {
    /// The points, in the order of their keys.
    pub points: Vec<Held>,
    /// The key to continue from; `None`: these were the last.
    pub next: Option<Key>,
}

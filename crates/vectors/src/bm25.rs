//! BM25 as a sparse vector: term frequencies here, inverse document frequencies by the index (Qdrant's IDF modifier).

use std::collections::BTreeMap;

use crate::words::{folded, hash, stems};

/// Saturation of repeated words (Robertson and Zaragoza, 2009: 1.2).
const K1: f32 = 1.2;
/// Weight of the text's length (the same: 0.75).
const B: f32 = 0.75;
/// Length of an ordinary text, in words after stop words: an advertisement of a few paragraphs.
const ORDINARY: f32 = 90.0;

/// Words as numbers, with their weights; numbers ascend and do not repeat.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sparse {
    /// Hashes of stems.
    pub indices: Vec<u32>,
    /// Weights, above zero.
    pub values: Vec<f32>,
}

impl Sparse {
    /// Of a text to be found.
    pub fn of_document(text: &str) -> Self {
        let stems = stems(&folded(text));
        #[allow(clippy::cast_precision_loss, reason = "a text has far fewer than 2^23 words")]
        let length = stems.len() as f32;
        Self::counted(&stems, |count| count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / ORDINARY)))
    }

    /// Of a query: each word counts once.
    pub fn of_query(text: &str) -> Self {
        Self::counted(&stems(&folded(text)), |_| 1.0)
    }

    fn counted(stems: &[String], weight: impl Fn(f32) -> f32) -> Self {
        let mut counts = BTreeMap::<u32, f32>::new();
        for stem in stems {
            let [a, b, c, d, ..] = hash(stem.as_bytes()).to_be_bytes();
            *counts.entry(u32::from_be_bytes([a, b, c, d])).or_default() += 1.0;
        }
        let (indices, values) = counts.into_iter().map(|(index, count)| (index, weight(count))).unzip();
        Self { indices, values }
    }

    /// Whether no word is left.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

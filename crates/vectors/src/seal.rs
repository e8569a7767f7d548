//! What tells whether a point is what was written, without embedding its text again.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Document, Sparse, VectorError};

/// Sums in the print of a vector. Of vectors of length one, another one agrees with all of them once in 10^18.
const SUMS: usize = 8;
/// How far a sum may be off: Qdrant brings vectors to length one again, which changes a sum by less than a hundredth of this.
const TOLERANCE: f32 = 2e-3;

/// Digests of what a point was made of. The point has them in its payload, and the ledger keeps them too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    /// Of the text that was embedded.
    pub text: String,
    /// Of the payload, without version and seal.
    pub payload: String,
    /// Of the BM25 vector.
    pub words: String,
    /// Eight sums of the numbers of the dense vector, each with signs of its own. No digest: an index may round.
    pub vector: Vec<f32>,
}

impl Seal {
    pub(crate) fn of(document: &Document, payload: &Value, words: &Sparse, dense: &[f32]) -> Self {
        Self {
            text: text(&document.text),
            payload: payload_digest(payload),
            words: words_digest(&words.indices, &words.values),
            vector: print(dense),
        }
    }

    /// Whether the point that this is the seal of is what the document asks for.
    pub fn is_of(&self, document: &Document) -> Result<bool, VectorError> {
        Ok(self.text == text(&document.text) && self.payload == payload_digest(&document.payload.kept()?))
    }
}

/// Whether two prints are of the same vector.
pub(crate) fn same_vector(one: &[f32], other: &[f32]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| (one - other).abs() <= TOLERANCE)
}

/// The digest of a text.
pub(crate) fn text(text: &str) -> String {
    short(text_bytes(text))
}

/// The digest of a text, in bytes.
pub(crate) fn text_bytes(text: &str) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// The digest of a payload, in whatever order an index gives its keys back.
pub(crate) fn payload_digest(payload: &Value) -> String {
    let mut written = String::new();
    spell(payload, &mut written);
    short(Sha256::digest(written.as_bytes()))
}

/// The digest of a sparse vector.
pub(crate) fn words_digest(indices: &[u32], values: &[f32]) -> String {
    let mut pairs: Vec<(u32, u32)> =
        indices.iter().copied().zip(values.iter().map(|value| value.to_bits())).collect();
    pairs.sort_unstable();
    let mut hasher = Sha256::new();
    for (index, value) in pairs {
        hasher.update(index.to_le_bytes());
        hasher.update(value.to_le_bytes());
    }
    short(hasher.finalize())
}

/// The print of a vector.
pub(crate) fn print(dense: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; SUMS];
    for (at, number) in (0_u64..).zip(dense) {
        let signs = mixed(at);
        for (bit, sum) in sums.iter_mut().enumerate() {
            *sum += f64::from(*number) * if signs >> bit & 1 == 0 { 1.0 } else { -1.0 };
        }
    }
    #[allow(clippy::cast_possible_truncation, reason = "it is compared with a tolerance")]
    sums.into_iter().map(|sum| sum as f32).collect()
}

/// Well-mixed bits of a number (splitmix64, Steele and others 2014).
fn mixed(at: u64) -> u64 {
    let mut bits = at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Half of a digest: 128 bits tell two contents apart, and each point has three of them.
fn short(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes a value with its keys in order.
fn spell(value: &Value, into: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            into.push('{');
            for key in keys {
                into.push_str(&Value::from(key.as_str()).to_string());
                into.push(':');
                map.get(key).into_iter().for_each(|value| spell(value, into));
                into.push(',');
            }
            into.push('}');
        }
        Value::Array(values) => {
            into.push('[');
            for value in values {
                spell(value, into);
                into.push(',');
            }
            into.push(']');
        }
        plain => into.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn vector(seed: u64) -> Vec<f32> {
        let numbers: Vec<f32> =
            (0..1_024).map(|at| f32::from(mixed(seed * 5_000 + at).to_le_bytes()[0]) / 128.0 - 1.0).collect();
        let length = numbers.iter().map(|v| v * v).sum::<f32>().sqrt();
        numbers.into_iter().map(|v| v / length).collect()
    }

    #[test]
    fn rounding_keeps_the_print_and_another_vector_has_another() {
        let one = vector(1);
        let rounded: Vec<f32> = one.iter().map(|v| v * 1.000_000_5).collect();
        assert!(same_vector(&print(&one), &print(&rounded)));
        for seed in 2..200 {
            assert!(!same_vector(&print(&one), &print(&vector(seed))), "{seed}");
        }
        let mut nudged = one.clone();
        nudged[7] += 0.05;
        assert!(!same_vector(&print(&one), &print(&nudged)));
        let negative: Vec<f32> = one.iter().map(|v| -v).collect();
        assert!(!same_vector(&print(&one), &print(&negative)));
        assert!(!same_vector(&print(&one), &print(&[])) && !same_vector(&print(&one), &[f32::NAN; SUMS]));
    }

    #[test]
    fn the_order_of_keys_does_not_count_and_everything_else_does() {
        let digest = |value: Value| payload_digest(&value);
        let one = digest(json!({"a": 1, "b": ["x", "y"]}));
        let mut turned = serde_json::Map::new();
        turned.insert("b".to_owned(), json!(["x", "y"]));
        turned.insert("a".to_owned(), json!(1));
        assert_eq!(one, digest(Value::Object(turned)));
        for other in [
            json!({"a": 1, "b": ["y", "x"]}),
            json!({"a": "1", "b": ["x", "y"]}),
            json!({"a": 1, "b": ["x,y"]}),
        ] {
            assert_ne!(one, digest(other));
        }
    }

    #[test]
    fn the_order_of_words_does_not_count() {
        assert_eq!(words_digest(&[1, 2], &[0.5, 0.25]), words_digest(&[2, 1], &[0.25, 0.5]));
        assert_ne!(words_digest(&[1, 2], &[0.5, 0.25]), words_digest(&[1, 2], &[0.25, 0.5]));
    }
}

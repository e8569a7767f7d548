//! An embedder without a model.
//!
//! It is honest about what it is: words, not meaning. Stems and character trigrams are hashed into 1024 numbers; texts that
//! share words or parts of words are near each other, "soudeur" and "welder" are not. It makes the demo, the tests and a
//! machine without Ollama work; for meaning, configure Ollama.

use async_trait::async_trait;

use crate::{
    Embedder, VectorError,
    words::{folded, hash, stems},
};

/// Length of a vector: that of bge-m3, so an index has one shape.
const DIMENSIONS: usize = 1_024;
/// A whole word tells more than a part of one.
const WORD: f32 = 1.0;
/// Weight of a trigram: a word of eight letters has as many as weigh a word.
const PART: f32 = 0.15;
/// Bytes of a text looked at: the first pages of it.
const LONGEST: usize = 16_000;

/// The embedder.
#[derive(Debug, Default, Clone, Copy)]
pub struct Lexical;

impl Lexical {
    /// The embedder.
    pub fn new() -> Self {
        Self
    }

    fn vector(text: &str) -> Vec<f32> {
        let cut: String = text.chars().take(LONGEST).collect();
        let folded = folded(&cut);
        let mut counts = vec![0.0_f32; DIMENSIONS];
        let mut add = |bytes: &[u8], weight: f32| {
            let hash = hash(bytes);
            let at = usize::try_from(hash % 1_024).unwrap_or(0);
            // The sign comes from another bit, so that words that share a number cancel as often as they add.
            let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
            if let Some(count) = counts.get_mut(at) {
                *count += sign * weight;
            }
        };
        for stem in stems(&folded) {
            add(stem.as_bytes(), WORD);
            let padded: Vec<char> =
                std::iter::once('^').chain(stem.chars()).chain(std::iter::once('$')).collect();
            for part in padded.windows(3) {
                let part: String = part.iter().collect();
                add(format!("3{part}").as_bytes(), PART);
            }
        }
        normalized(&counts)
    }
}

/// Repeated words count less and less, and the whole has length one; a text without words is a fixed direction.
fn normalized(counts: &[f32]) -> Vec<f32> {
    let damped: Vec<f32> = counts
        .iter()
        .map(|count| count.signum() * count.abs().ln_1p())
        .map(|v| if v.is_nan() { 0.0 } else { v })
        .collect();
    let length = damped.iter().map(|v| v * v).sum::<f32>().sqrt();
    if length > f32::EPSILON {
        return damped.into_iter().map(|v| v / length).collect();
    }
    let mut empty = vec![0.0; counts.len()];
    if let Some(first) = empty.first_mut() {
        *first = 1.0;
    }
    empty
}

#[async_trait]
impl Embedder for Lexical {
    fn model(&self) -> &'static str {
        "lexical-1"
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        Ok(texts.iter().map(|text| Self::vector(text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(left: &str, right: &str) -> f32 {
        Lexical::vector(left).iter().zip(Lexical::vector(right)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn texts_that_share_words_are_near() {
        let (ad, other) =
            ("Soudeur à l'arc, chantier naval de Douala", "Comptable OHADA, cabinet de Yaoundé");
        assert!(likeness("soudeur à Douala", ad) > 2.0 * likeness("soudeur à Douala", other).max(0.05));
        let (near, far) = (likeness("soudeurs", "soudeuse"), likeness("soudeurs", "comptable"));
        assert!(near > far + 0.05, "parts of words count: {near} {far}");
    }

    #[test]
    fn every_vector_has_length_one_and_is_the_same_again() {
        for text in ["", "   ", "de la", "x", "Accountant in Buea", "日本語", &"long ".repeat(9_000)] {
            let vector = Lexical::vector(text);
            let length = vector.iter().map(|v| v * v).sum::<f32>();
            assert!(
                (length - 1.0).abs() < 1e-4 && vector.iter().all(|v| v.is_finite()),
                "{text:.20}: {length}"
            );
            assert_eq!(vector, Lexical::vector(text));
        }
    }
}

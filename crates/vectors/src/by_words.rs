//! An embedder without a model.
//!
//! It is honest about what it is: words, not meaning. The stems of a text's words (French and English) and the groups of three
//! letters in them are hashed into 1024 numbers. Texts that share words or parts of words are near each other: "soudeurs" and
//! "soudeuse" are, a misspelt name and the right one are, "soudeur" and "welder" are not. It makes the demo, the tests and a
//! machine without Ollama work, in under 100 µs a kilobyte; for meaning, configure Ollama.
//!
//! A text gives the same vector on every machine and in every release. What changes a vector changes the model's name too, and by
//! it everything is embedded anew.

use async_trait::async_trait;

use crate::{
    Embedder, VectorError,
    words::{Words, counted, folded, hash, telling},
};

/// Length of a vector: that of bge-m3, so that every index has one shape.
const DIMENSIONS: usize = 1_024;
/// Weight of a group of three letters, where a word's stem weighs 1. Measured over the FNE recordings and 25 questions: without
/// groups 0.52 NDCG, 0.55 at 0.15, 0.66 at 0.6, and hardly more above (0.67 at 1.5).
const PART: f32 = 0.6;
/// Characters of a text looked at: the first pages of it.
const LONGEST: usize = 16_000;

/// The embedder.
#[derive(Debug, Default, Clone, Copy)]
pub struct Lexical;

impl Lexical {
    /// The embedder.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Embedder for Lexical {
    fn model(&self) -> &'static str {
        "lexical-2"
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        let mut words = Words::new();
        Ok(texts.iter().map(|text| vector(&mut words, text)).collect())
    }
}

/// The vector of one text, of length one.
fn vector(words: &mut Words, text: &str) -> Vec<f32> {
    let begin = text.char_indices().nth(LONGEST).map_or(text, |(at, _)| text.get(..at).unwrap_or(text));
    let folded = folded(begin);
    let telling: Vec<&str> = telling(&folded).collect();
    let mut slots = vec![0.0_f32; DIMENSIONS];
    spread(&mut slots, words.stems(telling.iter().copied()), 1.0);
    spread(&mut slots, parts(&telling), PART);
    normalized(slots)
}

/// Hashes of the groups of three letters of each word, its begin and end marked.
fn parts(telling: &[&str]) -> Vec<u64> {
    let mut parts = Vec::with_capacity(telling.iter().map(|word| word.len()).sum());
    for word in telling {
        let (mut first, mut second) = (None, '^');
        for third in word.chars().chain(['$']) {
            parts.extend(first.map(|first| part([first, second, third])));
            (first, second) = (Some(second), third);
        }
    }
    parts
}

/// The hash of a group, which is not that of a word of the same letters.
fn part(letters: [char; 3]) -> u64 {
    hash(letters.into_iter().flat_map(|letter| u32::from(letter).to_le_bytes()))
}

/// Adds features to the slots their hashes name. A feature that occurs ten times is not ten times as telling: 1 + ln(count).
fn spread(slots: &mut [f32], features: Vec<u64>, weight: f32) {
    for (feature, count) in counted(features) {
        // The sign comes from another bit than the slot, so that features in one slot cancel as often as they add.
        let sign = if feature >> 63 == 0 { 1.0 } else { -1.0 };
        let at = usize::try_from(feature % DIMENSIONS as u64).unwrap_or_default();
        if let Some(slot) = slots.get_mut(at) {
            *slot += sign * weight * (1.0 + count.ln());
        }
    }
}

/// At length one. A text without words has no direction of its own and gets a fixed one: an index refuses a vector of length zero.
fn normalized(mut slots: Vec<f32>) -> Vec<f32> {
    let length = slots.iter().map(|v| v * v).sum::<f32>().sqrt();
    if length > f32::EPSILON {
        for slot in &mut slots {
            *slot /= length;
        }
    } else if let Some(first) = slots.first_mut() {
        *first = 1.0;
    }
    slots
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn embedded(text: &str) -> Vec<f32> {
        vector(&mut Words::new(), text)
    }

    fn likeness(left: &str, right: &str) -> f32 {
        embedded(left).iter().zip(embedded(right)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn texts_that_share_words_are_near() {
        let (ad, other) =
            ("Soudeur à l'arc, chantier naval de Douala", "Comptable OHADA, cabinet de Yaoundé");
        assert!(likeness("soudeur à Douala", ad) > 0.4, "{}", likeness("soudeur à Douala", ad));
        assert!(likeness("soudeur à Douala", other) < 0.1, "{}", likeness("soudeur à Douala", other));
        assert!(likeness("SOUDEUR A DOUALA", ad) > 0.4, "accents and case are forgotten");
    }

    #[test]
    fn parts_of_words_count() {
        assert!(likeness("soudeuse", "soudeurs") > 0.2);
        assert!(likeness("electricen", "électricien") > 0.3, "a misspelt word");
        assert!(
            likeness("ab", "ab cd") > 0.4,
            "words of two letters have no groups but those with their ends"
        );
    }

    #[test]
    fn it_does_not_know_what_words_mean() {
        assert!(likeness("soudeur", "welder").abs() < 0.15);
    }

    #[test]
    fn the_same_on_every_machine_and_in_every_release() {
        // Where this fails, the vectors people keep no longer fit: give the model another name.
        let vector = embedded("Soudeur à l'arc (H/F), Douala: accountant 2 ans");
        let told = vector.iter().map(|v| format!("{v:.3}")).collect::<Vec<_>>().join(" ");
        assert_eq!(format!("{:016x}", hash(told.into_bytes())), "620c7c009225650f");
    }

    #[tokio::test]
    async fn a_batch_gives_what_single_texts_give() {
        let texts: Vec<String> =
            ["", "un soudeur", "un soudeur", "two welders"].map(ToOwned::to_owned).into();
        let batch = Lexical::new().embed(&texts).await.unwrap();
        assert_eq!(batch, texts.iter().map(|text| embedded(text)).collect::<Vec<_>>());
        assert_eq!(batch[1], batch[2]);
        assert!(Lexical::new().embed(&[]).await.unwrap().is_empty());
    }

    #[test]
    fn a_long_text_is_cut() {
        let long = "mot ".repeat(10_000);
        assert_eq!(embedded(&long), embedded(&format!("{long} autre")));
    }

    proptest! {
        #[test]
        fn any_text_gives_one_vector_of_length_one(text in "\\PC{0,300}|[a-zéàœ ,.'-]{0,300}") {
            let vector = embedded(&text);
            let length: f32 = vector.iter().map(|v| v * v).sum();
            prop_assert_eq!(vector.len(), DIMENSIONS);
            prop_assert!((length - 1.0).abs() < 1e-4 && vector.iter().all(|v| v.is_finite()), "{}", length);
            prop_assert_eq!(vector, embedded(&text));
        }

        #[test]
        fn order_and_case_of_words_do_not_matter(mut words in prop::collection::vec("[a-z]{2,9}", 1..12)) {
            let text = words.join(" ");
            words.reverse();
            let other = words.join(", ").to_uppercase();
            for (left, right) in embedded(&text).into_iter().zip(embedded(&other)) {
                prop_assert!((left - right).abs() < 1e-5);
            }
        }
    }
}

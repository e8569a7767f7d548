//! BM25 as a sparse vector: term frequencies here, inverse document frequencies by the index (Qdrant's IDF modifier), which alone
//! knows how many documents have a word.

use crate::words::{Words, counted, folded, telling};

/// Saturation of repeated words (Robertson and Zaragoza, 2009: 1.2).
const K1: f32 = 1.2;
/// Weight of the text's length (the same: 0.75).
const B: f32 = 0.75;
/// Length of an ordinary text, in words that tell something: an advertisement of a few paragraphs. A true average would change with
/// every document and the vectors kept with it.
const ORDINARY: f32 = 120.0;

/// Words as numbers with their weights; numbers ascend and do not repeat.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sparse {
    /// Hashes of stems, 32 bits: what Qdrant takes. Of 100,000 different words about one has its number from another.
    pub indices: Vec<u32>,
    /// Weights, above zero.
    pub values: Vec<f32>,
}

impl Sparse {
    /// Of a text to be found.
    pub fn of_document(text: &str) -> Self {
        Self::document(&mut Words::new(), text)
    }

    /// Of a query: each word counts once, however often it is repeated.
    pub fn of_query(text: &str) -> Self {
        Self::weighted(numbers(&mut Words::new(), text), |_| 1.0)
    }

    /// Of a text of a batch, whose words are shared.
    pub(crate) fn document(words: &mut Words, text: &str) -> Self {
        let numbers = numbers(words, text);
        #[allow(clippy::cast_precision_loss, reason = "a text has far fewer than 2^23 words")]
        let length = numbers.len() as f32 / ORDINARY;
        Self::weighted(numbers, |count| count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length)))
    }

    fn weighted(numbers: Vec<u64>, weight: impl Fn(f32) -> f32) -> Self {
        let counted = counted(numbers).into_iter();
        let (indices, values) =
            counted.filter_map(|(number, count)| Some((u32::try_from(number).ok()?, weight(count)))).unzip();
        Self { indices, values }
    }

    /// Whether no word is left.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

/// The upper halves of the stems' hashes.
fn numbers(words: &mut Words, text: &str) -> Vec<u64> {
    words.stems(telling(&folded(text))).into_iter().map(|stem| stem >> 32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_meets_the_words_of_a_document() {
        let document = Sparse::of_document("Soudeurs à l'arc. Le soudeur travaille à Douala.");
        let query = Sparse::of_query("soudeur Douala soudeur");
        assert_eq!(query.values, [1.0, 1.0]);
        assert!(query.indices.iter().all(|index| document.indices.contains(index)));
        assert!(document.indices.is_sorted_by(|left, right| left < right));
    }

    #[test]
    fn weights_are_those_of_the_formula() {
        // Two words of three, so a length of 3/120: count × 2.2 / (count + 1.2 × (0.25 + 0.75 × 3 / 120)).
        let mut values = Sparse::of_document("arc arc soudeur").values;
        values.sort_by(f32::total_cmp);
        for (value, count) in values.into_iter().zip([1.0_f32, 2.0]) {
            let wanted = count * 2.2 / (count + 1.2 * (0.25 + 0.75 * 3.0 / 120.0));
            assert!((value - wanted).abs() < 1e-5, "{value} {wanted}");
        }
    }

    #[test]
    fn a_long_text_weighs_each_word_less() {
        let long = format!("soudeur {}", (0..500).map(|n| format!("mot{n}")).collect::<Vec<_>>().join(" "));
        let weight = |text: &str| {
            let wanted = Sparse::of_query("soudeur").indices[0];
            let document = Sparse::of_document(text);
            document.values[document.indices.binary_search(&wanted).unwrap()]
        };
        assert!(weight(&long) < 0.5 * weight("soudeur"));
        assert!(weight("soudeur soudeur") < 2.0 * weight("soudeur"), "repeats saturate");
    }

    #[test]
    fn nothing_is_left_of_stop_words() {
        assert!(Sparse::of_document("").is_empty() && Sparse::of_query("de la, the").is_empty());
    }

    #[test]
    fn numbers_stay_what_they_are() {
        // Points on disk hold these: a change here is a new version of the shape.
        assert_eq!(Sparse::of_query("soudeur").indices, [4_186_164_771]);
    }
}

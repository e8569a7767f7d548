//! BM25 as a sparse vector: term frequencies here, inverse document frequencies by the index (Qdrant's IDF modifier), which alone
//! knows how many documents have a word. Categories stand in the same vector, under numbers of their own.

use domain::term::{Term, TermKind};

use crate::{
    Document,
    words::{Words, counted, folded, hash, telling},
};

/// Saturation of repeated words (Robertson and Zaragoza, 2009: 1.2).
const K1: f32 = 1.2;
/// Weight of the text's length (the same: 0.75).
const B: f32 = 0.75;
/// Length of an ordinary text, in words that tell something: an advertisement of a few paragraphs. A true average would change with
/// every document and the vectors kept with it.
const ORDINARY: f32 = 120.0;
/// How often a word of the title counts, where one of the description counts once: it names what is offered.
const TITLE: usize = 3;
/// What the main category of a document weighs. A word that is repeated without end comes to 2.2.
const CATEGORY: f32 = 2.0;
/// Most terms of a question: a longer one is a text, whose first words say what it is about.
const MOST_TERMS: usize = 64;

/// Words and categories as numbers with their weights; numbers ascend and do not repeat.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sparse {
    /// Hashes of stems, 32 bits: what Qdrant takes. Of 100,000 different words about one has its number from another.
    pub indices: Vec<u32>,
    /// Weights, above zero.
    pub values: Vec<f32>,
}

/// A term of a question, as the index knows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Feature {
    pub(crate) number: u32,
    pub(crate) weight: f32,
    pub(crate) term: Term,
}

impl Sparse {
    /// Of the words of a text alone: plain BM25.
    pub fn of_text(text: &str) -> Self {
        let numbers = numbers(&mut Words::new(), text);
        let length = numbers.len();
        Self::of(saturated(numbers, length))
    }

    /// Of an opportunity: the words of its text, those of its title more often, and its categories.
    pub fn of_document(document: &Document) -> Self {
        Self::document(&mut Words::new(), document)
    }

    /// Of an opportunity of a batch, whose words are shared.
    pub(crate) fn document(words: &mut Words, document: &Document) -> Self {
        let mut all = numbers(words, &document.text);
        let length = all.len();
        let title = numbers(words, &document.payload.title);
        // The text has the title once.
        all.extend(std::iter::repeat_n(title, TITLE - 1).flatten());
        let categories = document.categories.iter();
        let categories = categories.map(|category| (number_of(&category.name), category.weight * CATEGORY));
        Self::of(saturated(all, length).into_iter().chain(categories).collect())
    }

    /// Of terms of a question.
    pub(crate) fn of_features(features: &[Feature]) -> Self {
        Self::of(features.iter().map(|feature| (feature.number, feature.weight)).collect())
    }

    /// Of numbers with weights; of a number that occurs twice the greater weight counts.
    fn of(mut weighted: Vec<(u32, f32)>) -> Self {
        weighted.retain(|(_, weight)| *weight > 0.0);
        weighted.sort_by(|left, right| left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)));
        weighted.dedup_by_key(|(number, _)| *number);
        let (indices, values) = weighted.into_iter().unzip();
        Self { indices, values }
    }

    /// Whether no word is left.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

/// The features of a question, each once, in the order of its terms. Words that tell nothing are left out.
pub(crate) fn features(terms: &[Term]) -> Vec<Feature> {
    let mut words = Words::new();
    let mut features: Vec<Feature> = Vec::new();
    for term in terms.iter().filter(|term| term.weight > 0.0) {
        let numbers = match term.kind {
            TermKind::Word => numbers(&mut words, &term.name),
            TermKind::Category | TermKind::Assumed => vec![u64::from(number_of(&term.name))],
        };
        for number in numbers.into_iter().filter_map(|number| u32::try_from(number).ok()) {
            if let Some(known) = features.iter_mut().find(|feature| feature.number == number) {
                known.weight = known.weight.max(term.weight);
            } else if features.len() < MOST_TERMS {
                features.push(Feature { number, weight: term.weight, term: term.clone() });
            }
        }
    }
    features
}

/// The upper halves of the stems' hashes.
fn numbers(words: &mut Words, text: &str) -> Vec<u64> {
    words.stems(telling(&folded(text))).into_iter().map(|stem| stem >> 32).collect()
}

/// The number of a category. Its name is hashed with a prefix, so that no word has the same.
fn number_of(category: &str) -> u32 {
    let named = "category ".bytes().chain(category.bytes());
    u32::try_from(hash(named) >> 32).unwrap_or_default()
}

/// The weight of each word in a text of `length` words.
fn saturated(numbers: Vec<u64>, length: usize) -> Vec<(u32, f32)> {
    #[allow(clippy::cast_precision_loss, reason = "a text has far fewer than 2^23 words")]
    let length = length as f32 / ORDINARY;
    let weight = |count: f32| count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length));
    let counted = counted(numbers).into_iter();
    counted.filter_map(|(number, count)| Some((u32::try_from(number).ok()?, weight(count)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Payload;

    fn numbers_of(question: &str) -> Vec<u32> {
        features(&Term::words_of(question)).iter().map(|feature| feature.number).collect()
    }

    fn weight(vector: &Sparse, number: u32) -> f32 {
        vector.indices.binary_search(&number).map_or(0.0, |at| vector.values[at])
    }

    fn document(title: &str, body: &str, categories: &[(&str, f32)]) -> Document {
        let categories = categories.iter().map(|(name, weight)| Term::category(*name, *weight)).collect();
        Document {
            id: domain::OpportunityId::of(&domain::SourceSlug::new("fne").unwrap(), title),
            text: format!("{title}\n{body}"),
            categories,
            payload: Payload { title: title.to_owned(), ..Payload::default() },
        }
    }

    #[test]
    fn a_question_meets_the_words_of_a_text() {
        let text = Sparse::of_text("Soudeurs à l'arc. Le soudeur travaille à Douala.");
        let question = features(&Term::words_of("soudeur Douala soudeur"));
        assert_eq!(question.iter().map(|feature| feature.weight).collect::<Vec<_>>(), [1.0, 1.0]);
        assert!(question.iter().all(|feature| text.indices.contains(&feature.number)));
        assert!(text.indices.is_sorted_by(|left, right| left < right));
    }

    #[test]
    fn weights_are_those_of_the_formula() {
        // Two words of three, so a length of 3/120: count × 2.2 / (count + 1.2 × (0.25 + 0.75 × 3 / 120)).
        let mut values = Sparse::of_text("arc arc soudeur").values;
        values.sort_by(f32::total_cmp);
        for (value, count) in values.into_iter().zip([1.0_f32, 2.0]) {
            let wanted = count * 2.2 / (count + 1.2 * (0.25 + 0.75 * 3.0 / 120.0));
            assert!((value - wanted).abs() < 1e-5, "{value} {wanted}");
        }
    }

    #[test]
    fn a_long_text_weighs_each_word_less() {
        let long = format!("soudeur {}", (0..500).map(|n| format!("mot{n}")).collect::<Vec<_>>().join(" "));
        let of = |text: &str| weight(&Sparse::of_text(text), numbers_of("soudeur")[0]);
        assert!(of(&long) < 0.5 * of("soudeur"));
        assert!(of("soudeur soudeur") < 2.0 * of("soudeur"), "repeats saturate");
    }

    #[test]
    fn a_word_of_the_title_counts_as_three_of_the_text() {
        let words = "atelier chantier équipe horaires contrat";
        let title = Sparse::of_document(&document("Soudeur", words, &[]));
        let body = Sparse::of_document(&document("Atelier", "soudeur chantier équipe horaires contrat", &[]));
        let plain = Sparse::of_text(&format!("Soudeur soudeur soudeur {words}"));
        let soudeur = numbers_of("soudeur")[0];
        assert!(weight(&title, soudeur) > 1.2 * weight(&body, soudeur));
        assert!((weight(&title, soudeur) - weight(&plain, soudeur)).abs() < 0.05);
    }

    #[test]
    fn categories_are_not_words_and_the_greater_weight_counts() {
        let twice = [("topic:welding", 0.3), ("topic:welding", 1.0), ("kind:job", 0.0)];
        let vector = Sparse::of_document(&document("Welding", "", &twice));
        let asked = features(&[Term::category("topic:welding", 1.5), Term::word("welding", 1.0)]);
        assert_eq!(asked.len(), 2);
        assert!((weight(&vector, asked[0].number) - CATEGORY).abs() < 1e-6);
        assert!(weight(&vector, asked[1].number) > 0.0);
        assert_eq!(vector.indices.len(), 2, "a category of weight zero is none");
    }

    #[test]
    fn nothing_is_left_of_stop_words_and_a_long_question_is_cut() {
        assert!(Sparse::of_text("").is_empty() && numbers_of("de la, the").is_empty());
        let long = (0..500).map(|n| format!("mot{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(numbers_of(&long).len(), MOST_TERMS);
    }

    #[test]
    fn numbers_stay_what_they_are() {
        // Points on disk hold these: a change here is a new version of the shape.
        assert_eq!(numbers_of("soudeur"), [4_186_164_771]);
    }
}

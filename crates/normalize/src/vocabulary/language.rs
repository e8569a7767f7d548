//! The languages a text is written in, by its frequent words.

use domain::vocabulary::Language;

use super::signs;
use crate::text::Words;

/// Words that are frequent in one language and rare in the other.
pub(super) const ENGLISH: [&str; 20] = [
    "the", "and", "of", "with", "for", "is", "are", "will", "you", "our", "at", "on", "or", "be", "from",
    "who", "your", "to", "in", "an",
];
pub(super) const FRENCH: [&str; 22] = [
    "le", "la", "les", "des", "et", "de", "du", "un", "une", "pour", "dans", "avec", "est", "sont", "vous",
    "nous", "au", "aux", "par", "sur", "en", "ou",
];
/// The same for Spanish, in which some partners of the region publish too.
pub(super) const SPANISH: [&str; 8] = ["el", "los", "del", "para", "con", "las", "por", "una"];
/// Frequent words that a text needs before it is judged.
const TELLING: usize = 5;
/// The same for a text without words of the other language.
const FEW: usize = 2;

/// Returns the languages a folded text is written in, by its frequent words: both where each has a good part of them. Empty for a
/// text that is too short to judge.
pub fn languages_of_text(folded: &str) -> Vec<Language> {
    languages_of(&[&Words::of(folded, signs::of)])
}

/// The same for several texts together.
pub(crate) fn languages_of(texts: &[&Words<'_>]) -> Vec<Language> {
    let (mut english, mut french, mut spanish) = (0_usize, 0_usize, 0_usize);
    for signs in texts.iter().flat_map(|words| words.signs()) {
        english += usize::from(signs & signs::ENGLISH != 0);
        french += usize::from(signs & signs::FRENCH != 0);
        spanish += usize::from(signs & signs::SPANISH != 0);
    }
    // Spanish shares "de", "la" and "en" with French. The words of `SPANISH` are in neither language.
    if spanish > FEW {
        return Vec::new();
    }
    // A few words are enough if all are of one language.
    let is_plain = english.min(french) == 0 && english + french >= FEW;
    if english + french < TELLING && !is_plain {
        Vec::new()
    } else if 3 * english.min(french) >= english.max(french) {
        Language::ALL.to_vec()
    } else if english > french {
        vec![Language::English]
    } else {
        vec![Language::French]
    }
}

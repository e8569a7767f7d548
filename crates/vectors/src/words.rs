//! Words of a text, as both lexical sides see them.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Words too common to tell anything, folded; French and English.
const STOP: [&str; 96] = [
    "a", "ai", "an", "and", "are", "as", "at", "au", "aux", "avec", "be", "been", "by", "c", "ce", "ces",
    "cette", "d", "dans", "de", "des", "du", "elle", "en", "entre", "est", "et", "etre", "f", "for", "from",
    "h", "has", "have", "he", "her", "his", "il", "ils", "in", "is", "it", "its", "j", "je", "l", "la", "le",
    "les", "leur", "leurs", "m", "mais", "me", "n", "ne", "nos", "notre", "nous", "of", "on", "or", "ou",
    "our", "par", "pas", "plus", "pour", "qu", "que", "qui", "s", "sa", "se", "ses", "she", "son", "sont",
    "sous", "sur", "t", "that", "the", "their", "they", "this", "to", "un", "une", "vos", "votre", "vous",
    "was", "we", "with", "you",
];

/// Longest word looked at, in characters: beyond it is no word.
const LONGEST: usize = 40;

/// Lower case, no accents.
pub(crate) fn folded(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The stems of a text's words, stop words left out. A word is stemmed in French and, where that leaves it whole, in
/// English: texts mix both, and a stem only has to be the same on both sides.
pub(crate) fn stems(folded: &str) -> Vec<String> {
    let (french, english) = (Stemmer::create(Algorithm::French), Stemmer::create(Algorithm::English));
    let words =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && !STOP.contains(word));
    words
        .map(|word| {
            let word: String = word.chars().take(LONGEST).collect();
            let stem = french.stem(&word);
            if stem == word { english.stem(&word).into_owned() } else { stem.into_owned() }
        })
        .collect()
}

/// A hash that is the same on every machine and in every release (FNV-1a, 64 bits).
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_family_meet() {
        let stem = |text: &str| stems(&folded(text)).join(" ");
        assert_eq!(stem("Soudeurs"), stem("soudeur"));
        assert_eq!(stem("Accountants"), stem("accountant"));
        assert_eq!(stem("à l'École de la ville"), stem("ecole ville"));
        assert!(stems(&folded("de la et the")).is_empty());
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}

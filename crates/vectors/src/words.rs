//! Words of a text, as questions and documents are compared by them.

use std::collections::HashMap;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Words too common to tell anything, French and English: folded and in order.
const STOP: [&str; 139] = [
    "a", "ai", "ainsi", "all", "an", "and", "any", "are", "as", "at", "au", "aussi", "aux", "avec", "avez",
    "be", "been", "but", "by", "c", "can", "ce", "ces", "cet", "cette", "chez", "comme", "d", "dans", "de",
    "des", "donc", "du", "elle", "elles", "en", "entre", "est", "et", "etes", "etre", "f", "for", "from",
    "h", "has", "have", "he", "her", "his", "i", "if", "il", "ils", "in", "into", "is", "it", "its", "j",
    "je", "l", "la", "le", "les", "leur", "leurs", "m", "mais", "may", "me", "n", "ne", "no", "nos", "not",
    "notre", "nous", "of", "on", "ont", "or", "ou", "our", "par", "pas", "plus", "pour", "qu", "que", "qui",
    "s", "sa", "sans", "se", "ses", "seul", "she", "si", "soit", "son", "sont", "sous", "sur", "t", "tel",
    "telle", "that", "the", "their", "them", "these", "they", "this", "those", "to", "tous", "tout", "toute",
    "toutes", "tres", "un", "une", "vers", "via", "vos", "votre", "vous", "was", "we", "were", "which",
    "who", "will", "with", "without", "y", "you", "your",
];
/// Length of the longest of them.
const LONGEST_STOP: usize = 7;
/// Longest word looked at, in characters: anything longer is not a word.
const LONGEST_WORD: usize = 40;
/// Stems kept in mind, so that texts of random letters cannot fill the memory: about 5 MB.
const KNOWN: usize = 50_000;

/// Makes stems of words, each word once: one of these is meant for a batch of texts, which share most of their words.
pub(crate) struct Words {
    french: Stemmer,
    english: Stemmer,
    known: HashMap<String, u64>,
}

impl Words {
    pub(crate) fn new() -> Self {
        let (french, english) = (Stemmer::new(Algorithm::French), Stemmer::new(Algorithm::English));
        Self { french, english, known: HashMap::new() }
    }

    /// The stems of folded words in order, as hashes.
    pub(crate) fn stems<'t>(&mut self, telling: impl IntoIterator<Item = &'t str>) -> Vec<u64> {
        telling.into_iter().map(|word| self.stem(word)).collect()
    }

    /// The hash of a word's stem. Texts mix both languages and a query does not say which it is in, so a word has one stem for
    /// both: the French, and where that is the word itself, the English. It need not be pretty, only the same on both sides.
    fn stem(&mut self, word: &str) -> u64 {
        if let Some(stem) = self.known.get(word) {
            return *stem;
        }
        let french = self.french.stem(word);
        let stem = if french == word { self.english.stem(word) } else { french };
        let stem = hash(stem.bytes());
        if self.known.len() < KNOWN {
            self.known.insert(word.to_owned(), stem);
        }
        stem
    }
}

/// Lower case, no accents, ligatures apart: "Œuvre d’été" and "oeuvre d'ete" have the same words.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\x7f' => folded.push(c.to_ascii_lowercase()),
            'œ' | 'Œ' => folded.push_str("oe"),
            'æ' | 'Æ' => folded.push_str("ae"),
            _ => folded.extend(c.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase)),
        }
    }
    folded
}

/// The words of a folded text that tell something.
pub(crate) fn telling(folded: &str) -> impl Iterator<Item = &str> {
    let words = folded.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| match word.len() {
        0 => false,
        1..=LONGEST_STOP => STOP.binary_search(word).is_err(),
        _ => word.chars().nth(LONGEST_WORD).is_none(),
    })
}

/// How often each number occurs.
pub(crate) fn counted(mut numbers: Vec<u64>) -> Vec<(u64, f32)> {
    numbers.sort_unstable();
    #[allow(clippy::cast_precision_loss, reason = "a text has far fewer than 2^23 words")]
    numbers.chunk_by(|a, b| a == b).filter_map(|run| Some((*run.first()?, run.len() as f32))).collect()
}

/// A hash that is the same on every machine and in every release: FNV-1a, 64 bits.
pub(crate) fn hash(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests;

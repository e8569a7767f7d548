//! The words of a folded text, each looked up once.
//!
//! Most rules look for a few words among many. A text is cut into words once, and every word gets the signs of all rules: one bit each.
//! A rule then looks only where its bits are. The signs of a word depend on the word alone, so those seen before are remembered.

use std::cell::RefCell;

/// Words of a folded text with their signs.
pub(crate) struct Words<'t> {
    list: Vec<&'t str>,
    signs: Vec<u32>,
    /// The signs of all words together.
    all: u32,
}

impl<'t> Words<'t> {
    /// Cuts a folded text. `signs` tells the signs of a word it is asked for.
    pub(crate) fn of(folded: &'t str, signs: fn(&str) -> u32) -> Self {
        let many = folded.len() / 6 + 1;
        let mut words = Self { list: Vec::with_capacity(many), signs: Vec::with_capacity(many), all: 0 };
        SEEN.with_borrow_mut(|seen| {
            let mut begin = 0;
            let mut key = Key::default();
            for (at, byte) in folded.bytes().chain([b' ']).enumerate() {
                if byte != b' ' {
                    key.push(byte);
                    continue;
                }
                let word = folded.get(begin..at).unwrap_or_default();
                let found = seen.signs(word, std::mem::take(&mut key), signs);
                words.all |= found;
                words.list.push(word);
                words.signs.push(found);
                begin = at + 1;
            }
        });
        words
    }

    /// Returns the words.
    pub(crate) fn list(&self) -> &[&'t str] {
        &self.list
    }

    /// Returns the signs of each word.
    pub(crate) fn signs(&self) -> &[u32] {
        &self.signs
    }

    /// Returns whether any word has one of these signs.
    pub(crate) fn has(&self, signs: u32) -> bool {
        self.all & signs != 0
    }

    /// Returns where the words with one of these signs stand.
    pub(crate) fn with(&self, signs: u32) -> impl Iterator<Item = usize> {
        // Most texts have none of most signs.
        let among = if self.has(signs) { self.signs.as_slice() } else { &[] };
        among.iter().enumerate().filter(move |(_, of)| *of & signs != 0).map(|(at, _)| at)
    }
}

/// Places for words of one thread, two in each.
const PLACES: usize = 4_096;
/// Longest word that is remembered, in bytes.
const LONGEST: usize = 24;

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::new(Seen(vec![[(Key::default(), 0); 2]; PLACES]));
}

/// Words seen before with their signs, each at the place of its hash. A new word takes the place of the older of two, so the memory is
/// bounded.
struct Seen(Vec<[(Key, u32); 2]>);

impl Seen {
    fn signs(&mut self, word: &str, key: Key, signs: fn(&str) -> u32) -> u32 {
        if word.is_empty() || word.len() > LONGEST {
            return signs(word);
        }
        let Some([newer, older]) = self.0.get_mut(key.hash() % PLACES) else { return signs(word) };
        if newer.0 == key {
            return newer.1;
        }
        if older.0 != key {
            *older = (key, signs(word));
        }
        std::mem::swap(newer, older);
        newer.1
    }
}

/// The bytes of a word as numbers. No word has a zero byte, so shorter ones differ from longer ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Key {
    words: [u64; 3],
    long: usize,
}

impl Key {
    fn push(&mut self, byte: u8) {
        if let Some(word) = self.words.get_mut(self.long / 8) {
            *word |= u64::from(byte) << (8 * (self.long % 8));
            self.long += 1;
        }
    }

    fn hash(&self) -> usize {
        let [a, b, c] = self.words;
        let mixed = (a ^ b.rotate_left(29) ^ c.rotate_left(47)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        usize::try_from(mixed >> 40).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Signs that differ for most words.
    fn signs(word: &str) -> u32 {
        word.bytes().fold(17, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)))
    }

    proptest! {
        #[test]
        fn each_word_has_its_own_signs(folded in "([a-e]{0,3}|[a-zé]{1,30})( ([a-e]{0,3}|[a-zé]{1,30})){0,40}") {
            let words = Words::of(&folded, signs);
            prop_assert_eq!(words.list().join(" "), folded.clone());
            let apart: Vec<u32> = folded.split(' ').map(signs).collect();
            prop_assert_eq!(words.signs(), apart);
        }
    }
}

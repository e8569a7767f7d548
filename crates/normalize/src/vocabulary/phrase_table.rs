//! Tables of signs: folded phrases with their codes. From left to right, the longest sign at each word wins and consumes its words, so
//! "bac 3" is not also "bac". A sign of the row `none` only hides the words in it.

use std::collections::HashMap;

/// A table of signs.
pub(super) struct Signs {
    /// Signs by their first word, with their words and their code.
    by_first: HashMap<&'static str, Vec<Sign>>,
    /// A filter of first words. Most words begin no sign, and a bit is faster to test than a key.
    may_begin: [u64; BITS / 64],
}

/// Bits of the filter.
const BITS: usize = 4_096;

/// Returns the bit of a word, by its length, its first two bytes and its last byte.
fn bit(word: &str) -> usize {
    let byte = |at: usize| word.as_bytes().get(at).copied().map_or(0, usize::from);
    let last = word.as_bytes().last().copied().map_or(0, usize::from);
    (word.len() + byte(0).wrapping_mul(31) + byte(1).wrapping_mul(449) + last.wrapping_mul(1_009)) % BITS
}

struct Sign {
    words: Vec<&'static str>,
    code: &'static str,
}

impl Signs {
    /// Parses a table with the code in its first column and the signs in `column`, separated by `|`.
    pub(super) fn of(table: &'static str, column: usize) -> Self {
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        Self::new(rows.filter_map(|line| {
            let mut cells = line.split('\t');
            let code = cells.clone().next()?;
            Some((code, cells.nth(column)?))
        }))
    }

    /// Builds a table from rows of code and signs.
    pub(super) fn new(rows: impl Iterator<Item = (&'static str, &'static str)>) -> Self {
        let mut by_first: HashMap<&str, Vec<Sign>> = HashMap::new();
        for (code, signs) in rows {
            for sign in signs.split('|') {
                let words: Vec<&str> = sign.split(' ').filter(|word| !word.is_empty()).collect();
                if let Some(first) = words.first() {
                    by_first.entry(*first).or_default().push(Sign { words, code });
                }
            }
        }
        for signs in by_first.values_mut() {
            signs.sort_by_key(|sign| std::cmp::Reverse(sign.words.len()));
        }
        let mut may_begin = [0; BITS / 64];
        for word in by_first.keys() {
            if let Some(bits) = may_begin.get_mut(bit(word) / 64) {
                *bits |= 1 << (bit(word) % 64);
            }
        }
        Self { by_first, may_begin }
    }

    /// Returns the signs that begin with a word, longest first.
    fn of_word(&self, word: &str) -> &[Sign] {
        let bit = bit(word);
        if self.may_begin.get(bit / 64).is_none_or(|bits| bits >> (bit % 64) & 1 == 0) {
            return &[];
        }
        self.by_first.get(word).map_or(&[], Vec::as_slice)
    }

    /// Returns the longest sign at a word.
    fn at(&self, words: &[&str]) -> Option<&Sign> {
        self.of_word(words.first()?).iter().find(|sign| words.starts_with(&sign.words))
    }

    /// Returns the signs of one word, with their codes.
    pub(super) fn single(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let signs = self.by_first.values().flatten();
        signs.filter_map(|sign| match sign.words.as_slice() {
            [word] => Some((*word, sign.code)),
            _ => None,
        })
    }

    /// Returns whether a sign begins with this word.
    pub(super) fn begins(&self, word: &str) -> bool {
        !self.of_word(word).is_empty()
    }

    /// Returns the codes that a folded text names, in its order and with repeats, without `none`.
    pub(super) fn read(&self, folded: &str) -> Vec<&'static str> {
        let words: Vec<&str> = folded.split(' ').collect();
        self.read_at(&words, 0..words.len())
    }

    /// The same where signs can begin only at these words, in order.
    pub(super) fn read_at(&self, words: &[&str], places: impl Iterator<Item = usize>) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut next = 0;
        for at in places {
            // A sign consumes its words.
            if at < next {
                continue;
            }
            if let Some(sign) = words.get(at..).and_then(|rest| self.at(rest)) {
                found.extend(Some(sign.code).filter(|code| *code != "none"));
                next = at + sign.words.len();
            }
        }
        found
    }

    /// Returns the codes of all signs in a folded text, including overlapping ones.
    pub(super) fn all(&self, folded: &str) -> Vec<&'static str> {
        let words: Vec<&str> = folded.split(' ').collect();
        self.all_at(&words, 0..words.len())
    }

    /// The same where signs can begin only at these words, in order.
    pub(super) fn all_at(&self, words: &[&str], places: impl Iterator<Item = usize>) -> Vec<&'static str> {
        let mut found = Vec::new();
        for at in places {
            found.extend(self.starting(words.get(at..).unwrap_or_default()).map(|(code, _)| code));
        }
        found
    }

    /// Returns the codes of all signs that begin with the first of these words, each with its number of words.
    pub(super) fn starting(&self, words: &[&str]) -> impl Iterator<Item = (&'static str, usize)> {
        let signs = words.first().map_or(&[][..], |first| self.of_word(first));
        signs.iter().filter(|sign| words.starts_with(&sign.words)).map(|sign| (sign.code, sign.words.len()))
    }

    /// Returns the code of the first sign in a folded text, with the place of its first word. A sign of the row `none` hides its words.
    pub(super) fn first_at(
        &self,
        words: &[&str],
        places: impl Iterator<Item = usize>,
    ) -> Option<(usize, &'static str)> {
        let first = self.unmasked(words, places).next();
        first.map(|(at, sign)| (at, sign.code))
    }

    /// Returns the longest sign at each of these words, without what a sign of the row `none` hides: the signs that begin in its words.
    fn unmasked<'s>(
        &'s self,
        words: &'s [&str],
        places: impl Iterator<Item = usize> + 's,
    ) -> impl Iterator<Item = (usize, &'s Sign)> {
        let mut hidden = 0;
        places.filter_map(move |at| {
            let sign = self.at(words.get(at..)?).filter(|_| at >= hidden)?;
            if sign.code == "none" {
                hidden = at + sign.words.len();
                return None;
            }
            Some((at, sign))
        })
    }

    /// Returns the code of the longest sign in a folded text, the first of equals. A sign of the row `none` hides its words.
    pub(super) fn longest(&self, folded: &str) -> Option<&'static str> {
        let words: Vec<&str> = folded.split(' ').collect();
        self.longest_at(&words, 0..words.len(), "")
    }

    /// The same where signs can begin only at these words, in order, and without the signs of one code.
    pub(super) fn longest_at(
        &self,
        words: &[&str],
        places: impl Iterator<Item = usize>,
        but: &str,
    ) -> Option<&'static str> {
        let length = |sign: &Sign| sign.words.iter().map(|word| word.len() + 1).sum::<usize>();
        let mut best: Option<&Sign> = None;
        for (_, sign) in self.unmasked(words, places).filter(|(_, sign)| sign.code != but) {
            if best.is_none_or(|best| length(sign) > length(best)) {
                best = Some(sign);
            }
        }
        best.map(|sign| sign.code)
    }

    /// Returns the text without its signs.
    pub(super) fn without(&self, folded: &str) -> String {
        let words: Vec<&str> = folded.split(' ').collect();
        let mut kept = Vec::new();
        let mut rest = words.as_slice();
        while let Some((first, after)) = rest.split_first() {
            if let Some(sign) = self.at(rest) {
                rest = rest.get(sign.words.len()..).unwrap_or_default();
            } else {
                kept.push(*first);
                rest = after;
            }
        }
        kept.join(" ")
    }
}

//! Keys: rows without a common key are never compared.

use std::collections::BTreeSet;

use super::{
    Sketch,
    hash::{hash, joined},
    subjects::subject,
    words::is_generic,
};

/// A key that possible duplicates share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

impl Key {
    /// Returns the key of 64 stored bits.
    pub fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns its 64 bits.
    pub fn bits(self) -> u64 {
        self.0
    }

    /// Returns whether the key is evidence of its own: a contact, a code, a title at a place. Of the rows with such a key, those next in
    /// time are compared, however many there are. Another key, of a run of words, is a template's once many rows have it; then it tells
    /// nothing, and is not followed.
    pub fn is_strong(self) -> bool {
        self.0 & 1 == 1
    }

    fn new(bits: u64, is_strong: bool) -> Self {
        Self(bits & !1 | u64::from(is_strong))
    }
}

/// Runs of words that become keys, the smallest hashes of a text: texts that share most runs share one of these.
const RUNS: usize = 4;

/// Longest words of an employer's name that become keys.
const EMPLOYER_WORDS: usize = 3;

/// Returns the hash of what a word of a title is about, else of the word.
fn of_word(word: &str) -> u64 {
    subject(word).map_or_else(|| hash(word), u64::from)
}

impl Sketch {
    /// Returns the keys that possible duplicates share with it, sorted, without repeats. At most about thirty.
    pub fn keys(&self) -> Vec<Key> {
        let kind = hash(self.kind.as_str());
        let mut keys: Vec<Key> = Vec::new();
        let mut key = |name: &str, parts: &[u64]| {
            keys.push(Key::new(
                parts.iter().fold(joined(hash(name), kind), |all, part| joined(all, *part)),
                true,
            ));
        };
        for contact in self.phones.iter().chain(&self.mails).take(4) {
            key("contact", &[u64::from(*contact)]);
        }
        for code in self.codes.iter().take(4) {
            key("code", &[u64::from(code.hash)]);
        }
        let title = {
            let words: BTreeSet<u64> = self.title.iter().map(|word| of_word(word)).collect();
            words.into_iter().fold(0, joined)
        };
        let hashes = |names: &[String]| names.iter().take(2).map(|name| hash(name)).collect::<Vec<u64>>();
        let towns = if self.towns.is_empty() { hashes(&self.regions) } else { hashes(&self.towns) };
        let regions = if self.regions.is_empty() { hashes(&self.towns) } else { hashes(&self.regions) };
        let names = self.employer_keys();
        for town in &towns {
            if let Some(occupation) = self.occupation {
                key("occupation", &[u64::from(occupation), *town]);
            }
            if let Some(first) = self.title.first().filter(|_| self.title.len() > 1) {
                key("word", &[of_word(first), *town]);
            }
            if let Some(day) = self.closes {
                key("closes", &[hash(&day.to_string()), *town]);
            }
        }
        for region in &regions {
            key("title", &[title, *region]);
            if let Some((min, max, _)) = self.amount.filter(|_| self.kind != domain::Kind::Job) {
                key("amount", &[hash(&min.max(max).to_string()), *region]);
            }
            for name in &names {
                key("employer", &[*name, *region]);
            }
        }
        for name in &names {
            if self.kind == domain::Kind::Agr {
                key("employer alone", &[*name]);
            }
            key("employer's title", &[*name, title]);
            if let Some(occupation) = self.occupation {
                key("employer's occupation", &[*name, u64::from(occupation)]);
            }
        }
        if towns.is_empty() || names.is_empty() {
            key("title alone", &[title]);
        }
        let runs =
            self.text.shingles.hashes.iter().take(RUNS).map(|run| joined(hash("run"), u64::from(*run)));
        keys.extend(runs.map(|run| Key::new(run, false)));
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Returns hashes of the longest words of the employer's name, and of its acronym.
    fn employer_keys(&self) -> Vec<u64> {
        let mut words: Vec<&str> = self
            .employer
            .iter()
            .map(String::as_str)
            .filter(|word| word.len() > 1 && !is_generic(word))
            .collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.truncate(EMPLOYER_WORDS);
        let acronym: String = self.employer.iter().filter_map(|word| word.chars().next()).collect();
        if acronym.len() >= 3 {
            words.push(&acronym);
        }
        words.into_iter().map(hash).collect()
    }
}

//! Similarity of titles and employers.

use crate::{
    Sketch,
    evidence::Level,
    sketch::{
        hash::{hash, short},
        subjects::subject,
        words::{Words, hash_in_text, is_generic, stem},
    },
};

/// Returns the words of `a`'s title that `b`'s title lacks. Names of employers and places do not count, nor does one letter more or
/// less.
pub(crate) fn missing_of(a: &Sketch, b: &Sketch) -> Vec<String> {
    let is_place = |word: &str| {
        a.towns.iter().chain(&b.towns).any(|town| town.split(' ').any(|part| stem(part) == word))
    };
    let is_employer = |word: &String| a.employer.contains(word) || b.employer.contains(word);
    let told: Vec<&String> = a.title.iter().filter(|word| !is_place(word) && !is_employer(word)).collect();
    let told = if told.is_empty() { a.title.iter().collect() } else { told };
    told.into_iter()
        .filter(|word| !b.title.iter().any(|other| is_near(word, other) || is_one_subject(word, other)))
        .cloned()
        .collect()
}

/// Returns whether two stems are about the same, such as "chauffeur" and "driver".
fn is_one_subject(a: &str, b: &str) -> bool {
    subject(a).is_some_and(|one| subject(b) == Some(one))
}

/// Returns whether two stems are one word: equal, one letter apart, or one begins with the other ("compta", "comptabl").
pub(crate) fn is_near(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    a == b || (short.len() >= 4 && long.len() >= 5 && long.starts_with(short)) || is_typo(short, long)
}

/// Returns whether one letter was added, left out, changed, or swapped with the next. False for words of fewer than five letters.
fn is_typo(short: &str, long: &str) -> bool {
    let (s, l) = (short.as_bytes(), long.as_bytes());
    if l.len() < 6 || l.len() - s.len() > 1 {
        return false;
    }
    let at = s.iter().zip(l).take_while(|(a, b)| a == b).count();
    let rest = |bytes: &'_ [u8], from: usize| bytes.get(from..).unwrap_or_default().to_vec();
    if s.len() < l.len() {
        return rest(s, at) == rest(l, at + 1);
    }
    let swapped =
        s.get(at) == l.get(at + 1) && s.get(at + 1) == l.get(at) && rest(s, at + 2) == rest(l, at + 2);
    rest(s, at + 1) == rest(l, at + 1) || swapped
}

/// How two employers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Employers {
    /// One of them is unknown.
    Unknown,
    /// One name, but for words such as "SARL"; or its acronym.
    Same,
    /// Names that share most words.
    Near,
    /// One is unknown or an agency, and the other stands in its text.
    Named,
    /// One is an agency, which may publish for the other.
    Agency,
    /// Other names.
    Other,
}

impl Employers {
    /// Its level as evidence.
    pub(crate) fn level(self) -> Level {
        match self {
            Self::Unknown => 0,
            Self::Same => 1,
            Self::Near => 2,
            Self::Named => 3,
            Self::Agency => 4,
            Self::Other => 5,
        }
    }
}

/// Compares two employers.
pub(crate) fn employers(a: &Sketch, b: &Sketch) -> Employers {
    if a.employer.is_empty() || b.employer.is_empty() {
        return if names(a, b) || names(b, a) { Employers::Named } else { Employers::Unknown };
    }
    match alike(a, b) {
        known @ (Employers::Same | Employers::Near) => known,
        _ if names(a, b) || names(b, a) => Employers::Named,
        _ if a.is_agency || b.is_agency => Employers::Agency,
        unlike => unlike,
    }
}

/// Returns whether `a`'s title or text names `b`'s employer.
fn names(a: &Sketch, b: &Sketch) -> bool {
    let has = |word: &String| {
        let hash = short(hash(word));
        a.title.contains(word)
            || a.text.names.hashes.binary_search(&hash).is_ok()
            || a.text.words.hashes.binary_search(&hash_in_text(word)).is_ok()
            || a.client.contains(word)
    };
    // "Cacao d'Or" is not named by a text on cacao, nor "Mairie de Kribi" by one that names Kribi.
    let is_own = |word: &str| {
        subject(word).is_none()
            && !b.towns.iter().chain(&a.towns).any(|town| town.split(' ').any(|part| stem(part) == word))
    };
    let told: Vec<&String> =
        b.employer.iter().filter(|word| word.len() >= 3 && !is_generic(word) && is_own(word)).collect();
    !told.is_empty()
        && told.iter().all(|word| has(word))
        && (told.len() >= 2 || told.iter().all(|word| word.len() >= 5))
}

/// Compares two known employers by the words that say more than what they are.
fn alike(a: &Sketch, b: &Sketch) -> Employers {
    // "Grand Format Yaoundé" is "Imprimerie Grand Format".
    let is_town = |word: &String| {
        a.towns.iter().chain(&b.towns).any(|town| town.split(' ').any(|part| stem(part) == *word))
    };
    let told = |sketch: &'_ Sketch| -> Vec<String> {
        sketch.employer.iter().filter(|word| !is_generic(word) && !is_town(word)).cloned().collect()
    };
    let (one, other) = (told(a), told(b));
    if a.employer == b.employer {
        return Employers::Same;
    }
    let has_acronym =
        is_acronym(&a.employer_words, &b.employer_words) || is_acronym(&b.employer_words, &a.employer_words);
    if has_acronym {
        return Employers::Same;
    }
    if one.is_empty() || other.is_empty() {
        return Employers::Unknown;
    }
    let (small, large) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let is_in = |word: &String| large.iter().any(|other| is_near(word, other));
    match small.iter().filter(|word| is_in(word)).count() {
        0 => Employers::Other,
        hits if hits == small.len() => Employers::Same,
        hits if hits * 2 > small.len() => Employers::Near,
        _ => Employers::Other,
    }
}

/// Returns whether a word of one name is made of the first letters of the other name, or ends with a word of it ("UNHCR", "HCR").
fn is_acronym(one: &[String], other: &[String]) -> bool {
    static SKIPPED: Words = Words::of(|| {
        " de du des d la le les l et the of and en pour for aux au a ".split_ascii_whitespace().collect()
    });
    let all: String = other.iter().filter_map(|word| word.chars().next()).collect();
    let letters: String =
        other.iter().filter(|word| !SKIPPED.has(word)).filter_map(|word| word.chars().next()).collect();
    one.iter().any(|word| {
        word.len() >= 3
            && (letters.starts_with(word.as_str())
                || all.starts_with(word.as_str())
                || (letters.len() >= 3 && word.starts_with(&letters))
                || (word.len() <= 6
                    && other.iter().any(|other| {
                        other.len() >= 3 && other.len() < word.len() && word.ends_with(other.as_str())
                    })))
    })
}

//! Similarity of words, employers and texts.

use crate::sketch::{Sketch, stem};

/// Returns the share of the smaller set that the other set has too; `None` if one has fewer than `least`. Both are sorted.
pub(crate) fn overlap(a: &[u64], b: &[u64], least: usize) -> Option<f64> {
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if small.len() < least {
        return None;
    }
    let shared = small.iter().filter(|value| large.binary_search(value).is_ok()).count();
    #[allow(clippy::cast_precision_loss, reason = "a text has few thousand words")]
    Some(shared as f64 / small.len() as f64)
}

/// Returns the words of `a`'s title that `b`'s title lacks. Names of employers and places do not count, nor does one letter more or
/// less.
pub(crate) fn missing_of(a: &Sketch, b: &Sketch) -> Vec<String> {
    let is_place = |word: &str| {
        a.towns.iter().chain(&b.towns).any(|town| town.split(' ').any(|part| stem(part) == word))
    };
    // "Soudeur n° 3" of "Atelier 3" is not "Soudeur n° 7" of "Atelier 7".
    let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
    let is_employer =
        |word: &String| !is_number(word) && (a.employer.contains(word) || b.employer.contains(word));
    let told: Vec<&String> = a.title.iter().filter(|word| !is_place(word) && !is_employer(word)).collect();
    let told = if told.is_empty() { a.title.iter().collect() } else { told };
    told.into_iter().filter(|word| !b.title.iter().any(|other| is_near(word, other))).cloned().collect()
}

/// Returns whether two stems are one word: equal, one letter apart, or one begins with the other ("compta", "comptabl").
fn is_near(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    a == b || (short.len() >= 3 && long.len() >= 4 && long.starts_with(short)) || is_typo(short, long)
}

/// Returns whether one letter was added, left out, changed, or swapped with the next. False for words of fewer than five letters.
fn is_typo(short: &str, long: &str) -> bool {
    let (s, l) = (short.as_bytes(), long.as_bytes());
    if l.len() < 5 || l.len() - s.len() > 1 {
        return false;
    }
    let at = s.iter().zip(l).take_while(|(a, b)| a == b).count();
    let rest = |bytes: &[u8], from: usize| bytes.get(from..).unwrap_or_default().to_vec();
    if s.len() < l.len() {
        return rest(s, at) == rest(l, at + 1);
    }
    let swapped =
        s.get(at) == l.get(at + 1) && s.get(at + 1) == l.get(at) && rest(s, at + 2) == rest(l, at + 2);
    rest(s, at + 1) == rest(l, at + 1) || swapped
}

/// Returns how similar two employers are, from 0 to 1; `None` if one of them is unknown.
pub(crate) fn employers(a: &Sketch, b: &Sketch) -> Option<f64> {
    let (small, large) = if a.employer.len() <= b.employer.len() {
        (&a.employer, &b.employer)
    } else {
        (&b.employer, &a.employer)
    };
    if small.is_empty() {
        return None;
    }
    let is_short_for = |word: &String| {
        large
            .iter()
            .any(|other| is_near(word, other) || (word.len() <= 2 && other.starts_with(word.as_str())))
    };
    let hits = small.iter().filter(|word| is_short_for(word)).count();
    if hits == small.len() {
        return Some(if small.len() >= 2 || large.len() == 1 { 1.0 } else { 0.8 });
    }
    if is_acronym(&a.employer_words, &b.employer_words) || is_acronym(&b.employer_words, &a.employer_words) {
        return Some(0.9);
    }
    #[allow(clippy::cast_precision_loss, reason = "a name has few words")]
    let share = hits as f64 / small.len() as f64;
    Some(if share >= 0.6 && hits >= 2 { 0.7 } else { share / 2.0 })
}

/// Returns whether a word of one name is made of the first letters of the other name.
fn is_acronym(one: &[String], other: &[String]) -> bool {
    const SKIPPED: [&str; 13] =
        ["de", "du", "des", "d", "la", "le", "les", "l", "et", "the", "of", "and", "en"];
    let letters: String = other
        .iter()
        .filter(|word| !SKIPPED.contains(&word.as_str()))
        .filter_map(|word| word.chars().next())
        .collect();
    one.iter().any(|word| {
        word.len() >= 3
            && (letters.starts_with(word.as_str()) || (letters.len() >= 3 && word.starts_with(&letters)))
    })
}

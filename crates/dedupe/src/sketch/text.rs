//! What a text says, as samples of hashes.

use normalize::patterns;
use regex::Regex;

use super::{
    hash::{Sample, hash, joined, short},
    subjects::subject,
    words::{is_content, month_of, number_of, stem},
};

/// Most hashes of each kind in a sketch. Together they keep it below 2 kB, so that PostgreSQL stores it in the row.
const SHINGLES: usize = 160;
const WORDS: usize = 128;
const NAMES: usize = 40;
const SUBJECTS: usize = 48;
const NUMBERS: usize = 32;

patterns! {
    static NUMBER: Regex = r"\d{1,3}(?:[ .,]\d{3})+\b|\d{1,12}";
}

/// The parts of a text that are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    /// Runs of three words.
    pub(crate) shingles: Sample,
    /// Stems of its words of content.
    pub(crate) words: Sample,
    /// Names: words in capitals within a sentence.
    pub(crate) names: Sample,
    /// What the title and the text are about.
    pub(crate) subjects: Sample,
    /// Numbers above one, years and days left out; small ones also in words.
    pub(crate) numbers: Sample,
    /// Days that it names, as month × 32 + day.
    pub(crate) days: Vec<u32>,
}

impl Text {
    /// Returns the parts of a text. `folded` is the same text folded. `known` are stems that all posts of the employer or the town share;
    /// they are left out of its words and names.
    pub(crate) fn of(text: &str, folded: &str, known: &[&String]) -> Self {
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        let hashes: Vec<u64> = words.iter().map(|word| hash(word)).collect();
        let three = |run: &[u64]| run.iter().fold(0, |all, word| joined(all, *word));
        let shingles = hashes.windows(3).map(|run| short(three(run))).collect();
        let known: Vec<u32> = known.iter().map(|stem| short(hash(stem))).collect();
        let content = words.iter().filter(|word| is_content(word)).map(|word| short(hash(&stem(word))));
        let content = content.filter(|word| !known.contains(word));
        let mut names = names(text);
        names.retain(|name| !known.contains(name));
        let (days, of_days) = days(&words);
        Self {
            shingles: Sample::of(shingles, SHINGLES),
            words: Sample::of(content.collect(), WORDS),
            subjects: Sample::of(words.iter().filter_map(|word| subject(&stem(word))).collect(), SUBJECTS),
            names: Sample::of(names, NAMES),
            numbers: Sample::of(numbers(text, &words, &of_days), NUMBERS),
            days,
        }
    }
}

/// Returns the words in capitals that do not begin a sentence: names of people, places and products, the same in both languages.
fn names(text: &str) -> Vec<u32> {
    let (mut large, mut small) = (0_usize, 0_usize);
    for c in text.chars() {
        large += usize::from(c.is_uppercase());
        small += usize::from(c.is_lowercase());
    }
    // In a text in capitals nothing stands out.
    if large * 2 > small {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut begins = true;
    for token in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = token.trim_end_matches(|c: char| !c.is_alphanumeric());
        if word.chars().count() >= 3
            && word.chars().next().is_some_and(char::is_uppercase)
            && (!begins || word.chars().skip(1).all(|c| c.is_uppercase() || c.is_ascii_digit()))
        {
            let folded = normalize::text::fold(word);
            if is_content(&folded) && month_of(&folded).is_none() {
                all.push(short(hash(&stem(&folded))));
            }
        }
        if !word.is_empty() || token.contains(['\n', '•']) {
            begins = token.ends_with(['.', '!', '?', ':', '\n', '•', '«']);
        }
    }
    all
}

/// Returns the numbers above one without years and days. Groups of thousands are one number.
fn numbers(text: &str, words: &[&str], days: &[u64]) -> Vec<u32> {
    let value = |hit: regex::Match<'_>| hit.as_str().replace([' ', '.', ','], "").parse::<u64>().ok();
    let spelled = words.iter().filter_map(|word| number_of(word));
    NUMBER
        .find_iter(text)
        .filter_map(value)
        .chain(spelled)
        .filter(|number| *number > 1 && !(2_000..2_100).contains(number) && !days.contains(number))
        .map(number)
        .collect()
}

/// Returns the hash of a number in a text.
pub(crate) fn number(value: u64) -> u32 {
    short(value.wrapping_mul(0x9e37_79b9))
}

/// Returns the days that a text names with their month: "5 octobre", "October 5", "05/10/2026". Also returns their numbers.
fn days(words: &[&str]) -> (Vec<u32>, Vec<u64>) {
    let small = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        digits.parse::<u32>().ok().filter(|day| (1..=31).contains(day))
    };
    let mut all = Vec::new();
    for at in 0..words.len() {
        let [one, two] = [0, 1].map(|next| words.get(at + next).copied().unwrap_or_default());
        let month = |word: &str| month_of(word).map(u32::from);
        if let (Some(day), Some(month)) = (small(one), month(two)) {
            all.push(month * 32 + day);
        } else if let (Some(month), Some(day)) = (month(one), small(two)) {
            if small(one).is_none() && !two.bytes().all(|byte| byte == b'0') {
                all.push(month * 32 + day);
            }
        } else if let (Some(day), Ok(month)) = (small(one), two.parse::<u32>()) {
            let is_year = words.get(at + 2).is_some_and(|year| year.len() == 4 && year.starts_with("20"));
            if is_year && two.len() <= 2 && (1..=12).contains(&month) {
                all.push(month * 32 + day);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all.truncate(12);
    let numbers = all.iter().map(|day| u64::from(day % 32)).collect();
    (all, numbers)
}

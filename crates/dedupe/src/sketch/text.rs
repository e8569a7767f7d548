//! What a text says, as samples of hashes.

mod counts;

pub(crate) use self::counts::number;
use self::counts::{days, numbers};
use super::{
    hash::{Sample, hash, joined, short},
    subjects::subject,
    words::{hash_in_text, is_content, month_of, stem},
};

/// Most hashes of each kind in a sketch. Together they keep it below 2 kB, so that PostgreSQL stores it in the row.
const SHINGLES: usize = 160;
const WORDS: usize = 128;
const NAMES: usize = 40;
const SUBJECTS: usize = 48;
const NUMBERS: usize = 32;

/// The parts of a text that are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text {
    /// Runs of three words.
    pub(crate) shingles: Sample,
    /// Stems of its words of content, hashed by [`hash_in_text`].
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
        let known_words: Vec<u32> = known.iter().map(|stem| hash_in_text(stem)).collect();
        let known: Vec<u32> = known.iter().map(|stem| short(hash(stem))).collect();
        let content = words.iter().filter(|word| is_content(word)).map(|word| hash_in_text(&stem(word)));
        let content = content.filter(|word| !known_words.contains(word));
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

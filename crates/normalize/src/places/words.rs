//! Cuts a line of places into the longest names that the gazetteer has.

use super::gazetteer::{Entry, LONGEST, find};
use crate::text::fold;

/// What separates a name from the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// A space or a hyphen.
    None,
    /// A dash between spaces.
    Dash,
    /// A comma, a bracket, a colon, a slash or the start of the line.
    Mark,
    /// "et", "and", "ou", "&", "+" or ";" in a list.
    List,
}

/// A name, or an unknown word.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) entry: Option<Entry>,
    /// As the partner wrote it.
    pub(super) text: String,
    pub(super) gap: Gap,
    /// Whether "de", "du" or a hyphen without spaces precedes it: "Hauts-de-France".
    pub(super) is_bound: bool,
}

struct Word {
    folded: String,
    text: String,
    gap: Gap,
    hyphen: bool,
}

/// Returns the names and unknown words of a line. Fillers are left out and change only the gap.
pub(super) fn items(line: &str) -> Vec<Item> {
    let words = words(line);
    let mut items: Vec<Item> = Vec::new();
    let (mut at, mut gap, mut is_bound) = (0, Gap::None, false);
    while let Some(word) = words.get(at) {
        gap = gap.max(word.gap);
        let (entry, taken) = longest(&words, at);
        let end = at + taken;
        // "10 régions" is a name, and "2e" is a number.
        if entry == Some(Entry::Filler) || (is_number(&word.folded) && (entry.is_none() || taken == 1)) {
            if matches!(word.folded.as_str(), "et" | "and" | "ou" | "or") {
                gap = Gap::List;
            }
            is_bound = matches!(word.folded.as_str(), "de" | "d" | "du" | "des");
            at = end;
            continue;
        }
        let text: Vec<&str> = words
            .get(at..end)
            .unwrap_or_default()
            .iter()
            .map(|word| word.text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        items.push(Item { entry, text: text.join(" "), gap, is_bound: is_bound || word.hyphen });
        (gap, is_bound, at) = (Gap::None, false, end);
    }
    items
}

/// Returns the longest name that begins at a word without crossing a mark, and its number of words.
fn longest(words: &[Word], at: usize) -> (Option<Entry>, usize) {
    let same = words.iter().skip(at + 1).take(LONGEST - 1).take_while(|word| word.gap <= Gap::Dash).count();
    for taken in (1..=same + 1).rev() {
        let name: Vec<&str> =
            words.get(at..at + taken).unwrap_or_default().iter().map(|word| word.folded.as_str()).collect();
        if let Some(entry) = find(&name.join(" ")) {
            return (Some(entry), taken);
        }
    }
    (None, 1)
}

fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut gap = Gap::Mark;
    for piece in line.split_inclusive(|c: char| c.is_whitespace() || ",;/|()[]:+&>•·\n".contains(c)) {
        let text = piece.trim_end_matches(|c: char| c.is_whitespace() || ",;/|()[]:+&>•·".contains(c));
        let is_dash = !text.is_empty() && text.chars().all(|c| matches!(c, '-' | '\u{2013}' | '\u{2014}'));
        if is_dash {
            gap = gap.max(Gap::Dash);
        } else {
            // "N'Gaoundéré" and "Douala-Yaoundé" are two folded words each.
            for (at, part) in parts(text).into_iter().enumerate() {
                let (folded, shown, hyphen) = part;
                words.push(Word { folded, text: shown, gap: if at == 0 { gap } else { Gap::None }, hyphen });
            }
            if !fold(text).is_empty() {
                gap = Gap::None;
            }
        }
        gap = gap.max(match piece.chars().next_back() {
            Some('+' | '&' | ';') => Gap::List,
            Some(',' | '/' | '|' | '(' | ')' | '[' | ']' | ':' | '>' | '•' | '·') => Gap::Mark,
            _ => Gap::None,
        });
    }
    words
}

/// Returns the folded words of a piece, the text of each, and whether a hyphen precedes it.
fn parts(text: &str) -> Vec<(String, String, bool)> {
    let mut found = Vec::new();
    for (at, part) in text.split(['-', '\u{2010}', '\u{2011}', '\u{2013}']).enumerate() {
        let folded = fold(part);
        for (inner, word) in folded.split(' ').filter(|word| !word.is_empty()).enumerate() {
            let shown = if inner == 0 {
                part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
            } else {
                String::new()
            };
            found.push((word.to_owned(), shown, at > 0 && inner == 0));
        }
    }
    found
}

/// Returns whether a word numbers a part of a town or of a postal address: "1er", "2e", "iii", "5eme", "1234".
pub(super) fn is_number(word: &str) -> bool {
    let roman = word.trim_end_matches("eme").trim_end_matches("er").trim_end_matches(['e', 'r']);
    word.starts_with(|c: char| c.is_ascii_digit())
        || matches!(roman, "i" | "ii" | "iii" | "iv" | "v" | "vi" | "vii")
}

//! A line cut into numbers, words and marks; blanks between them do not count.

use chrono::Weekday;

use crate::text::fold;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Digits: their value and how many they are.
    Number(u64, usize),
    /// Letters, folded.
    Word(String),
    /// Anything else but a blank.
    Mark(char),
}

/// More pieces than this are no date but a text.
const MOST: usize = 120;

/// The pieces of a line.
pub(super) fn of(line: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next().filter(|_| tokens.len() < MOST) {
        let same = |c: char| {
            if first.is_ascii_digit() { c.is_ascii_digit() } else { first.is_alphabetic() && is_letter(c) }
        };
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len()).max(first.len_utf8());
        let (piece, after) = rest.split_at(end);
        rest = after;
        if first.is_ascii_digit() {
            // Nineteen digits do not fit every number; they are no part of a date either.
            tokens.push(Token::Number(piece.parse().unwrap_or(u64::MAX), piece.len()));
        } else if first.is_alphabetic() {
            tokens.extend(fold(piece).split(' ').map(|word| Token::Word(word.to_owned())));
        } else if !first.is_whitespace() && !is_apostrophe(first) {
            tokens.push(Token::Mark(if is_dash(first) { '-' } else { first }));
        }
    }
    tokens
}

/// Letters and the accents that follow them.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '`' | '´')
}

/// Months by their folded names and abbreviations, French and English.
const MONTHS: [&[&str]; 12] = [
    &["janvier", "janv", "jan", "january"],
    &["fevrier", "fevr", "fev", "february", "feb"],
    &["mars", "march", "mar"],
    &["avril", "avr", "april", "apr"],
    &["mai", "may"],
    &["juin", "june", "jun"],
    &["juillet", "juill", "juil", "july", "jul"],
    &["aout", "august", "aug"],
    &["septembre", "sept", "sep", "september"],
    &["octobre", "oct", "october"],
    &["novembre", "nov", "november"],
    &["decembre", "dec", "december"],
];

const DAYS: [(Weekday, [&str; 2]); 7] = [
    (Weekday::Mon, ["lundi", "monday"]),
    (Weekday::Tue, ["mardi", "tuesday"]),
    (Weekday::Wed, ["mercredi", "wednesday"]),
    (Weekday::Thu, ["jeudi", "thursday"]),
    (Weekday::Fri, ["vendredi", "friday"]),
    (Weekday::Sat, ["samedi", "saturday"]),
    (Weekday::Sun, ["dimanche", "sunday"]),
];

/// The month a folded word names, 1 to 12.
fn month(word: &str) -> Option<u32> {
    MONTHS.iter().position(|names| names.contains(&word)).and_then(|at| u32::try_from(at + 1).ok())
}

/// The day of the week a folded word names.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    DAYS.iter().find(|(_, names)| names.contains(&word)).map(|(day, _)| *day)
}

impl Token {
    /// The month it names.
    pub(super) fn month(&self) -> Option<u32> {
        self.word().and_then(month)
    }

    /// The word it is.
    pub(super) fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }

    /// A number of one or two digits.
    pub(super) fn short(&self) -> Option<u32> {
        if let Self::Number(value, 1 | 2) = self { u32::try_from(*value).ok() } else { None }
    }

    /// A number of four digits that can be a year.
    pub(super) fn year(&self) -> Option<i32> {
        if let Self::Number(value, 4) = self { i32::try_from(*value).ok() } else { None }
    }

    /// Whether it is one of these marks.
    pub(super) fn is_mark(&self, marks: &str) -> bool {
        matches!(self, Self::Mark(mark) if marks.contains(*mark))
    }
}

//! Cuts a line into numbers, words and marks. Spaces do not count.

use chrono::Weekday;

use crate::text::fold;

/// A token of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Digits: their value and their count.
    Number(u64, usize),
    /// Letters, folded.
    Word(String),
    /// Any other character except spaces.
    Mark(char),
}

/// Most tokens of a date. A line with more is a text.
const MOST: usize = 120;

/// Returns the tokens of a line.
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
            // So many digits may not fit. They are not part of a date either.
            tokens.push(Token::Number(piece.parse().unwrap_or(u64::MAX), piece.len()));
        } else if first.is_alphabetic() {
            tokens.extend(fold(piece).split(' ').map(|word| Token::Word(word.to_owned())));
        } else if !first.is_whitespace() && !is_apostrophe(first) {
            tokens.push(Token::Mark(if is_dash(first) { '-' } else { first }));
        }
    }
    tokens
}

/// Returns whether it is a letter, or an accent after a letter.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '`' | '´')
}

/// Months by their folded names and abbreviations, French and English, and by their names in Spanish and Portuguese.
const MONTHS: [&[&str]; 12] = [
    &["janvier", "janv", "jan", "january", "enero", "janeiro"],
    &["fevrier", "fevr", "fev", "february", "feb", "febrero", "fevereiro"],
    &["mars", "march", "mar", "marzo", "marco"],
    &["avril", "avr", "april", "apr", "abril"],
    &["mai", "may", "mayo", "maio"],
    &["juin", "june", "jun", "junio", "junho"],
    &["juillet", "juill", "juil", "july", "jul", "julio", "julho"],
    &["aout", "august", "aug", "agosto"],
    &["septembre", "sept", "sep", "september", "septiembre", "setiembre", "setembro"],
    &["octobre", "oct", "october", "octubre", "outubro"],
    &["novembre", "nov", "november", "noviembre", "novembro"],
    &["decembre", "dec", "december", "diciembre", "dic", "dezembro", "dez"],
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

/// Returns the month that a folded word names, 1 to 12.
fn month(word: &str) -> Option<u32> {
    MONTHS.iter().position(|names| names.contains(&word)).and_then(|at| u32::try_from(at + 1).ok())
}

/// Returns the day of the week that a folded word names.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    DAYS.iter().find(|(_, names)| names.contains(&word)).map(|(day, _)| *day)
}

impl Token {
    /// Returns the month it names.
    pub(super) fn month(&self) -> Option<u32> {
        self.word().and_then(month)
    }

    /// Returns its word.
    pub(super) fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }

    /// Returns its number if it has one or two digits.
    pub(super) fn short(&self) -> Option<u32> {
        if let Self::Number(value, 1 | 2) = self { u32::try_from(*value).ok() } else { None }
    }

    /// Returns its number if it has four digits and can be a year.
    pub(super) fn year(&self) -> Option<i32> {
        if let Self::Number(value, 4) = self { i32::try_from(*value).ok() } else { None }
    }

    /// Returns whether it is one of these marks.
    pub(super) fn is_mark(&self, marks: &str) -> bool {
        matches!(self, Self::Mark(mark) if marks.contains(*mark))
    }
}

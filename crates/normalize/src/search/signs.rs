//! A table of signs with beginnings of words: `weld*` stands for "welder" and "welding".

use std::{collections::HashMap, ops::Range};

/// Letters of a beginning by which it is looked up; shorter ones have their own length.
const KEY: usize = 3;

/// A table of signs.
pub(super) struct Signs {
    /// Signs by their first word.
    whole: HashMap<&'static str, Vec<Sign>>,
    /// Signs that begin with a beginning, by its first letters.
    begun: HashMap<&'static str, Vec<Sign>>,
}

struct Sign {
    words: Vec<Pattern>,
    code: &'static str,
}

enum Pattern {
    Word(&'static str),
    Beginning(&'static str),
}

/// A code that a text names, and the words that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) code: &'static str,
    pub(super) at: Range<usize>,
}

impl Pattern {
    fn of(word: &'static str) -> Self {
        word.strip_suffix('*').map_or(Self::Word(word), Self::Beginning)
    }

    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Word(whole) => *whole == word,
            Self::Beginning(begin) => word.starts_with(begin),
        }
    }
}

impl Sign {
    fn fits(&self, words: &[&str]) -> bool {
        words.len() >= self.words.len()
            && self.words.iter().zip(words).all(|(pattern, word)| pattern.fits(word))
    }
}

impl Signs {
    /// Parses a table with the code in its first column and the signs in `column`, separated by `|`.
    pub(super) fn of(table: &'static str, column: usize) -> Self {
        let mut signs = Self { whole: HashMap::new(), begun: HashMap::new() };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let (Some(code), Some(cell)) = (cells.clone().next(), cells.nth(column)) else { continue };
            for sign in cell.split('|') {
                let words: Vec<Pattern> =
                    sign.split(' ').filter(|word| !word.is_empty()).map(Pattern::of).collect();
                let list = match words.first() {
                    Some(Pattern::Word(word)) => signs.whole.entry(word).or_default(),
                    Some(Pattern::Beginning(begin)) => {
                        signs.begun.entry(begin.get(..KEY).unwrap_or(begin)).or_default()
                    }
                    None => continue,
                };
                list.push(Sign { words, code });
            }
        }
        signs
    }

    /// Returns the codes that folded words name, in their order. The longest sign at a word uses its words up; if signs of several
    /// codes are equally long in words, all count. A sign of the row `none` hides.
    pub(super) fn read(&self, words: &[&str]) -> Vec<Named> {
        let mut found: Vec<Named> = Vec::new();
        let mut at = 0;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let fitting: Vec<&Sign> = self.at(rest).collect();
            let long = fitting.iter().map(|sign| sign.words.len()).max().unwrap_or(0);
            let longest = || fitting.iter().filter(|sign| sign.words.len() == long);
            if longest().all(|sign| sign.code != "none") {
                let mut codes: Vec<&str> = longest().map(|sign| sign.code).collect();
                codes.sort_unstable();
                codes.dedup();
                found.extend(codes.into_iter().map(|code| Named { code, at: at..at + long }));
            }
            at += long.max(1);
        }
        found
    }

    /// The signs that begin with the first of these words.
    fn at<'t>(&'t self, words: &'t [&'t str]) -> impl Iterator<Item = &'t Sign> {
        let first = words.first().copied().unwrap_or_default();
        let begun = (1..=KEY).filter_map(|letters| self.begun.get(first.get(..letters)?)).flatten();
        self.whole.get(first).into_iter().flatten().chain(begun).filter(|sign| sign.fits(words))
    }
}

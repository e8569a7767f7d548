//! Years, quarters and half-years: "2028", "2027 - 2029", "Q4 2028", "2e trimestre 2027", "fin 2027".

use chrono::{Months, NaiveDate};

use super::{YEARS, tokens::Token};

/// Words that may stand beside a period without another meaning.
const BESIDE: [&str; 31] = [
    "fin", "end", "of", "de", "en", "l", "la", "le", "a", "au", "to", "jusqu", "until", "annee", "annees",
    "year", "du", "the", "by", "d", "dans", "in", "plus", "tard", "horizon", "proroge", "prolonge",
    "extended", "prevue", "prevu", "planned",
];
const ORDINALS: [&str; 9] = ["er", "e", "eme", "nd", "st", "rd", "th", "re", "ere"];

/// Returns the last day of the period that a line is; `None` if it has other words. A school year has no known end: "2027/2028".
pub(super) fn last_day(tokens: &[Token]) -> Option<NaiveDate> {
    let mut years: Vec<i32> = Vec::new();
    let mut part: Option<(u32, u32)> = None;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if let Some(year) = token.year().filter(|year| YEARS.contains(year)) {
            years.push(year);
            at += 1;
        } else if let Some((number, months, taken)) = part_of_year(tokens, at).filter(|_| part.is_none()) {
            part = Some((number, months));
            at += taken;
        } else if token.is_mark("-.,()")
            || (token.is_mark("/") && part.is_some() && years.is_empty())
            || token.word().is_some_and(|word| BESIDE.contains(&word))
        {
            at += 1;
        } else {
            return None;
        }
    }
    let month = match (part, years.as_slice()) {
        (None, [_]) => 12,
        (None, [first, last]) if first < last => 12,
        (Some((number, months)), [_]) if (1..=12 / months).contains(&number) => number * months,
        _ => return None,
    };
    let first = NaiveDate::from_ymd_opt(*years.last()?, month, 1)?;
    first.checked_add_months(Months::new(1))?.pred_opt()
}

/// Parses "Q4", "T2", "S1", "2e trimestre", "trimestre 2", "premier semestre" and "second half". Returns the number of the part, its
/// length in months, and how many tokens it takes.
fn part_of_year(tokens: &[Token], at: usize) -> Option<(u32, u32, usize)> {
    let word = |at: usize| tokens.get(at).and_then(Token::word).unwrap_or_default();
    let short = |at: usize| tokens.get(at).and_then(Token::short);
    let long = |word: &str| match word {
        "trimestre" | "trim" | "quarter" => Some(3),
        "semestre" | "sem" | "half" => Some(6),
        _ => None,
    };
    if let (Some(months), Some(number)) = (long(word(at)), short(at + 1)) {
        return Some((number, months, 2));
    }
    if let Some(number) = short(at + 1) {
        let months = match word(at) {
            "q" | "t" => 3,
            "s" | "h" => 6,
            _ => return None,
        };
        return Some((number, months, 2));
    }
    if matches!(word(at), "dernier" | "last")
        && let Some(months) = long(word(at + 1))
    {
        return Some((12 / months, months, 2));
    }
    let (number, taken) = match short(at) {
        Some(number) => (number, if ORDINALS.contains(&word(at + 1)) { 2 } else { 1 }),
        None => (ordinal(word(at))?, 1),
    };
    Some((number, long(word(at + taken))?, taken + 1))
}

fn ordinal(word: &str) -> Option<u32> {
    Some(match word {
        "premier" | "first" => 1,
        "second" | "deuxieme" => 2,
        "troisieme" | "third" => 3,
        "quatrieme" | "fourth" => 4,
        _ => return None,
    })
}

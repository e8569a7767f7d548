//! Parts of a month: "première quinzaine de janvier", "last week of June".

use super::{super::tokens::Token, find::Part};

/// Returns the part of the month that the words before its name are; the inner `None` if its days cannot be known: "1er lundi de".
#[allow(clippy::option_option, reason = "no part of a month, and a part without known days")]
pub(super) fn part_of_month(before: &[Token]) -> Option<Option<Part>> {
    let mut words = before.iter().rev().map(Token::word);
    if !matches!(words.next()?, Some("de" | "d" | "of" | "du" | "do")) {
        return None;
    }
    let (is_half, is_week) = match words.next()?? {
        "quinzaine" | "quincena" | "quinzena" | "fortnight" | "half" => (true, false),
        "semaine" | "week" | "semana" => (false, true),
        "decade" | "tiers" | "milieu" | "middle" | "courant" | "debut" | "beginning" | "start" => {
            (false, false)
        }
        word if super::super::tokens::weekday(word).is_some() => (false, false),
        _ => return None,
    };
    let number = |back: usize| before.len().checked_sub(back).and_then(|at| before.get(at));
    let ordinal = number(3).and_then(Token::word).unwrap_or_default();
    let is = |digit: u32, words: &[&str]| {
        words.contains(&ordinal) || (ordinal.len() <= 3 && number(4).and_then(Token::short) == Some(digit))
    };
    let is_first = is(1, &["premiere", "first", "primera", "primeira"]);
    let is_last = is(99, &["derniere", "last", "ultima"]);
    let is_second = is(2, &["deuxieme", "seconde", "second", "segunda"]);
    Some(match (is_half, is_week) {
        (true, _) if is_first => Some(Part::Within(1, 15)),
        (true, _) if is_second || is_last => Some(Part::Within(16, 31)),
        (_, true) if is_first => Some(Part::Within(1, 7)),
        (_, true) if is_second => Some(Part::Within(8, 14)),
        _ => None,
    })
}

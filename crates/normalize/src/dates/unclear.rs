//! Words on a last day that name none, and that do not say that it is over: "dans la limite des places", "15 jours", "rentrée 2027".

use chrono::{Datelike as _, NaiveDate};

use super::{
    YEARS,
    relative::{count, unit},
    tokens::{Token, weekday},
};

/// Beginnings of words that may say that it is over, folded. With them a line is not known to be open.
const OVER: [&str; 35] = [
    "clos",
    "clotur",
    "expir",
    "ferm",
    "pourv",
    "termin",
    "suspen",
    "annul",
    "archiv",
    "depass",
    "passe",
    "past",
    "over",
    "hier",
    "yesterday",
    "fini",
    "trop",
    "late",
    "complet",
    "rempli",
    "plein",
    "full",
    "gone",
    "forclos",
    "echu",
    "caduc",
    "vencid",
    "cerrad",
    "encerrad",
    "finaliz",
    "esgotad",
    "longer",
    "cancel",
    "filled",
    "ended",
];

/// Words of a denial: "plus de places", "no vacancies".
const NOT: [&str; 8] = ["non", "plus", "not", "no", "never", "false", "faux", "ne"];

/// Returns whether a line names a time that cannot be over, or none at all.
pub(super) fn is_open(tokens: &[Token], folded: &str, today: NaiveDate) -> bool {
    let mut words = folded.split(' ').filter(|word| word.starts_with(char::is_alphabetic));
    let may_be_over =
        words.clone().any(|word| NOT.contains(&word) || OVER.iter().any(|sign| word.starts_with(sign)));
    if may_be_over || tokens.is_empty() {
        return false;
    }
    if let [length, Token::Word(of)] = tokens
        && count(length).is_some()
        && unit(of).is_some()
    {
        return true;
    }
    let names_day = |word: &str| weekday(word).is_some() || matches!(word, "weekend" | "jour" | "day");
    let numbers = tokens.iter().any(|token| matches!(token, Token::Number(..)));
    if !numbers {
        // A word of two letters is a code that nobody explained.
        return words.clone().any(|word| word.len() > 3)
            && !words.any(names_day)
            && !tokens.iter().any(|token| token.month().is_some());
    }
    is_of_coming_year(tokens, today) || is_within_coming_month(tokens, today)
}

/// Returns whether a line names a day of the week or a week of a month that is to come: "1er lundi de janvier 2027".
fn is_within_coming_month(tokens: &[Token], today: NaiveDate) -> bool {
    let word = |token: &Token, names: &dyn Fn(&str) -> bool| token.word().is_some_and(names);
    let names_part = |name: &str| {
        weekday(name).is_some() || matches!(name, "semaine" | "week" | "semana" | "quinzaine" | "decade")
    };
    let year = tokens.iter().find_map(Token::year).filter(|year| YEARS.contains(year));
    let month = tokens.iter().find_map(Token::month);
    let numbers = tokens.iter().filter(|token| matches!(token, Token::Number(..))).count();
    tokens.iter().any(|token| word(token, &names_part))
        && numbers <= 2
        && year.zip(month).is_some_and(|next| next >= (today.year(), today.month()))
}

/// Returns whether the numbers of a line are years, the last one to come: "rentrée 2027", "2026/2027", "saison 2026-27".
fn is_of_coming_year(tokens: &[Token], today: NaiveDate) -> bool {
    let mut last: Option<i32> = None;
    for token in tokens {
        match (token, token.year().filter(|year| YEARS.contains(year)), last) {
            (_, Some(year), _) => last = Some(year.max(last.unwrap_or(year))),
            (Token::Number(two, 2), _, Some(year))
                if i64::try_from(*two) == Ok(i64::from((year + 1) % 100)) =>
            {
                last = Some(year + 1);
            }
            (Token::Number(..), ..) => return false,
            _ if token.month().is_some() => return false,
            _ => (),
        }
    }
    last.is_some_and(|year| year > today.year())
}

//! Words of the digest.

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Africa::Douala;

use crate::lang::Lang;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];

/// Returns what a kind is called.
pub(super) fn kind(language: Lang, code: &str) -> String {
    language.word("kinds", code).to_lowercase()
}

/// Returns what a state of runs is called.
pub(super) fn state(language: Lang, code: &str) -> String {
    language.word("run_states", code).to_lowercase()
}

/// Returns what a region is called; one abroad by its code.
pub(super) fn region(language: Lang, code: &str) -> String {
    language.word("regions", code).to_owned()
}

/// Returns a number with what it counts, which reads alike for one and for many.
pub(super) fn named(count: i64, what: &str) -> String {
    format!("{what} {count}")
}

/// Returns a number behind a heading.
pub(super) fn count(language: Lang, total: i64) -> String {
    language.text(&format!(" : {total}"), &format!(": {total}"))
}

/// Returns a text that begins with a capital.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Returns the day in Douala, as people say it.
pub(super) fn day(language: Lang, at: DateTime<Utc>) -> String {
    let day = at.with_timezone(&Douala).date_naive();
    let word = |list: &[&str], at: u32| {
        usize::try_from(at).ok().and_then(|at| list.get(at).copied()).unwrap_or_default().to_owned()
    };
    match language {
        Lang::En => day.format("%A %-d %B").to_string(),
        Lang::Fr => format!(
            "{} {} {}",
            word(&DAYS, day.weekday().num_days_from_monday()),
            day.day(),
            word(&MONTHS, day.month0())
        ),
    }
}

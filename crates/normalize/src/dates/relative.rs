//! Times relative to today: "hier", "il y a 3 semaines", "dans 5 jours", "J-5".

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

use super::{
    Moment, Role, Said,
    prose::{Clock, clock},
    tokens::{Token, weekday},
};
use crate::numbers;

/// Returns the day that the line names relative to now.
pub(super) fn read(tokens: &[Token], now: NaiveDateTime, role: Role) -> Option<Said> {
    let words: Vec<&str> = tokens.iter().filter_map(Token::word).collect();
    let today = now.date();
    // "Dès maintenant", "à partir d'aujourd'hui": an opening is not a last day.
    let opens = words.first() == Some(&"des") || words.iter().any(|word| matches!(*word, "partir" | "from"));
    if role.is_last() && opens && near(&words, today).is_some() {
        return Some(Said::Nothing);
    }
    let day =
        near(&words, today).or_else(|| of_week(&words, today)).or_else(|| counted(tokens, &words, now))?;
    let time = (0..tokens.len()).find_map(|at| clock(tokens, at));
    Some(match time {
        Some((Clock::Time(time), _)) if near(&words, today).is_some() => {
            Said::Date(Moment::Local(day.and_time(time)))
        }
        _ => Said::Date(Moment::Day(day)),
    })
}

fn has(words: &[&str], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|window| window == phrase)
}

fn shifted(today: NaiveDate, days: i64) -> Option<NaiveDate> {
    today.checked_add_signed(TimeDelta::try_days(days)?)
}

/// Parses days with a name of their own.
fn near(words: &[&str], today: NaiveDate) -> Option<NaiveDate> {
    const NAMES: [(&[&str], i64); 13] = [
        (&["aujourd", "hui"], 0),
        (&["aujourdhui"], 0),
        (&["today"], 0),
        (&["a", "l", "instant"], 0),
        (&["just", "now"], 0),
        (&["ce", "jour"], 0),
        (&["avant", "hier"], -2),
        (&["hier"], -1),
        (&["yesterday"], -1),
        (&["apres", "demain"], 2),
        (&["demain"], 1),
        (&["tomorrow"], 1),
        (&["maintenant"], 0),
    ];
    NAMES.into_iter().find(|(name, _)| has(words, name)).and_then(|(_, days)| shifted(today, days))
}

/// Parses "lundi dernier" and "next Monday".
fn of_week(words: &[&str], today: NaiveDate) -> Option<NaiveDate> {
    let day = words.iter().find_map(|word| weekday(word))?;
    let ahead = i64::from(day.days_since(today.weekday()));
    if words.iter().any(|word| matches!(*word, "dernier" | "last")) {
        shifted(today, if ahead == 0 { -7 } else { ahead - 7 })
    } else if words.iter().any(|word| matches!(*word, "prochain" | "next")) {
        shifted(today, if ahead == 0 { 7 } else { ahead })
    } else {
        None
    }
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

/// Returns the unit that a folded word names.
pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match word {
        "minute" | "minutes" | "min" | "mins" | "m" | "seconde" | "secondes" | "second" | "seconds" => {
            Unit::Minutes
        }
        "heure" | "heures" | "hour" | "hours" | "h" | "hr" | "hrs" => Unit::Hours,
        "jour" | "jours" | "day" | "days" | "j" | "d" => Unit::Days,
        "semaine" | "semaines" | "week" | "weeks" | "sem" | "w" => Unit::Weeks,
        "mois" | "month" | "months" | "mo" => Unit::Months,
        "an" | "ans" | "annee" | "annees" | "year" | "years" | "y" => Unit::Years,
        _ => return None,
    })
}

fn spelled(word: &str) -> Option<u32> {
    if matches!(word, "a" | "an") { Some(1) } else { numbers::of(word).map(u32::from) }
}

/// Largest number in such words.
const FARTHEST: u32 = 999;

/// Returns the number that a token is.
pub(super) fn count(token: &Token) -> Option<u32> {
    match token {
        Token::Number(value, _) => u32::try_from(*value).ok().filter(|value| *value <= FARTHEST),
        Token::Word(word) => spelled(word),
        Token::Mark(_) => None,
    }
}

/// Parses "il y a 3 semaines", "2 days ago", "dans 3 jours", "3 days left" and "J-5". The direction must be given.
fn counted(tokens: &[Token], words: &[&str], now: NaiveDateTime) -> Option<NaiveDate> {
    let today = now.date();
    if let [Token::Word(j), Token::Mark('-'), days] = tokens
        && j == "j"
    {
        return shifted(today, i64::from(days.short()?));
    }
    let past = has(words, &["il", "y", "a"]) || words.iter().any(|word| matches!(*word, "ago" | "depuis"));
    let future = words.iter().any(|word| matches!(*word, "dans" | "in" | "left" | "reste"))
        || has(words, &["plus", "que"]);
    if past == future {
        return None;
    }
    // The "a" of "il y a" is not a number.
    let begin = tokens.windows(3).position(|three| {
        let is = |at: usize, word: &str| three.get(at).and_then(Token::word) == Some(word);
        is(0, "il") && is(1, "y") && is(2, "a")
    });
    let told = tokens.get(begin.map_or(0, |at| at + 3)..)?;
    let (count, unit) = told.iter().enumerate().find_map(|(at, token)| {
        let count = count(token)?;
        // "30+ days".
        let behind = told.get(at + 1..)?.iter().find(|token| !token.is_mark("+"))?;
        Some((count, unit(behind.word()?)?))
    })?;
    moved(now, count, unit, future)
}

/// Returns the day that many units from now.
pub(super) fn moved(now: NaiveDateTime, count: u32, unit: Unit, future: bool) -> Option<NaiveDate> {
    let today = now.date();
    let days = |days: u64| {
        if future { today.checked_add_days(Days::new(days)) } else { today.checked_sub_days(Days::new(days)) }
    };
    let months = |months: u32| {
        if future {
            today.checked_add_months(Months::new(months))
        } else {
            today.checked_sub_months(Months::new(months))
        }
    };
    match unit {
        // "il y a 18 heures" is yesterday before six in the evening; "dans 48 heures" is in two days.
        Unit::Hours if future => days(u64::from(count / 24)),
        Unit::Hours => now.checked_sub_signed(TimeDelta::try_hours(i64::from(count))?).map(|at| at.date()),
        Unit::Minutes => Some(today),
        Unit::Days => days(u64::from(count)),
        Unit::Weeks => days(7 * u64::from(count)),
        Unit::Months => months(count),
        Unit::Years => months(12 * count),
    }
}

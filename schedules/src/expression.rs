//! A cron line, and the wall-clock readings it names.

use std::{collections::BTreeSet, iter, ops::Range};

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta};
use cron::Schedule;

use crate::{
    error::BadCron,
    field::{FIELDS, Field},
};

/// A cron line, compiled. It knows calendars, not time zones: its times are what a clock on the wall shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression {
    /// One; two where the line names a day of month *or* a day of week, which one `Schedule` cannot say.
    schedules: Vec<Schedule>,
}

impl Expression {
    /// Reads the five fields of a crontab(5) line.
    pub(crate) fn read(text: &str) -> Result<Self, BadCron> {
        let words = words(text);
        let found = words.len();
        let [minute, hour, day, month, weekday] =
            <[(usize, &str); 5]>::try_from(words).map_err(|_| BadCron::Fields(found))?;
        let [minutes, hours, days, months, weekdays] = &FIELDS;
        let time = format!("0 {} {}", set(minutes, minute)?, set(hours, hour)?);
        let month = set(months, month)?;
        let (days, weekdays) = (set(days, day)?, weekday_set(weekdays, weekday)?);
        // Vixie cron's rule, to the letter: a field that *begins* with a star does not restrict, and
        // only where both restrict is either enough. So `*/2` and a weekday must both hold.
        let either = !day.1.starts_with('*') && !weekday.1.starts_with('*');
        let lines = if either {
            vec![format!("{time} {days} {month} *"), format!("{time} * {month} {weekdays}")]
        } else {
            vec![format!("{time} {days} {month} {weekdays}")]
        };
        let schedules: Result<Vec<Schedule>, _> = lines.iter().map(|line| line.parse()).collect();
        let expression = Self { schedules: schedules.map_err(|_| BadCron::Never)? };
        // Any four years with a 29 February show every day that ever comes.
        expression.next(DateTime::UNIX_EPOCH.naive_utc()).map(|_| expression).ok_or(BadCron::Never)
    }

    /// The readings after `from`, earliest first.
    pub(crate) fn after(&self, from: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        iter::successors(self.next(from), |&reading| self.next(reading))
    }

    /// The readings at or before `upto`, latest first.
    pub(crate) fn back_from(&self, upto: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        // Readings are whole minutes, so none lies between `upto` and a second later that is not `upto`.
        let past = upto.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(upto);
        iter::successors(self.previous(past), |&reading| self.previous(reading))
    }

    fn next(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        let from = known(from)?.and_utc();
        let next = |schedule: &Schedule| schedule.after(&from).next();
        self.schedules.iter().filter_map(next).min().and_then(|reading| known(reading.naive_utc()))
    }

    fn previous(&self, before: NaiveDateTime) -> Option<NaiveDateTime> {
        let before = known(before)?.and_utc();
        let previous = |schedule: &Schedule| schedule.after(&before).next_back();
        self.schedules.iter().filter_map(previous).max().and_then(|reading| known(reading.naive_utc()))
    }
}

/// Calendars are walked from 1970 to 2099: the crate's own bounds, and far from where chrono overflows.
fn known(reading: NaiveDateTime) -> Option<NaiveDateTime> {
    (1970..2100).contains(&reading.year()).then_some(reading)
}

/// The words of a line, with the byte offset of each.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut offset = 0;
    let mut words = Vec::new();
    for piece in text.split_inclusive([' ', '\t']) {
        let word = piece.trim_end_matches([' ', '\t']);
        if !word.is_empty() {
            words.push((offset, word));
        }
        offset += piece.len();
    }
    words
}

fn numbers(field: &Field, (at, word): (usize, &str)) -> Result<BTreeSet<u32>, BadCron> {
    let span: Range<usize> = at..at + word.len();
    field.read(word).map_err(|reason| BadCron::Field { field: field.name, reason, span })
}

/// A field as the crate reads it: every number spelt out.
fn set(field: &Field, word: (usize, &str)) -> Result<String, BadCron> {
    numbers(field, word).map(spelt)
}

/// A day of week as the crate reads it: Sunday, crontab's 0 and 7, is its 1.
fn weekday_set(field: &Field, word: (usize, &str)) -> Result<String, BadCron> {
    let days = numbers(field, word)?;
    Ok(spelt(days.into_iter().map(|day| day % 7 + 1).collect()))
}

fn spelt(numbers: BTreeSet<u32>) -> String {
    numbers.into_iter().map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
#[path = "tests/expression.rs"]
mod tests;

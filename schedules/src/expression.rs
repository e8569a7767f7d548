//! A cron line, and the wall-clock readings that it matches.

use std::iter;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use croner::{
    Cron, Direction,
    parser::{CronParser, Seconds, Year},
};

use crate::{error::BadCron, field::FIELDS};

/// The years for which there are ticks: those of [`known`].
const YEARS: &str = "1970-2099";

/// A compiled cron line. It knows the calendar and no time zone: its times are what a wall clock shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression(Cron);

// `Cron` compares sets of numbers, so its equality is total, though it does not declare it.
impl Eq for Expression {}

impl Expression {
    /// Parses the five fields of a crontab(5) line.
    pub(crate) fn read(text: &str) -> Result<Self, BadCron> {
        let words = words(text);
        let found = words.len();
        let words = <[(usize, &str); 5]>::try_from(words).map_err(|_| BadCron::Fields(found))?;
        // Checked here, because `croner` has a wider dialect and its errors do not name the place.
        for (field, (at, word)) in FIELDS.iter().zip(words) {
            field.read(word).map_err(|reason| BadCron::Field {
                field: field.name,
                reason,
                span: at..at + word.len(),
            })?;
        }
        let [minute, hour, day, month, weekday] = words.map(|(_, word)| word);
        // Vixie cron's rule, to the letter: a field that *begins* with a star does not restrict. One matching field is enough
        // only if both restrict, so `*/2` and a weekday must both match.
        let both = day.starts_with('*') || weekday.starts_with('*');
        let parser =
            CronParser::builder().seconds(Seconds::Required).year(Year::Required).dom_and_dow(both).build();
        let line = format!("0 {minute} {hour} {day} {month} {weekday} {YEARS}");
        let expression = Self(parser.parse(&line).map_err(|_| BadCron::Never)?);
        // A day that never comes has no reading in all of these years.
        expression.next(DateTime::UNIX_EPOCH.naive_utc()).map(|_| expression).ok_or(BadCron::Never)
    }

    /// The readings after `from`, earliest first.
    pub(crate) fn after(&self, from: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        iter::successors(self.next(from), |&reading| self.next(reading))
    }

    /// The readings at or before `upto`, latest first.
    pub(crate) fn back_from(&self, upto: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
        iter::successors(self.find(upto, true, Direction::Backward), |&reading| {
            self.find(reading, false, Direction::Backward)
        })
    }

    fn next(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        self.find(from, false, Direction::Forward)
    }

    fn find(&self, from: NaiveDateTime, inclusive: bool, direction: Direction) -> Option<NaiveDateTime> {
        // Readings are whole minutes, so fractions of a second do not matter.
        let from = known(from)?.with_nanosecond(0)?.and_utc();
        let found = match direction {
            Direction::Forward => self.0.find_next_occurrence(&from, inclusive),
            Direction::Backward => self.0.find_previous_occurrence(&from, inclusive),
        };
        found.ok().map(|reading| reading.naive_utc())
    }
}

/// Returns readings from 1970 to 2099 only, far from where chrono overflows.
fn known(reading: NaiveDateTime) -> Option<NaiveDateTime> {
    (1970..2100).contains(&reading.year()).then_some(reading)
}

/// Returns the words of a line, with the byte offset of each.
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

#[cfg(test)]
#[path = "tests/expression.rs"]
mod tests;

//! A cron line, and the wall-clock readings it names.

use std::iter;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};
use croner::{
    Cron, Direction,
    parser::{CronParser, Seconds, Year},
};

use crate::{error::BadCron, field::FIELDS};

/// The years that are walked: those of [`known`].
const YEARS: &str = "1970-2099";

/// A cron line, compiled. It knows calendars, not time zones: its times are what a clock on the wall shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression(Cron);

// `Cron` compares sets of numbers, without saying so.
impl Eq for Expression {}

impl Expression {
    /// Reads the five fields of a crontab(5) line.
    pub(crate) fn read(text: &str) -> Result<Self, BadCron> {
        let words = words(text);
        let found = words.len();
        let words = <[(usize, &str); 5]>::try_from(words).map_err(|_| BadCron::Fields(found))?;
        // Checked here: `croner` has a wider dialect, and its refusals do not name the place.
        for (field, (at, word)) in FIELDS.iter().zip(words) {
            field.read(word).map_err(|reason| BadCron::Field {
                field: field.name,
                reason,
                span: at..at + word.len(),
            })?;
        }
        let [minute, hour, day, month, weekday] = words.map(|(_, word)| word);
        // Vixie cron's rule, to the letter: a field that *begins* with a star does not restrict, and
        // only where both restrict is either enough. So `*/2` and a weekday must both hold.
        let both = day.starts_with('*') || weekday.starts_with('*');
        let parser =
            CronParser::builder().seconds(Seconds::Required).year(Year::Required).dom_and_dow(both).build();
        let line = format!("0 {minute} {hour} {day} {month} {weekday} {YEARS}");
        let expression = Self(parser.parse(&line).map_err(|_| BadCron::Never)?);
        // Any four years with a 29 February show every day that ever comes.
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
        // Readings are whole minutes: what is left of a second does not matter.
        let from = known(from)?.with_nanosecond(0)?.and_utc();
        let found = match direction {
            Direction::Forward => self.0.find_next_occurrence(&from, inclusive),
            Direction::Backward => self.0.find_previous_occurrence(&from, inclusive),
        };
        found.ok().map(|reading| reading.naive_utc())
    }
}

/// Calendars are walked from 1970 to 2099: far from where chrono overflows.
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

#[cfg(test)]
#[path = "tests/expression.rs"]
mod tests;

//! Dates in words, French and English.
//!
//! The clock is the page's fetch time, handed in: "hier" read again next year is the same day. Where no zone is given, it
//! is that of Cameroon, an hour ahead of UTC all year.

mod forms;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};

use crate::text::clean_line;

/// Words that no rule reads as a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the date {0:?} cannot be read")]
pub struct UnreadableDate(pub String);

/// Years a partner can mean; others are typing errors.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// What a form of words gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// With its zone.
    Instant(DateTime<Utc>),
    /// Without a zone.
    Local(NaiveDateTime),
    /// A day.
    Day(NaiveDate),
}

/// Africa/Douala: UTC+1, no summer time (IANA time zone database).
pub(crate) fn douala() -> FixedOffset {
    FixedOffset::east_opt(3_600).unwrap_or_else(|| Utc.fix_offset())
}

trait FixOffset {
    fn fix_offset(&self) -> FixedOffset;
}

impl FixOffset for Utc {
    fn fix_offset(&self) -> FixedOffset {
        chrono::Offset::fix(self)
    }
}

/// The instant the words name; a day is its begin in Africa/Douala.
pub fn read_instant(words: &str, fetched_at: DateTime<Utc>) -> Result<DateTime<Utc>, UnreadableDate> {
    let local = match moment(words, fetched_at)? {
        Moment::Instant(at) => return Ok(at),
        Moment::Local(at) => at,
        Moment::Day(day) => day.and_time(NaiveTime::MIN),
    };
    douala().from_local_datetime(&local).single().map(|at| at.to_utc()).ok_or_else(|| unreadable(words))
}

/// The day the words name, in Africa/Douala. Of a span ("Du … au …") it is the last.
pub fn read_day(words: &str, fetched_at: DateTime<Utc>) -> Result<NaiveDate, UnreadableDate> {
    Ok(match moment(words, fetched_at)? {
        Moment::Instant(at) => at.with_timezone(&douala()).date_naive(),
        Moment::Local(at) => at.date(),
        Moment::Day(day) => day,
    })
}

fn moment(words: &str, fetched_at: DateTime<Utc>) -> Result<Moment, UnreadableDate> {
    let line = clean_line(words);
    let today = fetched_at.with_timezone(&douala()).date_naive();
    let found = forms::machine(&line).or_else(|| forms::prose(&line, today));
    found.filter(is_plausible).ok_or_else(|| unreadable(words))
}

fn is_plausible(moment: &Moment) -> bool {
    use chrono::Datelike as _;
    let year = match moment {
        Moment::Instant(at) => at.year(),
        Moment::Local(at) => at.year(),
        Moment::Day(day) => day.year(),
    };
    YEARS.contains(&year)
}

fn unreadable(words: &str) -> UnreadableDate {
    UnreadableDate(words.chars().take(200).collect())
}

#[cfg(test)]
mod tests;

//! Dates in words, French and English.
//!
//! The clock is the fetch time of the page, an argument: "hier" is the same day when the page is parsed again next year. A time without a
//! zone is in Cameroon's, one hour ahead of UTC all year.
//!
//! Four modules try a line in turn: forms of machines (`machine`), days named in it (`prose`), times relative to today (`relative`), and
//! words for "no date" (`absent`). `period` and `deadline` parse what is left of ends and of last days to answer.

mod absent;
mod deadline;
mod machine;
mod period;
mod prose;
mod relative;
mod tokens;
mod unclear;

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};

use crate::text::clean_line;

pub(crate) use deadline::is_over;
pub use deadline::{Deadline, read_deadline};

/// Words that no rule can parse as a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the date {0:?} cannot be read")]
pub struct UnreadableDate(pub String);

/// Years that a partner can mean. Others are typing errors.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// What a date is for. It decides which of two dates in a line counts, and the year of a date without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Publication: the start of a span, never in the future.
    Posted,
    /// The day something begins: the start of a span, possibly in the future.
    Starts,
    /// The last day to answer: the end of a span.
    Closes,
    /// The last day of what it offers: the end of a span.
    Ends,
}

impl Role {
    /// Returns whether it is a last day.
    fn is_last(self) -> bool {
        matches!(self, Self::Closes | Self::Ends)
    }
}

/// A date or a time, as exact as the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// With its zone.
    Instant(DateTime<FixedOffset>),
    /// Without a zone.
    Local(NaiveDateTime),
    /// A day.
    Day(NaiveDate),
}

impl Moment {
    fn day(&self) -> NaiveDate {
        match self {
            Self::Instant(at) => at.date_naive(),
            Self::Local(at) => at.date(),
            Self::Day(day) => *day,
        }
    }
}

/// The meaning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// A date.
    Date(Moment),
    /// No date: "dès que possible", "0000-00-00".
    Nothing,
    /// A date of something else: "postulez avant le 13/06" is not a publication.
    Another,
    /// An impossible date: "31/02/2026".
    Impossible,
}

/// Africa/Douala: UTC+1, no summer time (IANA time zone database).
fn douala() -> FixedOffset {
    FixedOffset::east_opt(3_600).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// Parses when something was published. A day counts from its start in Africa/Douala, and a span ("Du … au …") from its start. A date
/// without a year is the nearest one that is not in the future. `Ok(None)`: the words mean "no date".
pub fn read_instant(words: &str, fetched_at: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, UnreadableDate> {
    let local = match moment(words, fetched_at, Role::Posted)? {
        None => return Ok(None),
        Some(Moment::Instant(at)) => return Ok(Some(at.to_utc())),
        Some(Moment::Local(at)) => at,
        Some(Moment::Day(day)) => day.and_time(NaiveTime::MIN),
    };
    let at = douala().from_local_datetime(&local).single().ok_or_else(|| unreadable(words))?;
    Ok(Some(at.to_utc()))
}

/// Parses the last day to answer, in Africa/Douala. A span gives its end. Midnight in the zone of the words gives the day as written.
/// `Ok(None)`: the words mean "no date".
pub fn read_day(words: &str, fetched_at: DateTime<Utc>) -> Result<Option<NaiveDate>, UnreadableDate> {
    Ok(moment(words, fetched_at, Role::Closes)?.map(day_here))
}

/// Parses the day something begins, in Africa/Douala. A span gives its start, a month its first day. `Ok(None)`: the words mean "no
/// date".
pub fn read_first_day(words: &str, fetched_at: DateTime<Utc>) -> Result<Option<NaiveDate>, UnreadableDate> {
    Ok(moment(words, fetched_at, Role::Starts)?.map(day_here))
}

/// Parses the last day of what is offered, in Africa/Douala. A span, a year, a quarter or a half-year gives its end, and a start with its
/// length the day computed. `Ok(None)`: the words mean "no date", or only the start.
pub fn read_last_day(words: &str, fetched_at: DateTime<Utc>) -> Result<Option<NaiveDate>, UnreadableDate> {
    moment(words, fetched_at, Role::Ends)
        .map(|read| read.map(day_here))
        .or_else(|refused| period::last_day(&tokens::of(&clean_line(words))).map(Some).ok_or(refused))
}

/// Returns the day of an instant in Africa/Douala.
pub fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&douala()).date_naive()
}

fn day_here(moment: Moment) -> NaiveDate {
    match moment {
        Moment::Instant(at) if at.time() == NaiveTime::MIN => at.date_naive(),
        Moment::Instant(at) => at.with_timezone(&douala()).date_naive(),
        other => other.day(),
    }
}

fn moment(words: &str, fetched_at: DateTime<Utc>, role: Role) -> Result<Option<Moment>, UnreadableDate> {
    let line = clean_line(words);
    if line.is_empty() {
        return Ok(None);
    }
    let now = fetched_at.with_timezone(&douala()).naive_local();
    let today = now.date();
    let said = machine::read(&line).or_else(|| {
        let tokens = tokens::of(&line);
        let named = prose::read(&tokens, today, role);
        let is_another = named == Some(Said::Another);
        named
            .filter(|_| !is_another)
            .or_else(|| relative::read(&tokens, now, role))
            .or_else(|| (is_another || absent::read(&line)).then_some(Said::Nothing))
    });
    match said {
        Some(Said::Nothing) => Ok(None),
        Some(Said::Date(moment)) if is_zero(moment.day()) => Ok(None),
        Some(Said::Date(moment)) if YEARS.contains(&moment.day().year()) => Ok(Some(moment)),
        _ => Err(unreadable(words)),
    }
}

/// Returns whether systems print the day for "never" or for an empty date.
fn is_zero(day: NaiveDate) -> bool {
    matches!((day.year(), day.month(), day.day()), (1 | 1900 | 1970, 1, 1) | (2101.., ..))
}

fn unreadable(words: &str) -> UnreadableDate {
    UnreadableDate(words.chars().take(200).collect())
}

#[cfg(test)]
mod tests;

//! When it was published, begins, ends and closes, by the partner's fields.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Draft, Reason, quality::Doubt};

use super::Context;
use crate::{
    dates::{self, Deadline, UnreadableDate},
    text::fold,
};

/// The times of an opportunity.
#[derive(Debug, Default)]
pub(super) struct When {
    pub(super) posted_at: Option<DateTime<Utc>>,
    pub(super) starts_on: Option<NaiveDate>,
    pub(super) ends_on: Option<NaiveDate>,
    pub(super) closes_on: Option<NaiveDate>,
    /// Whether the field of the last day says that it is closed.
    pub(super) is_over: bool,
}

/// Parses the fields. Words on the start and the end that name no day are a doubt, and so are those on a last day that is to come. An
/// impossible last day rejects the record: it may be over.
pub(super) fn read(draft: &Draft, context: &Context, doubts: &mut Vec<Doubt>) -> Result<When, Reason> {
    let fetched_at = context.fetched_at;
    let posted_at = dates::read_instant(draft.posted_at.as_deref().unwrap_or_default(), fetched_at)
        .map_err(|bad| refused("posted_at", &bad))?;
    let mut when = When { posted_at, ..When::default() };
    when.starts_on = dates::read_first_day(draft.starts_at.as_deref().unwrap_or_default(), fetched_at)
        .unwrap_or_else(|_| doubtful(doubts, Doubt::UnreadableStart));
    match dates::read_last_day(draft.ends_at.as_deref().unwrap_or_default(), fetched_at) {
        Ok(day) => when.ends_on = day,
        // "Terminé", "achevé": what has ended is over.
        Err(words) if dates::is_over(&words.0, &fold(&words.0)) => when.is_over = true,
        Err(_) => when.ends_on = doubtful(doubts, Doubt::UnreadableEnd),
    }
    let posted_on = posted_at.map(dates::day_of);
    match dates::read_deadline(draft.closes_at.as_deref().unwrap_or_default(), fetched_at, posted_on)
        .map_err(|bad| refused("closes_at", &bad))?
    {
        Deadline::Day(day) => when.closes_on = day,
        Deadline::Closed => when.is_over = true,
        Deadline::Unclear => when.closes_on = doubtful(doubts, Doubt::UnreadableEnd),
    }
    Ok(when)
}

fn refused(field: &str, words: &UnreadableDate) -> Reason {
    Reason::UnreadableDate(format!("{field}: {}", words.0))
}

fn doubtful(doubts: &mut Vec<Doubt>, doubt: Doubt) -> Option<NaiveDate> {
    if !doubts.contains(&doubt) {
        doubts.push(doubt);
    }
    None
}

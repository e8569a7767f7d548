//! What days say: prolonged posts and new campaigns.

use chrono::Datelike as _;
use domain::Kind;

use crate::{Sketch, evidence::Level, sketch::Day};

/// Days within which a post that comes up again is the same, prolonged.
pub(crate) const PROLONGED_WITHIN: i32 = 21;
/// The same if the post itself says that it was prolonged, or both name the same closing day.
pub(crate) const PROLONGED_AT_MOST: i32 = 50;
/// Most days between publications of one call by two sources.
pub(crate) const POSTED_WITHIN: i32 = 45;
/// The same if both name the same closing day.
pub(crate) const POSTED_AT_MOST: i32 = 90;
/// Days by which a closing day may differ: portals round it.
const CLOSES_WITHIN: i32 = 7;

fn apart(a: Option<Day>, b: Option<Day>) -> Option<i32> {
    Some((a? - b?).abs())
}

/// Returns the level of the closing days: unknown, same, same week, prolonged, other.
pub(crate) fn closes(a: &Sketch, b: &Sketch) -> Level {
    match apart(a.closes, b.closes) {
        None => 0,
        Some(0) => 1,
        Some(days) if days <= CLOSES_WITHIN => 2,
        Some(_) if is_prolonged(a, b) => 3,
        Some(_) => 4,
    }
}

/// Returns whether the one published later closes later, and came within three weeks of the first, or says that it is prolonged.
fn is_prolonged(a: &Sketch, b: &Sketch) -> bool {
    let (Some(posted), Some(closes)) = (a.posted.zip(b.posted), a.closes.zip(b.closes)) else { return false };
    let gap = (posted.0 - posted.1).abs();
    let (first, second) = if posted.0 <= posted.1 { (closes.0, closes.1) } else { (closes.1, closes.0) };
    let later = if posted.0 <= posted.1 { b } else { a };
    let within = if later.is_prolonged { PROLONGED_AT_MOST } else { PROLONGED_WITHIN };
    // Two calls of one day do not prolong each other.
    gap <= within && second >= first && (gap > 2 || later.is_prolonged)
}

/// Returns the month and the day of a day, as texts name it: month × 32 + day.
pub(crate) fn month_and_day(day: Day) -> Option<u32> {
    let day = chrono::NaiveDate::from_num_days_from_ce_opt(day)?;
    Some(day.month() * 32 + day.day())
}

/// Returns the level of the days of publication: unknown, same days, same weeks, same months, other.
pub(crate) fn posted(a: &Sketch, b: &Sketch) -> Level {
    match apart(a.posted, b.posted) {
        None => 0,
        Some(days) if days <= 7 => 1,
        Some(days) if days <= PROLONGED_WITHIN => 2,
        Some(days) if days <= POSTED_WITHIN => 3,
        Some(_) => 4,
    }
}

/// Returns the level of the first days: unknown, same, other.
pub(crate) fn starts(a: &Sketch, b: &Sketch) -> Level {
    apart(a.starts, b.starts).map_or(0, |days| if days <= 3 { 1 } else { 2 })
}

/// Returns whether they were published so far apart that the later one is a new campaign. A loan has no campaigns: it is offered all year.
pub(crate) fn is_new_campaign(a: &Sketch, b: &Sketch) -> bool {
    let Some(days) = apart(a.posted, b.posted) else { return false };
    a.kind != Kind::Microfinance && days > within(a, b)
}

/// Returns the most days between two publications of one opportunity.
pub(crate) fn within(a: &Sketch, b: &Sketch) -> i32 {
    let same_end = apart(a.closes, b.closes) == Some(0);
    match (a.source == b.source, same_end || a.is_prolonged || b.is_prolonged) {
        (true, false) => PROLONGED_WITHIN,
        (true, true) => PROLONGED_AT_MOST,
        (false, false) => POSTED_WITHIN,
        (false, true) => POSTED_AT_MOST,
    }
}

//! The wall clock of a zone: what it shows at an instant, and when it shows a reading.

use chrono::{DateTime, Datelike, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Minutes in the longest known gap of a zone: Samoa skipped 30 December 2011.
const LONGEST_GAP: i64 = 24 * 60;

/// Returns the instant at which the clocks of `zone` first show `reading`, or the instant at which they jump over it.
/// A later reading never gives an earlier instant.
pub(crate) fn first_shows(zone: Tz, reading: NaiveDateTime) -> Option<DateTime<Utc>> {
    let shown = |minutes| {
        let reading = reading.checked_add_signed(TimeDelta::minutes(minutes))?;
        zone.from_local_datetime(&reading).earliest()
    };
    // A jump ends on a whole minute (since 1972 in every zone), and so does a tick.
    (0..=LONGEST_GAP).find_map(shown).map(|instant| instant.with_timezone(&Utc))
}

/// Returns what the clocks of `zone` show at `now`.
pub(crate) fn reading(zone: Tz, now: DateTime<Utc>) -> Option<NaiveDateTime> {
    // Far from the ends of chrono's calendar, where adding an offset would overflow.
    (1970..2100).contains(&now.year()).then(|| now.with_timezone(&zone).naive_local())
}

/// Returns the latest reading that the clocks of `zone` have shown up to `now`. While an hour is repeated, it is ahead of
/// what they show; for the rest of that day, by at most as much as they were set back.
pub(crate) fn reached(zone: Tz, now: DateTime<Utc>) -> Option<NaiveDateTime> {
    let offset = |at: DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc();
    let shown = reading(zone, now)?;
    let set_back = offset(now - TimeDelta::days(1)) - offset(now);
    Some(shown + TimeDelta::seconds(set_back.max(0).into()))
}

//! When a source is late. Status, console, API and alerts say the same.

use chrono::{DateTime, TimeDelta, Utc};
use domain::QuietHours;
use schedules::Timetable;

/// Ticks ahead in which the longest time between two visits is looked for: a week and a day of a daily visit.
const AHEAD: usize = 8;

/// Returns the longest time between two visits of a source, by the entry that visits it most often. None if no entry does.
pub(crate) fn usual_gap(timetable: &Timetable, source: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let entries = timetable.entries.iter().filter(|entry| entry.source.as_str() == source);
    entries.filter_map(|entry| longest(&entry.upcoming(now, AHEAD))).min()
}

fn longest(ticks: &[DateTime<Utc>]) -> Option<TimeDelta> {
    ticks.iter().zip(ticks.iter().skip(1)).map(|(tick, next)| *next - *tick).max()
}

/// Returns whether a source is late that was last complete at `since`, or is known since then: for more than twice the gap. Quiet hours do not count.
pub(crate) fn is_late(
    gap: TimeDelta,
    since: DateTime<Utc>,
    quiet: &[QuietHours],
    now: DateTime<Utc>,
) -> bool {
    now - since - QuietHours::within(quiet, since, now) > gap * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_and_weekends_make_nobody_late() {
        let now: DateTime<Utc> = "2026-11-30T08:00:00Z".parse().unwrap();
        let gap = TimeDelta::hours(24);
        assert!(!is_late(gap, now - TimeDelta::hours(47), &[], now));
        assert!(is_late(gap, now - TimeDelta::hours(49), &[], now));
        let quiet = ["22:00-06:00".parse().unwrap()];
        assert!(!is_late(gap, now - TimeDelta::hours(49), &quiet, now), "nights do not count");
        let ticks = ["2026-11-27T06:00:00Z", "2026-11-30T06:00:00Z", "2026-12-01T06:00:00Z"]
            .map(|at| at.parse().unwrap());
        assert_eq!(longest(&ticks), Some(TimeDelta::hours(72)), "from Friday to Monday");
    }
}

use chrono::{TimeDelta, TimeZone};
use proptest::prelude::*;

use super::*;
use crate::Timetable;

fn entry(zone: &str, cron: &str) -> Entry {
    let text =
        format!("[entries.ab]\nsource = \"fne\"\nmode = \"full\"\nzone = \"{zone}\"\ncron = \"{cron}\"");
    Timetable::parse("test.toml", &text).unwrap().entries.remove(0)
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn upcoming(zone: &str, cron: &str, from: &str, n: usize) -> Vec<String> {
    let ticks = entry(zone, cron).upcoming(utc(from), n);
    ticks.into_iter().map(|tick| tick.format("%d %H:%M").to_string()).collect()
}

#[test]
fn a_downtime_is_one_tick() {
    let hourly = entry("Africa/Douala", "0 * * * *");
    let (down, up) = (utc("2026-09-01T10:30:00Z"), utc("2026-09-02T09:15:00Z"));
    assert_eq!(hourly.due(down, up), Some(utc("2026-09-02T09:00:00Z")));
    assert_eq!(hourly.due(utc("2026-09-02T09:00:00Z"), up), None);
}

#[test]
fn the_end_of_the_interval_counts_and_its_beginning_does_not() {
    let noon = entry("Africa/Douala", "0 12 * * *");
    let tick = utc("2026-09-01T11:00:00Z"); // noon in Douala
    let instant = TimeDelta::nanoseconds(1);
    assert_eq!(noon.due(tick - TimeDelta::hours(1), tick), Some(tick));
    assert_eq!(noon.due(tick - instant, tick + instant), Some(tick));
    assert_eq!(noon.due(tick, tick + TimeDelta::hours(1)), None);
    assert_eq!(noon.due(tick - TimeDelta::hours(1), tick - instant), None);
    assert_eq!(noon.upcoming(tick, 1), [tick + TimeDelta::days(1)]);
    assert_eq!(noon.upcoming(tick - instant, 1), [tick]);
}

#[test]
fn a_skipped_reading_fires_once_at_the_jump() {
    // Paris, 29 March 2026: 02:00 is followed by 03:00, at 01:00 UTC.
    let from = "2026-03-28T12:00:00Z";
    assert_eq!(upcoming("Europe/Paris", "30 2 * * *", from, 2), ["29 01:00", "30 00:30"]);
    assert_eq!(
        upcoming("Europe/Paris", "*/20 1-3 * * *", "2026-03-29T00:30:00Z", 4),
        ["29 00:40", "29 01:00", "29 01:20", "29 01:40"]
    );
    let nightly = entry("Europe/Paris", "30 2 * * *");
    let jump = utc("2026-03-29T01:00:00Z");
    assert_eq!(nightly.due(utc(from), utc("2026-03-29T00:59:59Z")), None);
    assert_eq!(nightly.due(utc(from), jump), Some(jump));
    assert_eq!(nightly.due(jump, utc("2026-03-29T23:00:00Z")), None);
}

#[test]
fn a_repeated_reading_fires_the_first_time_only() {
    // Paris, 25 October 2026: 03:00 is followed by 02:00, at 01:00 UTC.
    assert_eq!(upcoming("Europe/Paris", "30 2 * * *", "2026-10-24T12:00:00Z", 2), ["25 00:30", "26 01:30"]);
    let nightly = entry("Europe/Paris", "30 2 * * *");
    let first = utc("2026-10-25T00:30:00Z");
    for now in
        ["2026-10-25T00:30:00Z", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z", "2026-10-25T20:00:00Z"]
    {
        assert_eq!(nightly.due(utc("2026-10-24T12:00:00Z"), utc(now)), Some(first), "{now}");
        assert_eq!(nightly.due(first, utc(now)), None, "{now}");
    }
    // A line for every ten minutes pauses during the second pass.
    let from = "2026-10-25T00:45:00Z";
    assert_eq!(upcoming("Europe/Paris", "*/10 * * * *", from, 3), ["25 00:50", "25 02:00", "25 02:10"]);
}

#[test]
fn a_whole_day_that_a_zone_skipped_fires_as_it_ends() {
    // Samoa went from 29 to 31 December 2011 at 10:00 UTC.
    let from = "2011-12-29T12:00:00Z";
    assert_eq!(upcoming("Pacific/Apia", "0 12 * * *", from, 3), ["29 22:00", "30 10:00", "30 22:00"]);
}

#[test]
fn nothing_is_due_at_the_ends_of_time() {
    let minutely = entry("Europe/Paris", "* * * * *");
    let (min, max) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    assert_eq!((minutely.due(min, max), minutely.due(min, min)), (None, None));
    assert_eq!((minutely.upcoming(min, 3), minutely.upcoming(max, 3)), (vec![], vec![]));
    let end = Utc.with_ymd_and_hms(2099, 12, 31, 22, 59, 0).unwrap();
    assert_eq!(minutely.upcoming(end - TimeDelta::minutes(1), 3), [end]);
}

/// The day before clocks change in Paris, New York or Lord Howe (by half an hour), forward and back.
const CHANGES: [&str; 6] = ["03-28", "10-24", "03-07", "10-31", "10-03", "04-04"];

fn any_entry() -> impl Strategy<Value = Entry> {
    let zones = ["Africa/Douala", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"];
    let crons =
        ["* * * * *", "*/7 * * * *", "0 */2 * * *", "30 2 * * *", "15 1-3 * * 0", "0 0 1 * 1", "0 2 29 2 *"];
    (prop::sample::select(zones.to_vec()), prop::sample::select(crons.to_vec()))
        .prop_map(|(zone, cron)| entry(zone, cron))
}

proptest! {
    #[test]
    fn due_lies_in_the_interval_and_only_once(
        entry in any_entry(), now in 1_300_000_000_i64..2_000_000_000, back in 0_i64..20_000_000,
    ) {
        let (now, after) = (utc_seconds(now), utc_seconds(now - back));
        if let Some(tick) = entry.due(after, now) {
            prop_assert!(after < tick && tick <= now);
            prop_assert_eq!(entry.due(tick, now), None);
            prop_assert_eq!(entry.upcoming(tick - TimeDelta::seconds(1), 1), [tick]);
            prop_assert!(entry.upcoming(tick, 1).iter().all(|next| *next > now));
        } else {
            prop_assert!(entry.upcoming(after, 1).iter().all(|next| *next > now));
        }
    }

    /// Checks every minute around the days on which clocks change: the announced ticks fire, and no others.
    #[test]
    fn asking_often_fires_each_upcoming_tick_once(
        entry in any_entry(), day in prop::sample::select(CHANGES.to_vec()), start in 0_i64..180_000,
    ) {
        let from = utc(&format!("2026-{day}T00:00:00Z")) + TimeDelta::seconds(start);
        let (mut seen, mut fired) = (from, Vec::new());
        for minute in 0..600 {
            if let Some(tick) = entry.due(seen, from + TimeDelta::minutes(minute)) {
                fired.push(tick);
                seen = tick;
            }
        }
        prop_assert_eq!(entry.upcoming(from, fired.len()), fired);
        let next = entry.upcoming(seen, 1);
        prop_assert!(next.iter().all(|next| *next > from + TimeDelta::minutes(599)));
    }
}

fn utc_seconds(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

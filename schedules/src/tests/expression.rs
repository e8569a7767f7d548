use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use proptest::prelude::*;

use super::*;

fn at(day: (i32, u32, u32), hour: u32, minute: u32) -> NaiveDateTime {
    let day = NaiveDate::from_ymd_opt(day.0, day.1, day.2).unwrap();
    day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

fn days_of(line: &str, from: NaiveDateTime, n: usize) -> Vec<(u32, String)> {
    let expression = Expression::read(line).unwrap();
    expression.after(from).take(n).map(|day| (day.day(), day.weekday().to_string())).collect()
}

#[test]
fn sunday_is_0_and_7_and_a_name() {
    let friday = at((2026, 9, 4), 12, 0);
    for line in ["0 2 * * 0", "0 2 * * 7", "0 2 * * sun", "0 2 * * SUN"] {
        assert_eq!(days_of(line, friday, 2), [(6, "Sun".to_owned()), (13, "Sun".to_owned())], "{line}");
    }
    let days = |line| days_of(line, friday, 3).into_iter().map(|(_, day)| day).collect::<Vec<_>>();
    assert_eq!(days("0 2 * * 6"), ["Sat", "Sat", "Sat"]);
    assert_eq!(days("0 2 * * 1-2"), ["Mon", "Tue", "Mon"]);
    assert_eq!(days("0 2 * * 5-7"), ["Sat", "Sun", "Fri"]);
    assert_eq!(days("0 2 * * 0-7"), ["Sat", "Sun", "Mon"]);
}

#[test]
fn either_day_field_is_enough_where_both_restrict() {
    let start = at((2026, 9, 1), 12, 0);
    let day = |day, name: &str| (day, name.to_owned());
    // The 15th, or a Monday.
    assert_eq!(
        days_of("0 2 15 * 1", start, 4),
        [day(7, "Mon"), day(14, "Mon"), day(15, "Tue"), day(21, "Mon")]
    );
    // A field that begins with a star does not restrict, even with a step: Mondays with an odd date.
    assert_eq!(days_of("0 2 */2 * 1", start, 2), [day(7, "Mon"), day(21, "Mon")]);
}

#[test]
fn a_leap_day_is_found_and_an_impossible_day_refused() {
    assert_eq!(days_of("0 0 29 2 *", at((2097, 1, 1), 0, 0), 1), []);
    let leap = Expression::read("0 0 29 2 *").unwrap();
    assert_eq!(leap.after(at((2026, 1, 1), 0, 0)).next(), Some(at((2028, 2, 29), 0, 0)));
    assert_eq!(leap.back_from(at((2026, 1, 1), 0, 0)).next(), Some(at((2024, 2, 29), 0, 0)));
    assert_eq!(Expression::read("0 0 30 2 *"), Err(BadCron::Never));
    assert_eq!(Expression::read("0 0 31 4,6,9,11 *"), Err(BadCron::Never));
}

#[test]
fn a_refusal_names_the_field_and_its_place() {
    let refusal = |line| Expression::read(line).unwrap_err();
    let BadCron::Field { field, span, .. } = refusal("0  25\t* * *") else { panic!("no field named") };
    assert_eq!((field, span), ("hour", 3..5));
    assert_eq!(refusal("0 0 * 13 *").to_string(), "month: 13 is outside 1-12");
    for (line, fields) in [("", 0), ("@daily", 1), ("0 2 * *", 4), ("0 0 2 * * *", 6)] {
        assert_eq!(refusal(line), BadCron::Fields(fields), "{line}");
    }
}

#[test]
fn no_time_is_too_far_to_ask_about() {
    let every_minute = Expression::read("* * * * *").unwrap();
    for edge in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
        assert_eq!(every_minute.after(edge).next(), None);
        assert_eq!(every_minute.back_from(edge).next(), None);
    }
}

prop_compose! {
    fn field(first: u32, last: u32)(
        star in any::<bool>(), a in first..=last, b in first..=last, step in 1..=last, lone in any::<bool>(),
    ) -> String {
        match (star, lone) {
            (true, true) => "*".to_owned(),
            (true, false) => format!("*/{step}"),
            (false, true) => format!("{a},{b}"),
            (false, false) => format!("{}-{}/{step}", a.min(b), a.max(b)),
        }
    }
}

prop_compose! {
    fn line()(
        minute in field(0, 59), hour in field(0, 23), day in field(1, 31), month in field(1, 12), weekday in field(0, 7),
    ) -> [String; 5] {
        [minute, hour, day, month, weekday]
    }
}

/// crontab(5), implemented literally: whether a minute matches.
fn fires(line: &[String; 5], sets: &[BTreeSet<u32>], minute: NaiveDateTime) -> bool {
    let weekday = minute.weekday().num_days_from_sunday();
    let has = |field: usize, number| sets[field].contains(&number);
    let (day, week) = (has(2, minute.day()), has(4, weekday) || (weekday == 0 && has(4, 7)));
    let either = !line[2].starts_with('*') && !line[4].starts_with('*');
    let days = if either { day || week } else { day && week };
    has(0, minute.minute()) && has(1, minute.hour()) && has(3, minute.month()) && days
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn walks_the_calendar_as_crontab_says(line in line(), start in 0_i64..2_000_000) {
        let from = at((2026, 1, 1), 0, 0) + TimeDelta::minutes(start);
        let Ok(expression) = Expression::read(&line.join(" ")) else { return Ok(()) };
        let sets: Vec<_> = FIELDS.iter().zip(&line).map(|(field, text)| field.read(text).unwrap()).collect();
        let minutes = |step: i64| (1..=30_000).map(move |n| from + TimeDelta::minutes(step * n));
        let ahead: Vec<_> = minutes(1).filter(|minute| fires(&line, &sets, *minute)).take(100).collect();
        let behind: Vec<_> = minutes(-1).filter(|minute| fires(&line, &sets, *minute)).take(100).collect();
        prop_assert_eq!(expression.after(from).take(ahead.len()).collect::<Vec<_>>(), ahead);
        let before = from - TimeDelta::minutes(1);
        prop_assert_eq!(expression.back_from(before).take(behind.len()).collect::<Vec<_>>(), behind);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[0-9*/,\\-a-z ?\u{e9}]{0,40}") {
        if let Err(BadCron::Field { span, .. }) = Expression::read(&text) {
            prop_assert!(text.get(span).is_some());
        }
    }
}

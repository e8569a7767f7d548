use proptest::{prelude::*, sample::select};

use super::*;
use crate::cases::check;

/// The page of the table: a Friday, 11 o'clock in Douala.
fn fetched() -> DateTime<Utc> {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn shown<T: ToString>(read: Result<Option<T>, UnreadableDate>) -> String {
    match read {
        Ok(Some(value)) => value.to_string(),
        Ok(None) => "none".to_owned(),
        Err(_) => "unreadable".to_owned(),
    }
}

#[test]
fn what_begins_begins_at_the_begin_of_a_span() {
    let fetched = "2026-11-20T11:00:00Z".parse().unwrap();
    for (words, day) in [
        ("20270208", "2027-02-08"),
        ("Du 24.02.2027 au 01.10.2027", "2027-02-24"),
        ("janvier 2027", "2027-01-01"),
        ("15 janvier", "2027-01-15"),
        ("dans 3 jours", "2026-11-23"),
        // The year stands at the end of the span, and a day is not a year.
        ("11 janvier - 30 juin 2027", "2027-01-11"),
        ("11 janvier – 30 juin 2027", "2027-01-11"),
        ("11 janvier-12 février 2027", "2027-01-11"),
        ("11 janvier - 30/06/2027", "2027-01-11"),
        ("1er février - 28 mars 2027", "2027-02-01"),
        ("28 décembre - 15 janvier 2027", "2026-12-28"),
        ("5 mars - 15 avril", "2027-03-05"),
        ("5 mars, 15 et 20 avril", "2027-03-05"),
        ("March 5 - April 15, 2027", "2027-03-05"),
        ("5 March to 15 April 2027", "2027-03-05"),
        ("5 mars 27 - 15 avril 27", "2027-03-05"),
        ("05-Mar-27 - 15-Apr-27", "2027-03-05"),
        ("du 15 mai au 15 juin", "2026-05-15"),
        ("15 janvier (dossiers avant le 3 décembre)", "2027-01-15"),
        ("de janvier à juin 2027", "2027-01-01"),
        ("janvier - juin 2027", "2027-01-01"),
        ("January to June 2027", "2027-01-01"),
        ("décembre - février 2027", "2026-12-01"),
        ("janvier au 15 juin 2027", "2027-01-01"),
        ("15 janvier - mars 2027", "2027-01-15"),
        ("octobre 2026 - mars 2027", "2026-10-01"),
        ("11, 12 et 13 janvier 2027", "2027-01-11"),
        ("11 et 12 janvier 2027", "2027-01-11"),
        ("première quinzaine de janvier 2027", "2027-01-01"),
        ("deuxième quinzaine de janvier 2027", "2027-01-16"),
    ] {
        let read = read_first_day(words, fetched).unwrap().map(|day| day.to_string());
        assert_eq!(read.as_deref(), Some(day), "{words}");
    }
    assert_eq!(read_first_day("Immédiat", fetched), Ok(None));
    assert!(read_first_day("rentrée", fetched).is_err());
}

#[test]
fn words_for_dates() {
    check(include_str!("cases.tsv"), 530, |case| {
        let posted = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        if case[0] == "posted" {
            shown(read_instant(&case[1], fetched()).map(|at| at.map(posted)))
        } else if case[0] == "ends" {
            shown(read_last_day(&case[1], fetched()))
        } else if case[0].starts_with("deadline") {
            let posted = case[0].strip_prefix("deadline ").map(|day| day.parse().unwrap());
            match read_deadline(&case[1], fetched(), posted) {
                Ok(Deadline::Day(day)) => shown(Ok(day)),
                Ok(Deadline::Closed) => "closed".to_owned(),
                Ok(Deadline::Unclear) => "unclear".to_owned(),
                Err(_) => "unreadable".to_owned(),
            }
        } else {
            shown(read_day(&case[1], fetched()))
        }
    });
}

#[test]
fn the_clock_is_the_page() {
    let later = fetched() + chrono::TimeDelta::days(300);
    assert_ne!(read_day("hier", fetched()), read_day("hier", later));
    assert_eq!(read_day("2026-12-01", fetched()), read_day("2026-12-01", later));
    // Late in the evening in UTC, it is the next day in Douala.
    let evening = "2026-11-20T23:30:00Z".parse().unwrap();
    assert_eq!(shown(read_day("aujourd'hui", evening)), "2026-11-21");
}

proptest! {
    #[test]
    fn a_span_begins_and_ends_where_it_says(
        first in 0_i64..1_500, long in 1_i64..300,
        joint in select(&[" - ", "-", " – ", " au ", " à ", " to ", " / "]),
        form in select(&[("%-d %B", "%-d %B %Y"), ("%-d %b", "%-d %b %Y"), ("%B %-d", "%B %-d, %Y"), ("%-d %B", "%d/%m/%Y"), ("%d/%m", "%d/%m/%Y"), ("%B", "%B %Y"), ("%-d %B %Y", "%-d %B %Y"), ("%-d %B %y", "%-d %B %y"), ("%d-%b-%y", "%d-%b-%y")]),
        lead in select(&["", "Du ", "du ", "From "]),
    ) {
        let begin = NaiveDate::from_ymd_opt(2026, 1, 15).unwrap() + chrono::TimeDelta::days(first);
        let end = begin + chrono::TimeDelta::days(long);
        let is_month = form.0 == "%B";
        prop_assume!(joint != " / " || !form.0.contains('/'));
        prop_assume!(!is_month || (begin.year(), begin.month()) != (end.year(), end.month()));
        let words = format!("{lead}{}{joint}{}", begin.format(form.0), end.format(form.1));
        let months = |day: NaiveDate| day.with_day(1).unwrap();
        let last = |day: NaiveDate| (months(day) + chrono::Months::new(1)).pred_opt().unwrap();
        // A span of more than a year is not told apart from the next one.
        prop_assume!(end < begin + chrono::Months::new(12));
        let expected = if is_month { (months(begin), last(end)) } else { (begin, end) };
        prop_assert_eq!(read_first_day(&words, fetched()), Ok(Some(expected.0)), "{}", words);
        prop_assert_eq!(read_day(&words, fetched()), Ok(Some(expected.1)), "{}", words);
    }

    #[test]
    fn any_words_are_read_the_same_way_twice(words in "\\PC{0,40}|[0-9 ./:-]{0,24}|(il y a|du|au|le|à|[0-9]{1,4}|mai|dec|[/.:-]| ){0,12}") {
        prop_assert_eq!(read_instant(&words, fetched()), read_instant(&words, fetched()));
        prop_assert_eq!(read_day(&words, fetched()), read_day(&words, fetched()));
        prop_assert_eq!(read_last_day(&words, fetched()), read_last_day(&words, fetched()));
        prop_assert_eq!(read_deadline(&words, fetched(), None), read_deadline(&words, fetched(), None));
    }

    #[test]
    fn every_day_is_read_in_every_form(days in 0_i32..40_000) {
        let day = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::TimeDelta::days(i64::from(days));
        for form in ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d", "%-d %B %Y", "%B %-d, %Y",
                     "%d-%b-%Y", "Du 01/01/1990 au %d/%m/%Y", "Date limite : %-d %B %Y à 15h30"] {
            prop_assert_eq!(read_day(&day.format(form).to_string(), fetched()), Ok(Some(day)), "{}", form);
        }
    }

    #[test]
    fn every_instant_is_read_in_every_form(seconds in 631_152_000_i64..4_000_000_000) {
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        let local = at.with_timezone(&douala());
        for words in [at.to_rfc3339(), local.to_rfc3339(), at.to_rfc2822(), local.format("%Y-%m-%d %H:%M:%S").to_string(),
                      at.format("%Y%m%dT%H%M%SZ").to_string(), local.format("%d/%m/%Y %H:%M:%S").to_string(),
                      local.format("%a %b %e %H:%M:%S %Y").to_string(), at.timestamp_millis().to_string()] {
            prop_assert_eq!(read_instant(&words, fetched()), Ok(Some(at)), "{}", words);
        }
    }
}

use proptest::prelude::*;

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
    ] {
        let read = read_first_day(words, fetched).unwrap().map(|day| day.to_string());
        assert_eq!(read.as_deref(), Some(day), "{words}");
    }
    assert_eq!(read_first_day("Immédiat", fetched), Ok(None));
    assert!(read_first_day("rentrée", fetched).is_err());
}

#[test]
fn words_for_dates() {
    check(include_str!("cases.tsv"), 430, |case| {
        let posted = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        if case[0] == "posted" {
            shown(read_instant(&case[1], fetched()).map(|at| at.map(posted)))
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
    fn any_words_are_read_the_same_way_twice(words in "\\PC{0,40}|[0-9 ./:-]{0,24}|(il y a|du|au|le|à|[0-9]{1,4}|mai|dec|[/.:-]| ){0,12}") {
        prop_assert_eq!(read_instant(&words, fetched()), read_instant(&words, fetched()));
        prop_assert_eq!(read_day(&words, fetched()), read_day(&words, fetched()));
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

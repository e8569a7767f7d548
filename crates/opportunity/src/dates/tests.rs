use proptest::prelude::*;

use super::*;
use crate::cases;

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
fn words_for_dates() {
    let table = cases::of(include_str!("cases.tsv"));
    assert!(table.len() > 400);
    let all: Vec<_> = table
        .into_iter()
        .map(|case| {
            let [role, words, expected] = case.try_into().unwrap();
            let got = if role == "posted" {
                shown(
                    read_instant(&words, fetched())
                        .map(|at| at.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())),
                )
            } else {
                shown(read_day(&words, fetched()))
            };
            (format!("{role} {words}"), expected, got)
        })
        .collect();
    cases::check(&all);
}

#[test]
fn the_clock_is_the_page() {
    let later = fetched() + chrono::TimeDelta::days(300);
    assert_ne!(read_day("hier", fetched()), read_day("hier", later));
    assert_eq!(read_day("2026-12-01", fetched()), read_day("2026-12-01", later));
    // Late in the evening in UTC it is the next day in Douala.
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

use proptest::prelude::*;

use super::*;

fn fetched() -> DateTime<Utc> {
    "2026-11-20T23:30:00Z".parse().unwrap()
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn days() {
    // The page was fetched on the 21st in Douala.
    for (words, day) in [
        ("2026-10-01", "2026-10-01"),
        ("2026/10/01", "2026-10-01"),
        ("20171213", "2017-12-13"),
        ("[2026,9,2]", "2026-09-02"),
        ("[2026, 9, 2]", "2026-09-02"),
        ("2026-10-01T08:00:00Z", "2026-10-01"),
        ("2026-10-01T23:30:00Z", "2026-10-02"),
        ("2026-10-01T08:00:00.123Z", "2026-10-01"),
        ("2026-10-01T08:00:00+01:00", "2026-10-01"),
        ("2026-10-01T08:00:00+0100", "2026-10-01"),
        ("2026-10-01T08:00:00", "2026-10-01"),
        ("2026-10-01T08:00", "2026-10-01"),
        ("2026-04-13 19:00:08", "2026-04-13"),
        ("2026-04-13 19:00", "2026-04-13"),
        ("Thu, 01 Oct 2026 08:00:00 +0100", "2026-10-01"),
        ("Thu, 1 Oct 2026 08:00:00 GMT", "2026-10-01"),
        ("01/10/2026", "2026-10-01"),
        ("1/10/2026", "2026-10-01"),
        ("01-10-2026", "2026-10-01"),
        (" 01-10-2026", "2026-10-01"),
        ("01.10.2026", "2026-10-01"),
        ("1.10.26", "2026-10-01"),
        ("01 / 10 / 2026", "2026-10-01"),
        ("01/10/2026 08:30", "2026-10-01"),
        ("Publiée le 14.05.2026", "2026-05-14"),
        ("Date limite : 30/11/2026", "2026-11-30"),
        ("Du 24.09.2026 au 01.10.2026", "2026-10-01"),
        ("du 24/09/2026 au 01/10/2026", "2026-10-01"),
        ("avant le 2026-12-15 au soir", "2026-12-15"),
        ("1er octobre 2026", "2026-10-01"),
        ("1er octobre 2026 à 12h00", "2026-10-01"),
        ("le 3 décembre 2026", "2026-12-03"),
        ("3 DÉCEMBRE 2026", "2026-12-03"),
        ("jeudi 15 août 2026", "2026-08-15"),
        ("15 févr. 2026", "2026-02-15"),
        ("2 juil. 2026", "2026-07-02"),
        ("October 1, 2026", "2026-10-01"),
        ("October 1st, 2026", "2026-10-01"),
        ("1st of October 2026", "2026-10-01"),
        ("22nd December 2026", "2026-12-22"),
        ("Dec 3, 2026", "2026-12-03"),
        ("03 Sep 2026", "2026-09-03"),
        ("Aug, 30", "2026-08-30"),
        ("30 août", "2026-08-30"),
        ("5 janvier", "2027-01-05"),
        ("Jan 5", "2027-01-05"),
        ("hier", "2026-11-20"),
        ("Hier", "2026-11-20"),
        ("yesterday", "2026-11-20"),
        ("avant-hier", "2026-11-19"),
        ("aujourd'hui", "2026-11-21"),
        ("Aujourd’hui", "2026-11-21"),
        ("today", "2026-11-21"),
        ("il y a 3 semaines", "2026-10-31"),
        ("Il y a 2 jours", "2026-11-19"),
        ("il y a une semaine", "2026-11-14"),
        ("il y a un mois", "2026-10-21"),
        ("il y a 5 heures", "2026-11-21"),
        ("il y a 20 minutes", "2026-11-21"),
        ("2 days ago", "2026-11-19"),
        ("a month ago", "2026-10-21"),
        ("3 weeks ago", "2026-10-31"),
        ("il y a 1 an", "2025-11-21"),
        ("Publié il y a 4 jours", "2026-11-17"),
    ] {
        assert_eq!(read_day(words, fetched()).map(|day| day.to_string()), Ok(day.to_owned()), "{words:?}");
    }
}

#[test]
fn instants() {
    for (words, at) in [
        ("2026-10-01T08:00:00Z", "2026-10-01T08:00:00Z"),
        ("2026-10-01T08:00:00.250+01:00", "2026-10-01T07:00:00.250Z"),
        ("2026-10-01 08:00:00", "2026-10-01T07:00:00Z"),
        ("2026-10-01", "2026-09-30T23:00:00Z"),
        ("1er octobre 2026 à 12h00", "2026-10-01T11:00:00Z"),
        ("01/10/2026 08:30", "2026-10-01T07:30:00Z"),
        ("01.10.2026 à 9h", "2026-10-01T08:00:00Z"),
    ] {
        assert_eq!(read_instant(words, fetched()), Ok(at.parse().unwrap()), "{words:?}");
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for words in [
        "",
        "-",
        "bientôt",
        "dès que possible",
        "32/01/2026",
        "2026-13-01",
        "2026-02-30",
        "01/13/2026",
        "0000-00-00",
        "12h00",
        "17 places",
        "3026-01-01",
        "[2026,9]",
        "2 semaines de congé",
    ] {
        assert!(read_day(words, fetched()).is_err(), "{words:?} passed");
    }
}

proptest! {
    #[test]
    fn any_words_are_read_the_same_way_twice(words in "\\PC{0,40}|[0-9 ./:-]{0,24}") {
        prop_assert_eq!(read_instant(&words, fetched()), read_instant(&words, fetched()));
        prop_assert_eq!(read_day(&words, fetched()).is_ok(), read_instant(&words, fetched()).is_ok());
    }

    #[test]
    fn every_day_is_read_in_every_form(days in 0_i32..40_000) {
        let day = NaiveDate::from_ymd_opt(1990, 1, 1).unwrap() + chrono::TimeDelta::days(i64::from(days));
        for form in ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d", "%-d %B %Y", "%B %-d, %Y"] {
            prop_assert_eq!(read_day(&day.format(form).to_string(), fetched()), Ok(day), "{}", form);
        }
    }
}

use super::*;

fn hours(text: &str) -> QuietHours {
    text.parse().unwrap()
}

#[test]
fn hours_are_parsed_and_printed() {
    for (text, printed) in [
        ("22:00-06:00", "22:00-06:00"),
        ("8:30 - 12:00", "08:30-12:00"),
        ("18:00-24:00", "18:00-24:00"),
        ("18:00-00:00", "18:00-24:00"),
        ("24:00-06:00", "00:00-06:00"),
        ("7:00–9:15", "07:00-09:15"),
    ] {
        assert_eq!(hours(text).to_string(), printed);
    }
    for wrong in [
        "",
        "22-6",
        "22:00",
        "22:0-06:00",
        "25:00-06:00",
        "22:00-24:01",
        "6:00-06:00",
        "00:00-24:00",
        "a:00-b:00",
        "-1:00-2:00",
        "22:60-23:00",
    ] {
        assert!(wrong.parse::<QuietHours>().is_err(), "{wrong:?}");
    }
}

#[test]
fn some_of_the_day_must_be_left() {
    assert!(QuietHours::cover_the_day(&[hours("22:00-10:00"), hours("09:00-22:00")]));
    assert!(!QuietHours::cover_the_day(&[hours("22:00-10:00"), hours("10:01-22:00")]));
    assert!(!QuietHours::cover_the_day(&[]));
}

#[test]
fn the_quiet_part_of_a_time_is_counted_on_the_clock_of_douala() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let within = |from, to| QuietHours::within(&[hours("22:00-06:00")], at(from), at(to)).num_minutes();
    assert_eq!(
        within("2026-11-27T20:00:00Z", "2026-11-27T22:00:00Z"),
        60,
        "from 23:00 there, an hour later than here"
    );
    assert_eq!(within("2026-11-27T12:00:00Z", "2026-11-28T12:00:00Z"), 8 * 60);
    assert_eq!(within("2026-11-27T12:00:00Z", "2026-11-29T23:00:00Z"), 18 * 60);
    assert_eq!(within("2026-11-27T12:00:00Z", "2026-11-27T11:00:00Z"), 0);
}

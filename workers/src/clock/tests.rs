use super::*;

fn measured(ahead: TimeDelta) -> Clock {
    let clock = Clock::default();
    let database = "2026-11-27T12:00:00Z".parse().unwrap();
    clock.set(Measured { database, at: Instant::now(), ahead });
    clock
}

#[test]
fn the_time_is_that_of_the_database_whatever_the_machine_says() {
    for ahead in [TimeDelta::zero(), TimeDelta::days(40), -TimeDelta::days(40)] {
        let now = measured(ahead).now();
        assert!(now.to_rfc3339().starts_with("2026-11-27T12:00:"), "{now}");
    }
}

#[test]
fn a_clock_is_wrong_when_it_is_minutes_off_on_either_side() {
    assert_eq!(Clock::default().wrong(), None);
    for fine in [TimeDelta::zero(), TimeDelta::seconds(300), TimeDelta::seconds(-300)] {
        assert_eq!(measured(fine).wrong(), None, "{fine}");
    }
    for (ahead, word) in [(3_456_000, "40 days ahead of"), (-301, "5 min behind"), (7_300, "2 h ahead of")] {
        let why = measured(TimeDelta::seconds(ahead)).wrong().unwrap();
        assert_eq!(why, format!("the clock of this machine is {word} that of the database"));
    }
}

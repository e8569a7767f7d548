use super::*;

#[test]
fn reads_and_prints_the_same_words() {
    for text in ["30/min", "10/s", "500/h", "50/5s", "1/day", "7/90s"] {
        assert_eq!(text.parse::<Rate>().map(|rate| rate.to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn refuses_what_is_no_rate() {
    for text in ["", "30", "0/s", "30/", "/s", "30/fortnight", "-1/s", "30/0s", "9/400day", "1/99999999999s"]
    {
        assert!(text.parse::<Rate>().is_err(), "{text:?} passed");
    }
}

#[test]
fn keeps_between_95_and_100_percent_of_the_promise() -> Result<(), BadRate> {
    let rate: Rate = "50/5s".parse()?;
    let held = 1.0 / rate.interval().as_secs_f64();
    assert!(held < rate.per_second() && held > 0.95 * rate.per_second(), "{held}");
    Ok(())
}

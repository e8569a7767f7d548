//! Moments and ages, as people write them.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};

/// Reads a day (from its start in Africa/Douala) or an instant. Neither may be in the future.
pub(in crate::cli) fn since(text: &str) -> Result<DateTime<Utc>, String> {
    let at = moment(text)?;
    if at > Utc::now() { Err("it lies in the future: nothing can be newer".to_owned()) } else { Ok(at) }
}

/// Reads a day or an instant that has passed, or an age: `12h` is twelve hours ago.
pub(in crate::cli) fn passed(text: &str) -> Result<DateTime<Utc>, String> {
    passed_by(text, Utc::now())
}

fn passed_by(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let aged = age(text).ok().and_then(|age| chrono::TimeDelta::from_std(age).ok());
    match aged.and_then(|age| now.checked_sub_signed(age)) {
        Some(at) => Ok(at),
        None if moment(text).is_ok() => since(text),
        None => Err("write 2026-11-01, 2026-11-01T08:00:00Z, or an age such as 30min, 12h or 7d".to_owned()),
    }
}

fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.to_utc());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| "write 2026-11-01 or 2026-11-01T08:00:00Z".to_owned())?;
    let midnight =
        day.and_time(chrono::NaiveTime::MIN).and_local_timezone(chrono_tz::Africa::Douala).single();
    midnight.map(|at| at.to_utc()).ok_or_else(|| "no such day".to_owned())
}

/// Reads `30min`, `12h`, `7d` or `45s`.
pub(in crate::cli) fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number with s, min, h or d, such as 30min or 7d".to_owned();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit).unwrap_or(text).parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    // Longer than that no row is kept, and PostgreSQL has no interval for it.
    number
        .checked_mul(seconds)
        .filter(|age| *age < 100 * 366 * 86_400)
        .map(Duration::from_secs)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_an_instant_or_an_age() {
        assert_eq!(passed("2024-11-01").unwrap().to_rfc3339(), "2024-10-31T23:00:00+00:00");
        assert_eq!(passed("2024-11-01T08:00:00Z").unwrap().to_rfc3339(), "2024-11-01T08:00:00+00:00");
        let now = Utc::now();
        let age = |text: &str| (now - passed_by(text, now).unwrap()).num_seconds();
        let ages = ["45s", "30min", "12h", "7d"].map(age);
        assert_eq!(ages, [45, 1_800, 43_200, 604_800]);
        assert!(passed("2999-01-01").unwrap_err().contains("future"));
        for wrong in ["", "12", "7 weeks", "-3d", "99999999999999999d", "yesterday"] {
            assert!(passed(wrong).unwrap_err().contains("such as 30min"), "{wrong}");
        }
    }
}

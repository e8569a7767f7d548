//! When to try again.

use std::time::{Duration, SystemTime};

/// Pause before the second try; it doubles.
const FIRST: Duration = Duration::from_millis(500);
/// Longest pause in place; a longer one is the job's to wait.
const LONGEST: Duration = Duration::from_secs(8);

/// Longest pause a partner may ask for: more is a mistake, and time arithmetic must not overflow on it.
const LONGEST_HOLD: Duration = Duration::from_hours(24);

/// Whether a status passes by itself (RFC 9110; 425 is RFC 8470, 429 is RFC 6585).
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// Seconds or an HTTP date (RFC 9110, 10.2.3), as the time from now.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_HOLD));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    Some(at.duration_since(now).unwrap_or(Duration::ZERO).min(LONGEST_HOLD))
}

/// Exponential, with full jitter: `random` in 0..1 decides where below the ceiling.
pub(crate) fn pause(attempt: u32, random: f64) -> Duration {
    let ceiling = FIRST.saturating_mul(1 << attempt.min(8)).min(LONGEST);
    ceiling.mul_f64(random.clamp(0.0, 1.0))
}

/// A number in 0..1 from the clock's finest digits: workers need only not to agree.
pub(crate) fn jitter() -> f64 {
    let nanos =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    f64::from(nanos % 1_000_003) / 1_000_003.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        let date = httpdate::fmt_http_date(now + Duration::from_secs(90));
        assert_eq!(retry_after(&date, now), Some(Duration::from_secs(90)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("18446744073709551615", now), Some(LONGEST_HOLD));
        for wrong in ["", "soon", "-1", "1.5"] {
            assert_eq!(retry_after(wrong, now), None, "{wrong:?}");
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!(pause(0, 1.0), Duration::from_millis(500));
        assert_eq!(pause(2, 1.0), Duration::from_secs(2));
        assert_eq!(pause(40, 1.0), LONGEST);
        assert_eq!(pause(3, 0.0), Duration::ZERO);
        assert!((0.0..1.0).contains(&jitter()));
    }
}

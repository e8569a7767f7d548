//! When to try again.

use std::time::{Duration, SystemTime};

/// Pause before the second try; it doubles.
const FIRST: Duration = Duration::from_millis(500);
/// Longest pause a partner may ask for: a longer one is a mistake, and must not shut it out for good.
const LONGEST_HELD: Duration = Duration::from_hours(24);

/// Whether a status passes by itself (RFC 9110; 425 is RFC 8470, 429 is RFC 6585). Proxies
/// have numbers of their own from 520 on for a server that is away.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502..=504 | 520..=599)
}

/// Seconds or an HTTP date (RFC 9110, 10.2.3), as the time from now; a day at most. Part of a second counts as a whole one.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let (whole, part) = value.split_once('.').unwrap_or((value, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let pause = if is_number(whole) && is_number(part) {
        // More digits than a number holds are a long time, too.
        let begun = Duration::from_secs(u64::from(part.bytes().any(|digit| digit != b'0')));
        whole.parse().map_or(LONGEST_HELD, Duration::from_secs).saturating_add(begun)
    } else {
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or(Duration::ZERO)
    };
    Some(pause.min(LONGEST_HELD))
}

/// Exponential, with full jitter: `random` in 0..1 decides where below the ceiling, which grows up to `longest`.
pub(crate) fn pause(attempt: u32, random: f64, longest: Duration) -> Duration {
    let ceiling = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(longest);
    ceiling.mul_f64(random.clamp(0.0, 1.0))
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
        for (long, held) in [("86401", LONGEST_HELD), ("99999999999999999999999", LONGEST_HELD)] {
            assert_eq!(retry_after(long, now), Some(held));
        }
        assert_eq!(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), Some(LONGEST_HELD));
        for (part, whole) in [("2.5", 3), ("2.0", 2), ("0.001", 1), ("0.0", 0), (" 7 ", 7)] {
            assert_eq!(retry_after(part, now), Some(Duration::from_secs(whole)), "{part}");
        }
        for wrong in ["", "soon", "-1", "-1.5", "1.", ".5", "1.5.2", "1,5", "+1"] {
            assert_eq!(retry_after(wrong, now), None, "{wrong:?}");
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let longest = Duration::from_secs(8);
        assert_eq!(pause(1, 1.0, longest), Duration::from_millis(500));
        assert_eq!(pause(3, 1.0, longest), Duration::from_secs(2));
        assert_eq!(pause(u32::MAX, 1.0, longest), longest);
        assert_eq!(pause(3, 0.0, longest), Duration::ZERO);
    }
}

//! Spans of time, as source files write them.

use std::time::Duration;

/// Parses a span of time: `90s`, `30min`, `6h`, `7d` or `2w`. `None` for anything else, and for a span that no number of seconds holds.
pub fn span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let count: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit.trim_start() {
        "s" => 1,
        "min" => 60,
        "h" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    count.checked_mul(seconds).map(Duration::from_secs)
}

/// Returns a span as [`span`] parses it, in the largest unit that divides it.
pub fn span_text(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = units.into_iter().find(|(size, _)| seconds > 0 && seconds.is_multiple_of(*size));
    let (size, unit) = unit.unwrap_or((1, "s"));
    format!("{}{unit}", seconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_parsed_and_printed_alike() {
        for (text, seconds) in [("90s", 90), ("30min", 1_800), ("6h", 21_600), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(span(text), Some(Duration::from_secs(seconds)), "{text}");
            assert_eq!(span_text(Duration::from_secs(seconds)), text);
        }
        assert_eq!(span(" 2 days "), Some(Duration::from_hours(48)));
        assert_eq!(span("1w"), Some(Duration::from_hours(7 * 24)));
        for wrong in
            ["", "h", "6", "-6h", "6 fortnights", "1.5h", "99999999999999999999d", "9999999999999999999w"]
        {
            assert_eq!(span(wrong), None, "{wrong:?}");
        }
    }
}

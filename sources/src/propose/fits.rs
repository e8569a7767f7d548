//! Whether a value can be what a name says: a date has digits, and a title has letters.

use serde_json::Value;

/// Smallest number that is a time: seconds since 1970, in 1973.
const TIME: f64 = 1e8;

/// Returns whether words fit a field.
pub(super) fn text(field: &str, words: &str) -> bool {
    let has_digit = words.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = words.chars().any(char::is_alphabetic);
    let is_relative = || {
        let folded = normalize::text::fold(words);
        ["hier", "aujourd hui", "today", "yesterday", "ago", "il y a"]
            .iter()
            .any(|sign| folded.contains(sign))
    };
    match field {
        "posted_at" | "closes_at" | "starts_at" | "ends_at" => {
            (has_digit || is_relative()) && words.chars().count() <= 60
        }
        "url" => words.starts_with("http") || words.starts_with('/'),
        "title" | "place" | "organization" | "contract" | "language" => has_letter,
        "positions" | "interest" => has_digit,
        "external_id" => has_digit || has_letter,
        _ => !words.trim().is_empty(),
    }
}

/// Returns whether a value of JSON or XML fits a field. A boolean says whether something is open, and nothing else.
pub(super) fn value(field: &str, value: &Value) -> bool {
    match value {
        Value::Bool(_) => field == "status",
        Value::String(words) => text(field, words),
        Value::Number(number) => match field {
            "posted_at" | "closes_at" | "starts_at" | "ends_at" => {
                number.as_f64().is_some_and(|time| time >= TIME)
            }
            "title" | "url" | "place" | "organization" | "language" | "description" => false,
            _ => true,
        },
        Value::Null => false,
        Value::Array(_) | Value::Object(_) => true,
    }
}

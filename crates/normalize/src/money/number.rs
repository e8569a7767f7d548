//! Amounts written in digits.

use regex::Regex;

use crate::patterns;

/// An amount in digits, and where it stands in the words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    /// In hundredths, multiplied.
    pub(super) value: i64,
    /// The multiplier: 1,000 for "150k".
    pub(super) multiple: i64,
    pub(super) begin: usize,
    pub(super) end: usize,
}

patterns! {
    /// A number with an exponent ("2.5E7"), or with its groups of thousands and optional decimals. Groups are separated by a space, a dot, a comma or an
    /// apostrophe.
    static NUMBER: Regex =
        r"\d+(?:[.,]\d+)?e[+-]?\d+\b|\d{1,4}(?: \d{3})+\b(?:[.,]\d{1,3}\b)?|\d{1,3}(?:[.,']\d{3})+\b(?:[.,]\d{1,2}\b)?|\d+(?:[.,]\d+)?";

    static MULTIPLE: Regex =
        r"^ ?(?:(k|mille|thousand)|(m|millions?)|(milliards?|billions?))(?:[^a-z]|$|f?cfa|f\b|eur|usd)";
}

/// Returns all amounts except zeros, from the left. `None`: one is negative or too large.
pub(super) fn all(text: &str) -> Option<Vec<Figure>> {
    let bytes = text.trim_start().as_bytes();
    if bytes.first() == Some(&b'-') && bytes.get(1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let mut found = Vec::new();
    for hit in NUMBER.find_iter(text) {
        let multiple = multiple(text.get(hit.end()..).unwrap_or_default());
        let value = hundredths(hit.as_str())?.checked_mul(multiple)?;
        if value > 0 {
            found.push(Figure { value, multiple, begin: hit.start(), end: hit.end() });
        }
    }
    Some(found)
}

fn multiple(after: &str) -> i64 {
    let Some(hit) = MULTIPLE.captures(after) else { return 1 };
    match (hit.get(1), hit.get(2)) {
        (Some(_), _) => 1_000,
        (_, Some(_)) => 1_000_000,
        _ => 1_000_000_000,
    }
}

/// Returns the value of a number with an exponent, in hundredths.
fn written_out(mantissa: &str, exponent: &str) -> Option<i64> {
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let digits: i64 = format!("{whole}{decimals}").parse().ok()?;
    let exponent: i64 = exponent.trim_start_matches('+').parse().ok()?;
    let scale = exponent.checked_sub(i64::try_from(decimals.len()).ok()?)?.checked_add(2)?;
    let power = 10_i64.checked_pow(u32::try_from(scale.unsigned_abs()).ok()?);
    if scale < 0 { Some(power.map_or(0, |power| digits / power)) } else { digits.checked_mul(power?) }
}

/// Returns the value of a number, in hundredths.
fn hundredths(number: &str) -> Option<i64> {
    if let Some((mantissa, exponent)) = number.split_once('e') {
        return written_out(mantissa, exponent);
    }
    let is_mark = |c: char| matches!(c, '.' | ',');
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    // The last mark separates decimals, unless three digits follow it and at most three precede it: "2.371" is two thousand,
    // "2371.000" is not two million.
    let (whole, decimals) = match number.rsplit_once(is_mark) {
        Some((whole, tail))
            if tail.len() != 3 || whole == "0" || (digits(whole) > 3 && !whole.contains(is_mark)) =>
        {
            (whole, tail)
        }
        _ => (number, ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let cents: String = decimals.chars().chain("00".chars()).take(2).collect();
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)
}

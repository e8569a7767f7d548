//! Amounts written in digits.

use std::borrow::Cow;

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

    /// What multiplies the number before it: "150k", "2 millions", "75 milles".
    static MULTIPLE: Regex = format!(
        r"^ ?(?:(k|mill?es?|mil|thousand)|(m|millions?|mios?)|(milliards?|mds?|mrds?|billions?|bn))(?:[^a-z]|$|(?:{})\b)",
        r"f|f?cfaf?|frs?|francs?|xaf|xof|eur|euros?|usd|dollars?|gbp|ngn|nairas?|chf|mad|dhs?|cad"
    );

    /// Groups of thousands whose last is zeros, with marks that stand apart or are none of a number: "75. 000", "75-000", "75 .000".
    static LOOSE: Regex = r"\b\d{1,3}(?: ?[.,'] ?\d{3})*(?: ?[.,'] ?|-)000(?:[.,']\d{3})*\b";
}

/// Returns the text with its numbers written one way: apart from the letters behind them ("75 000F"), without `_` within them, and
/// with loose groups of thousands closed.
pub(super) fn regular(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    // "1.5E5" and "2e+7" are numbers.
    let is_exponent = |at: usize| {
        bytes.get(at) == Some(&b'e')
            && (is_digit(at + 1) || (matches!(bytes.get(at + 1), Some(b'+' | b'-')) && is_digit(at + 2)))
    };
    let is_glued = |at: usize| {
        is_digit(at) && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase) && !is_exponent(at + 1)
    };
    let is_joint = |at: usize| bytes.get(at) == Some(&b'_') && at > 0 && is_digit(at - 1);
    let mut apart = Cow::Borrowed(text);
    if (0..bytes.len()).any(|at| is_glued(at) || is_joint(at)) {
        let mut out = String::with_capacity(text.len() + 8);
        for (at, letter) in text.char_indices() {
            match is_joint(at) {
                true if is_digit(at + 1) => (),
                true => out.push(' '),
                false => out.push(letter),
            }
            if is_glued(at) {
                out.push(' ');
            }
        }
        apart = Cow::Owned(out);
    }
    if !apart.contains("000") || !LOOSE.is_match(&apart) {
        return apart;
    }
    let mut out = String::with_capacity(apart.len());
    let mut from = 0;
    for hit in LOOSE.find_iter(&apart) {
        let before = apart.get(from..hit.start()).unwrap_or_default();
        out.push_str(before);
        // "1 250.000": whether the dot separates decimals is not told.
        let is_within =
            before.strip_suffix(' ').is_some_and(|head| head.ends_with(|c: char| c.is_ascii_digit()))
                || before.ends_with(['.', ',', '\'']);
        if is_within {
            out.push_str(hit.as_str());
        } else {
            let groups = hit.as_str().split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
            out.push_str(&groups.collect::<Vec<_>>().join(" "));
        }
        from = hit.end();
    }
    out.push_str(apart.get(from..).unwrap_or_default());
    Cow::Owned(out)
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

/// Returns whether a number may be a thousand times what it seems, because its groups are broken: "75 00", "1 50 000", "1 250.000".
pub(super) fn is_broken(text: &str) -> bool {
    let mut last: Option<(usize, &str)> = None;
    for hit in NUMBER.find_iter(text) {
        let number = hit.as_str();
        let tail = number.rsplit(['.', ',']).next().unwrap_or_default();
        if number.contains(' ') && tail.len() == 3 && tail.len() < number.len() && !tail.contains(' ') {
            return true;
        }
        if let Some((end, before)) = last {
            let between = text.get(end..hit.start()).unwrap_or_default();
            let is_zeros = number.len() > 1 && number.bytes().all(|byte| byte == b'0');
            let is_near = between.len() <= if is_zeros { 3 } else { 1 };
            let is_part = is_near && between.chars().all(|c| matches!(c, ' ' | '.' | ',' | '\''));
            let is_small = before.len() <= 3 && before.bytes().all(|byte| byte.is_ascii_digit());
            if is_part && !between.is_empty() && (is_zeros || is_small) {
                return true;
            }
        }
        last = Some((hit.end(), number));
    }
    false
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

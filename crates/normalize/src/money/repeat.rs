//! Words on money in which a source file has added what was there already: "USD 175 000 USD", "1,5 % par mois par mois".

use std::borrow::Cow;

use regex::Regex;

use crate::patterns;

patterns! {
    /// A currency, a number in it or none, and a currency.
    static FLANKED: Regex = r"(?i)(\b(?:f\s?cfa|xaf|xof|francs? cfa|frs?|usd|us\$|eur|euros?|gbp|ngn|nairas?|dollars?)\b|[$€£₦])(\s?\d[\d\s\u{a0}\u{202f}.,']*(?:\s?(?:millions?|milliards?|mille|m|k)\b)?)?(\s?)(\b(?:f\s?cfa|xaf|xof|francs? cfa|frs?|usd|us\$|eur|euros?|gbp|ngn|nairas?|dollars?)\b|[$€£₦])";
}

/// Returns one word for each currency.
fn same(currency: &str) -> String {
    let plain: String = currency.to_lowercase().chars().filter(|letter| !letter.is_whitespace()).collect();
    match plain.as_str() {
        "fcfa" | "xaf" | "xof" | "francscfa" | "franccfa" | "fr" | "frs" => "cfa",
        "usd" | "us$" | "$" | "dollar" | "dollars" => "usd",
        "eur" | "€" | "euro" | "euros" => "eur",
        "gbp" | "£" => "gbp",
        "ngn" | "₦" | "naira" | "nairas" => "ngn",
        other => other,
    }
    .to_owned()
}

/// Returns the words without a currency that stands on both sides of one number, and without an ending that stands twice. The words of a
/// range stay: "USD 100 - USD 200", "100 000 FCFA - 200 000 FCFA".
pub(crate) fn without_repeats(words: &str) -> Cow<'_, str> {
    let once = without_currency(words);
    match without_ending(&once) {
        Some(end) => Cow::Owned(once.get(..end).unwrap_or_default().to_owned()),
        None => once,
    }
}

fn without_currency(words: &str) -> Cow<'_, str> {
    let mut from = 0;
    while let Some(hit) = words.get(from..).and_then(|rest| FLANKED.captures(rest)) {
        let (Some(first), Some(last)) = (hit.get(1), hit.get(4)) else { break };
        let (begin, end) = (from + last.start(), from + last.end());
        let after = words.get(end..).unwrap_or_default();
        let goes_on = after.trim_start().starts_with(|next: char| next.is_ascii_digit());
        if same(first.as_str()) == same(last.as_str()) && !goes_on {
            let before = words.get(..begin).unwrap_or_default().trim_end();
            return Cow::Owned(format!("{before}{after}"));
        }
        // The second currency may be the first of the next number.
        from = begin;
    }
    Cow::Borrowed(words)
}

/// Returns where the words end before an ending of up to three words, without digits, that stands there already.
fn without_ending(words: &str) -> Option<usize> {
    let lower = words.trim_end();
    (1..=3).rev().find_map(|many| {
        let cut = |text: &str| {
            let mut end = text.len();
            for _ in 0..many {
                end = text.get(..end)?.trim_end().rfind(' ')?;
            }
            Some(end)
        };
        let end = cut(lower)?;
        let (before, ending) = (lower.get(..end)?.trim_end(), lower.get(end..)?.trim());
        let earlier = before.get(cut(before)?..)?.trim();
        let says = ending.chars().any(|letter| letter.is_alphabetic() || letter == '%')
            && !ending.bytes().any(|byte| byte.is_ascii_digit());
        (says && earlier.eq_ignore_ascii_case(ending)).then_some(before.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_twice_is_kept_once() {
        for (words, expected) in [
            ("USD 175 000 USD", "USD 175 000"),
            ("175 000 USD USD", "175 000 USD"),
            ("$ 2,100,000 USD", "$ 2,100,000"),
            ("150 000 FCFA FCFA", "150 000 FCFA"),
            ("150 000 F CFA XAF", "150 000 F CFA"),
            ("XAF 150 000 FCFA par mois", "XAF 150 000 par mois"),
            ("€ 2,5 millions EUR", "€ 2,5 millions"),
            ("à partir de 50 000 FCFA FCFA", "à partir de 50 000 FCFA"),
            ("150 000 FCFA par mois par mois", "150 000 FCFA par mois"),
            ("1,5 % %", "1,5 %"),
            ("12 mois mois", "12 mois"),
            // What stands twice for a reason.
            ("USD 100 - USD 200", "USD 100 - USD 200"),
            ("USD 100 USD 200", "USD 100 USD 200"),
            ("100 000 FCFA - 200 000 FCFA", "100 000 FCFA - 200 000 FCFA"),
            ("100 000 FCFA à 200 000 FCFA", "100 000 FCFA à 200 000 FCFA"),
            ("EUR 500 XAF 300 000", "EUR 500 XAF 300 000"),
            ("500 EUR (330 000 FCFA)", "500 EUR (330 000 FCFA)"),
            ("500 EUR 330 000 XAF", "500 EUR 330 000 XAF"),
            ("30000 - 600000 XAF", "30000 - 600000 XAF"),
            ("à négocier", "à négocier"),
            ("1.25 % Per month", "1.25 % Per month"),
            ("20 20", "20 20"),
            ("", ""),
        ] {
            assert_eq!(without_repeats(words), expected, "{words}");
        }
    }
}

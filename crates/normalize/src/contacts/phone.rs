//! Phone numbers in text, and numbers that look like them.

use regex::Regex;

use crate::patterns;

/// What may stand between two digits of a number.
const GAP: &str = r"[ .,/_()'’·\x{b7}\x{2010}-\x{2015}-]{0,3}";

/// A Cameroonian number: nine digits in any groups, beginning with 6 or 2.
fn national() -> String {
    format!(r"[62](?:{GAP}[0-9]){{8}}")
}

patterns! {
    /// A possible number. [`is_number`] examines the text around it.
    static MAYBE: Regex = {
        let national = national();
        let gap = r"[ .\-/()\x{2010}-\x{2015}]{0,3}";
        format!(
            r"(?P<label>(?i:t[ée]l(?:[ée]phone)?s?|phone|whatsapp|mobile|cell|contact|appel(?:ez|er))[ .:n°/-]{{0,4}})\(?\+?[0-9](?:{gap}[0-9]){{7,12}}|(?:\+|\b00)\(?[1-9](?:{gap}[0-9]){{7,13}}|\(?237\)?{gap}{national}|{national}|0[1-9](?:[ .\-]?[0-9][0-9]){{4}}"
        )
    };

    static NATIONAL: Regex = format!("^{}", national());

    /// What follows an amount.
    static MONEY: Regex =
        r"(?i)^ ?(?:f?\.? ?cfa|frs?\b|f\b|francs?|xaf|xof|eur|usd|€|\$|£|%|millions?|m\b|k\b|mois\b|ans?\b)";

    /// Dates and years, which stay dates after a label such as "mobile".
    static DATE: Regex =
        r"^(?:[0-3]?[0-9][/.-][01]?[0-9][/.-](?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}[ /-]+(?:(?:19|20)[0-9]{2}|[01][0-9][/-][0-3][0-9]))\b";
}

/// Country codes of the numbers in posts. "00" alone begins many references.
const COUNTRIES: [&str; 34] = [
    "237", "33", "32", "1", "41", "44", "49", "34", "39", "31", "86", "90", "91", "971", "966", "974", "965",
    "961", "212", "213", "216", "220", "221", "225", "227", "228", "229", "234", "235", "236", "240", "241",
    "242", "243",
];

/// A number in a text, with its position without the label.
pub(super) struct Found {
    pub(super) begin: usize,
    pub(super) end: usize,
    /// In the form of ITU-T E.164; `None` if the country is unknown.
    pub(super) number: Option<String>,
}

/// Returns all numbers of a text, from the left.
pub(super) fn all(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    if !may_have(text) {
        return found;
    }
    let mut from = 0;
    while let Some(hit) = MAYBE.captures_at(text, from) {
        let Some(whole) = hit.get(0) else { break };
        let begin = hit.name("label").map_or(whole.start(), |label| label.end());
        let is_next =
            found.last().is_some_and(|last| text.get(last.end..begin).is_some_and(|gap| gap.len() <= 4));
        let written = text.get(begin..whole.end()).unwrap_or_default();
        if is_number(text, begin, whole.end(), hit.name("label").is_some(), is_next) {
            found.push(Found { begin, end: whole.end(), number: number(written) });
            from = whole.end();
        } else {
            // Continue after its first digit: the rest may be a number.
            let step = written.find(|c: char| c.is_ascii_digit()).map_or(1, |at| at + 1);
            from = begin + step.max(1);
        }
    }
    found
}

/// Returns whether a text has as many digits as a phone number, near enough to each other.
fn may_have(text: &str) -> bool {
    // The shortest one.
    const DIGITS: usize = 8;
    // A bracket and a gap of three characters, of three bytes each.
    const APART: usize = 11;
    let (mut many, mut last) = (0, 0);
    text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).any(|(at, _)| {
        many = if at - last <= APART { many + 1 } else { 1 };
        last = at;
        many >= DIGITS
    })
}

/// Returns whether the digits at these positions are a phone number.
fn is_number(text: &str, begin: usize, end: usize, is_labelled: bool, is_next: bool) -> bool {
    let written = text.get(begin..end).unwrap_or_default();
    let (before, after) = (text.get(..begin).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    if MONEY.is_match(after) || DATE.is_match(written.trim_start_matches(['(', '+'])) {
        return false;
    }
    // More digits make a longer number, such as an amount or an identifier, unless another phone number begins there.
    let rest = after.trim_start_matches([' ', '.', ',', '-', '/']);
    let goes_on = rest.starts_with(|c: char| c.is_ascii_digit()) && after.len() - rest.len() <= 1;
    if goes_on && !NATIONAL.is_match(rest) {
        return false;
    }
    let last = before.chars().next_back();
    let is_joined = last.is_some_and(|c| c.is_ascii_digit())
        || (last.is_some_and(|c| matches!(c, '.' | ',' | '-' | '/' | '_'))
            && before.chars().rev().nth(1).is_some_and(|c| c.is_ascii_digit()));
    if is_joined && !is_next {
        return false;
    }
    if written.starts_with('+') || written.starts_with("(+") {
        return !last.is_some_and(|c| c.is_alphanumeric() || c == '%');
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return COUNTRIES.iter().any(|code| rest.starts_with(code)) && !written.contains('/');
    }
    is_labelled || is_plausible(&digits)
}

/// Returns whether digits without label and code are a number of Cameroon or France.
fn is_plausible(digits: &str) -> bool {
    let national = digits.strip_prefix("237").filter(|rest| rest.len() == 9).unwrap_or(digits);
    let mobile = national.len() == 9
        && national.starts_with('6')
        && !national.starts_with("60")
        && !national.starts_with("61");
    let fixed =
        national.len() == 9 && ["222", "233", "242", "243"].iter().any(|area| national.starts_with(area));
    mobile || fixed || (digits.len() == 10 && digits.starts_with('0'))
}

/// Returns the digits with the country code. A number without one is Cameroonian, or unknown.
fn number(written: &str) -> Option<String> {
    let digits: String = written.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
    let is_ours = |digits: &str| digits.len() == 9 && digits.starts_with(['2', '6']);
    if written.contains('+') {
        Some(format!("+{digits}"))
    } else if let Some(rest) = digits.strip_prefix("00") {
        Some(format!("+{rest}"))
    } else if digits.strip_prefix("237").is_some_and(is_ours) {
        Some(format!("+{digits}"))
    } else {
        is_ours(&digits).then(|| format!("+237{digits}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(text: &str) -> (String, Vec<String>) {
        let all = all(text);
        let out = super::super::replaced(text, all.iter().map(|found| (found.begin, found.end)), "#");
        (out, all.into_iter().filter_map(|found| found.number).collect())
    }

    proptest! {
        #[test]
        fn what_may_be_a_number_is_examined(
            text in "([0-9]{1,3}|[ .,/_()’·–+-]{0,3}|[0-9]{1,3}[’–·]{3}|tél|contact|\\(237\\)|00|6[0-9]{2}|[a-zé ]{0,12}){0,14}"
        ) {
            prop_assert!(!MAYBE.is_match(&text) || may_have(&text));
        }
    }

    #[test]
    fn numbers_are_found_as_people_write_them() {
        for words in [
            "699 00 11 22",
            "6 99 00 11 22",
            "699001122",
            "237699001122",
            "+237 6 99 00 11 22",
            "(+237) 699001122",
            "00237-699-00-11-22",
            "699.00.11.22",
            "699-00-11-22",
            "699 - 00 - 11 - 22",
            "699\u{2013}00\u{2013}11\u{2013}22",
            "699 00 1122",
            "699 0011 22",
            "699 001122",
            "69900 11 22",
            "(699) 00 11 22",
            "699,00,11,22",
            "699_00_11_22",
            "699·00·11·22",
            "69 90 01 12 2",
        ] {
            let (text, numbers) = masked(&format!("CV au {words} svp"));
            assert!(!text.contains(|c: char| c.is_ascii_digit()), "{words}: {text}");
            assert_eq!(numbers, ["+237699001122"], "{words}");
        }
        for (words, left) in [
            ("Tel699001122", "Tel#"),
            ("699001122ou677001122", "#ou#"),
            ("699 00 11 22 / 677 00 11 22", "# / #"),
            ("wa.me/237699001122", "wa.me/#"),
            ("_699001122_", "_#_"),
            ("2 33 42 00 11", "#"),
            ("222234567", "#"),
            ("06 12 34 56 78", "#"),
            ("Mr Angelo, Tél : 0610646235", "Mr Angelo, Tél : #"),
            ("contact: 0610646235", "contact: #"),
            ("+1 (202) 555-0143", "#"),
        ] {
            assert_eq!(masked(words).0, left, "{words}");
        }
    }

    #[test]
    fn numbers_that_are_no_telephone_stay() {
        for words in [
            "650 000 000 FCFA",
            "650000000 FCFA",
            "650.000.000 FCFA",
            "1 % +10 000 000 FCFA",
            "Mobile 12 000 000 FCFA",
            "Crédit mobile 25.000.000 F",
            "600 000-650 000 FCFA",
            "de 600-650 000 FCFA",
            "AO N° 0012/2026-2027",
            "Réf 0045-2026-11-30",
            "DAO 00125/15/11/2026",
            "mobile : 01/11/2026",
            "Agent Mobile 2026-2027",
            "BAC+3 2025-2026",
            "150 000 - 250 000 FCFA",
            "20261130235900",
            "AO 0012/2026",
            "25 - 35 ans",
            "1 250 000,50",
            "Du 12.10.2026 au 15.11.2026",
            "2 000 000 FCFA",
            "réf 202-3356-77",
            "0,0012345678",
        ] {
            assert_eq!(masked(words).0, words);
        }
    }
}

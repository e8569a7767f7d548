//! Numbers and days that a text names, in digits or in words.

use normalize::patterns;
use regex::Regex;

use crate::sketch::{
    hash::short,
    words::{month_of, number_of},
};

patterns! {
    static NUMBER: Regex = r"(?P<head>\d{1,3})[.,](?P<tenth>\d) ?millions?\b|(?P<whole>\d{1,3}) ?(?P<unit>millions?|mille|thousand)\b|\d{1,3}(?:[ .,\u{a0}\u{202f}]\d{3})+\b|\d{1,12}";

    /// A phone number is a contact, not a count: it is compared as such, however it is spaced.
    static PHONE: Regex = r"(?:(?:\+|\b00)[ .]?)?(?:\b237[ .-]?)?\b[26](?:[ .-]?\d){8}\b|(?:\+|\b00)[ .]?237[ .-]?[26](?:[ .-]?\d){8}\b|\b237[26]\d{8}\b";
}

/// Returns the numbers above one without years, days and phone numbers. Groups of thousands are one number, and so are numbers of several words.
pub(super) fn numbers(text: &str, words: &[&str], days: &[u64]) -> Vec<u32> {
    let text = PHONE.replace_all(text, " ");
    NUMBER
        .captures_iter(&text)
        .filter_map(|hit| value(&hit))
        .chain(spelled(words))
        .filter(|number| *number > 1 && !(2_000..2_100).contains(number) && !days.contains(number))
        .map(number)
        .collect()
}

/// Returns the value of a number in digits: "25.000", "1,5 million", "300 mille".
fn value(hit: &regex::Captures<'_>) -> Option<u64> {
    let part = |name: &str| hit.name(name).and_then(|part| part.as_str().parse::<u64>().ok());
    if let (Some(head), Some(tenth)) = (part("head"), part("tenth")) {
        return Some(head * 1_000_000 + tenth * 100_000);
    }
    if let (Some(whole), Some(unit)) = (part("whole"), hit.name("unit")) {
        return Some(whole * if unit.as_str().starts_with("million") { 1_000_000 } else { 1_000 });
    }
    let digits: String = hit.get(0)?.as_str().chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Returns the numbers that folded words name: "vingt cinq" is 25, "quatre vingt dix" 90, "trois cent mille" 300,000.
fn spelled(words: &[&str]) -> Vec<u64> {
    let mut all = Vec::new();
    let (mut sum, mut last) = (0_u64, 0_u64);
    let mut before = "";
    for word in words {
        // A digit before "mille" is read with the digits.
        let is_after_digits = before.bytes().all(|byte| byte.is_ascii_digit()) && !before.is_empty();
        before = word;
        match number_of(word.strip_suffix('s').filter(|one| matches!(*one, "vingt" | "cent")).unwrap_or(word))
        {
            Some(1_000) if is_after_digits => (),
            Some(1_000) if last < 1_000 => {
                sum += last.max(1) * 1_000;
                last = 0;
            }
            Some(100) if last > 0 && last < 10 => last *= 100,
            Some(20) if last % 100 == 4 => last += 76,
            Some(value) if fits(last, value) => last += value,
            Some(value) => {
                all.push(sum + last);
                (sum, last) = (0, value);
            }
            None => {
                all.push(sum + last);
                (sum, last) = (0, 0);
            }
        }
    }
    all.push(sum + last);
    all.retain(|number| *number > 0);
    all
}

/// Returns whether a number word continues the one before: "vingt cinq", "soixante dix", "cent vingt".
fn fits(last: u64, value: u64) -> bool {
    match last % 100 {
        0 => value < 100,
        60 | 80 => value < 20,
        tens => tens >= 20 && tens % 10 == 0 && value < 10,
    }
}

/// Returns the hash of a number in a text.
pub(crate) fn number(value: u64) -> u32 {
    short(value.wrapping_mul(0x9e37_79b9))
}

/// Most days of a text that are compared.
const DAYS: usize = 12;

/// Returns the days that a text names with their month, also the first one of a span: "du 10 au 12 juin", "October 5", "05/10/2026". Also
/// returns their numbers. An hour beside a month is not a day: "12 octobre, 17h".
pub(super) fn days(words: &[&str]) -> (Vec<u32>, Vec<u64>) {
    let at = |at: Option<usize>| at.and_then(|at| words.get(at)).copied().unwrap_or_default();
    let mut all = Vec::new();
    for here in 0..words.len() {
        let [one, two, three, four] = [0, 1, 2, 3].map(|next| at(Some(here + next)));
        if let (Some(day), Some(month)) = (day_of(one), named(two)) {
            all.push(month * 32 + day);
            // "du 10 au 12 juin", "10–12 June"
            let is_span = matches!(at(here.checked_sub(1)), "au" | "to" | "et" | "and");
            let first =
                day_of(at(here.checked_sub(if is_span { 2 } else { 1 }))).filter(|first| *first < day);
            all.extend(first.map(|first| month * 32 + first));
        } else if let (Some(month), Some(day)) = (named(one), day_of(two)) {
            let is_taken = day_of(at(here.checked_sub(1))).is_some();
            if !is_taken && !matches!(three, "h" | "heures" | "pm" | "am" | "hours" | "hrs") {
                all.push(month * 32 + day);
                // "June 10 to 12"
                let last = if matches!(three, "to" | "and" | "au") { four } else { three };
                all.extend(day_of(last).filter(|last| *last > day).map(|last| month * 32 + last));
            }
        } else if let (Some(day), Some(month)) = (day_of(one), numbered(two)) {
            let is_year = three.len() == 4 && three.starts_with("20");
            // "du 19/10 au 13/11/2026"
            let is_span = matches!(three, "au" | "to")
                && day_of(four).is_some()
                && numbered(at(Some(here + 4))).is_some();
            if is_year || is_span {
                all.push(month * 32 + day);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all.truncate(DAYS);
    let numbers = all.iter().map(|day| u64::from(day % 32)).collect();
    (all, numbers)
}

fn named(word: &str) -> Option<u32> {
    month_of(word).map(u32::from)
}

fn numbered(word: &str) -> Option<u32> {
    word.parse::<u32>().ok().filter(|month| word.len() <= 2 && (1..=12).contains(month))
}

/// Returns the day that a word such as "5", "05", "1er" or "5th" may be.
fn day_of(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let ending = word.get(digits.len()..).unwrap_or_default();
    let is_day = digits.len() <= 2 && matches!(ending, "" | "er" | "e" | "st" | "nd" | "rd" | "th");
    digits.parse::<u32>().ok().filter(|day| is_day && (1..=31).contains(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<u32> {
        let folded = normalize::text::fold(text);
        let words: Vec<&str> = folded.split(' ').collect();
        let mut all = numbers(text, &words, &[]);
        all.sort_unstable();
        all.dedup();
        all
    }

    #[test]
    fn numbers_in_words_are_those_in_digits() {
        for (words, digits) in [
            ("vingt-cinq places, trois cent mille francs", "25 places, 300 000 F"),
            ("quatre-vingts plans et soixante-dix kits", "80 plans et 70 kits"),
            ("quatre-vingt-dix jours à mille francs", "90 jours à 1000 F"),
            ("cent vingt repas, deux mille francs par jour", "120 repas, 2.000 F par jour"),
            ("forty thousand francs, twenty-five seats", "40,000 F, 25 seats"),
            ("jusqu'à 1,5 million, 300 mille d'apport", "jusqu'à 1 500 000, 300 000 d'apport"),
            ("deux jours au garage, trois en classe", "2 jours au garage, 3 en classe"),
        ] {
            assert_eq!(all(words), all(digits), "{words}");
        }
    }

    #[test]
    fn a_phone_number_is_not_a_count() {
        for phone in
            ["699 00 12 31", "+237 6 99 00 12 31", "699-00-12-31", "+237699001231", "00 237 699001231"]
        {
            assert_eq!(all(&format!("12 agents. Tél. {phone}.")), all("12 agents."), "{phone}");
        }
    }

    #[test]
    fn days_are_those_of_a_span_and_never_an_hour() {
        let of = |text: &str| {
            let folded = normalize::text::fold(text);
            days(&folded.split(' ').collect::<Vec<_>>()).0
        };
        let june = [6 * 32 + 10, 6 * 32 + 12];
        for text in [
            "du 10 au 12 juin 2026",
            "10–12 June 2026",
            "from June 10 to 12",
            "10/06/2026 et 12/06/2026",
            "du 10/06 au 12/06/2026",
        ] {
            assert_eq!(of(text), june, "{text}");
        }
        for text in ["le 12 octobre, 17h", "by 12 October, 5 pm", "12 octobre à 17 h", "October 12th"] {
            assert_eq!(of(text), [10 * 32 + 12], "{text}");
        }
    }
}

//! The length of a loan, a training, a contract or a project.

use chrono::NaiveDate;
use domain::duration::Duration;
use regex::Regex;

use crate::{
    money::{is_least, is_most},
    numbers::in_digits,
    patterns,
    text::clean_line,
};

/// Days of an average month, over the 400 years of the calendar.
const DAYS_A_MONTH: f64 = 30.436_875;
/// Longest length, in hundredths of a month: 40 years.
const LONGEST: f64 = 48_000.0;

const UNIT: &str = r"(?:[a-z]+\.)?(jours?|j|days?|d|semaines?|sem|weeks?|wks?|mois|months?|mths?|mo|mensualites?|trimestres?|quarters?|semestres?|ans?|annees?|years?|yrs?)\b";

patterns! {
    /// A number with its unit, and "et demi" after it.
    static LENGTH: Regex = format!(
        r"\b(\d{{1,3}}(?:[.,]\d{{1,2}})?) ?\+? ?(?:(?:full |calendar )?{UNIT}(?P<half> et demie?| and a half)?)?"
    );

    /// "Durée (mois) : 6 à 24".
    static UNIT_FIRST: Regex = format!(
        r"{UNIT}\)?\s*:?\s*(\d{{1,3}}(?:[.,]\d{{1,2}})?)(?: ?(?:a|-|/|to) ?(\d{{1,3}}(?:[.,]\d{{1,2}})?))?$"
    );

    static ISO: Regex = r"^p(?:(\d{1,3})y)?(?:(\d{1,3})m)?(?:(\d{1,3})w)?(?:(\d{1,4})d)?(?:t[\dhms.]*)?$";

    /// Frequencies, times of day, amounts, what is spread over the time that follows, and other terms of a loan.
    static NOISE: Regex =
        r"(?x)\d+\ ?(?:jours?|days?|fois|times?|x|seances?|h|heures?|hours?)\ ?(?:par|/|per|a|each)\ ?(?:semaine|week|mois|month|jour|day)
        | \d+\ ?[hj]\ ?/\ ?\d+\ ?(?:j\b|h\b|$|,|;) | ^.*(?:reparti|etale|spread|espace)[a-z]*\ (?:sur|over)
        | (?:differe|grace|deferred|moratoire|periode\ d'essai|probation)[^,;]*?\d+\ ?(?:mois|months?|jours?|days?|semaines?|weeks?)
        | \d+\ ?(?:mois|months?|jours?|days?|semaines?|weeks?)'?\ (?:de\ |d'|of\ )?(?:differe|grace|moratori|essai|probation|preavis)
        | \d[\d\ .,]*\ ?(?:f?cfa|frs?|xaf|francs?|eur|euros?|€|%)(?:\ ?(?:/|par|per|a)\ ?(?:an|mois|month|year|jour|day|semaine|week)\b)?";

    /// Words after which the text is about something else.
    static REST: Regex =
        r"\b(?:dont|avec|with|including|y compris|renouvel|renewable|a compter|from the)\b|\(";

    static A_UNIT: Regex = r"\ban? (year|month|week|quarter|day)\b";

    static DAYS: Regex =
        r"\b(?:(?P<y>(?:19|20)\d\d)[-/.]?(?P<m>\d\d)[-/.]?(?P<d>\d\d)|(?P<d2>\d\d?)[-/.](?P<m2>\d\d?)[-/.](?P<y2>(?:19|20)\d\d))(?:t[\d:.]+z?)?\b";
}

/// One length in the text.
struct Length {
    months: f64,
    begin: usize,
    end: usize,
}

/// Parses a length. `None`: the words name no length of a day or more ("35 heures", "à convenir", a number without a unit).
pub fn read_duration(words: &str) -> Option<Duration> {
    let text = in_digits(&clean_line(words));
    if let Some(hit) = ISO.captures(text.trim()) {
        let part = |at: usize, of: f64| {
            hit.get(at).and_then(|n| n.as_str().parse::<f64>().ok()).map_or(0.0, |n| n * of)
        };
        let whole = part(1, 12.0) + part(2, 1.0) + part(3, 7.0 / DAYS_A_MONTH) + part(4, 1.0 / DAYS_A_MONTH);
        return between(Some(whole), Some(whole));
    }
    if let Some(read) = span_of_days(&text) {
        return Some(read);
    }
    let text = A_UNIT.replace_all(&text, "1 $1");
    let text = NOISE.replace_all(&text, ";");
    let first = LENGTH
        .find_iter(&text)
        .find(|hit| hit.as_str().ends_with(char::is_alphabetic))
        .map_or(0, |hit| hit.end());
    let rest = REST.find_at(&text, first).map_or(text.len(), |hit| hit.start());
    let told = text.get(..rest)?;
    let lengths = lengths(told);
    if lengths.is_empty() {
        return unit_first(&text);
    }
    let (mut min, mut max): (Option<f64>, Option<f64>) = (None, None);
    let mut bound_before = false;
    for (at, length) in lengths.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| lengths.get(before)).map_or(0, |length| length.end);
        let next = lengths.get(at + 1).map_or(told.len(), |length| length.begin);
        let around = (told.get(before..length.begin)?, told.get(length.end..next)?);
        // Words between two lengths belong to the later one, up to a mark.
        let behind = around.1.split([',', ';', '/']).next().unwrap_or_default();
        let ahead = around.0.rsplit([',', ';', '/']).next().unwrap_or_default();
        let (least, most) = (is_least(ahead, behind), is_most(ahead, behind));
        // "a maximum of sixty months or five years": one bound for both.
        let most = most || (bound_before && matches!(ahead.trim(), "ou" | "or"));
        bound_before = most;
        if !most {
            min = Some(min.map_or(length.months, |known| known.min(length.months)));
        }
        if !least || most {
            max = Some(max.map_or(length.months, |known| known.max(length.months)));
        }
    }
    between(min, max)
}

/// "20171204 - 20180601", "du 04/12/2017 au 01/06/2018": from the first day to the last.
fn span_of_days(text: &str) -> Option<Duration> {
    let days: Vec<NaiveDate> = DAYS
        .captures_iter(text)
        .filter_map(|hit| {
            let number = |names: [&str; 2]| {
                names.into_iter().find_map(|name| hit.name(name)?.as_str().parse::<u32>().ok())
            };
            let year = i32::try_from(number(["y", "y2"])?).ok()?;
            NaiveDate::from_ymd_opt(year, number(["m", "m2"])?, number(["d", "d2"])?)
        })
        .collect();
    let [from, to] = days.as_slice() else { return None };
    // Both days count.
    let days = f64::from(i32::try_from((*to - *from).num_days() + 1).ok()?);
    between(Some(days / DAYS_A_MONTH), Some(days / DAYS_A_MONTH)).filter(|_| to > from)
}

/// Returns the lengths in a text, from the left. A number without a unit takes the next unit, and parts of one length are added.
fn lengths(text: &str) -> Vec<Length> {
    let hits: Vec<(f64, Option<&str>, usize, usize)> = LENGTH
        .captures_iter(text)
        .filter_map(|hit| {
            let number: f64 = hit.get(1)?.as_str().replace(',', ".").parse().ok()?;
            let unit = hit.get(2).map(|unit| unit.as_str());
            let half = if hit.name("half").is_some() { 0.5 } else { 0.0 };
            Some((number + half, unit, hit.get(0)?.start(), hit.get(0)?.end()))
        })
        .collect();
    let mut lengths: Vec<Length> = Vec::new();
    let mut last_unit = "";
    for (at, (number, own, begin, end)) in hits.iter().copied().enumerate() {
        let joined = |from: usize, to: usize| {
            text.get(from..to).is_some_and(|between| {
                matches!(between.trim(), "-" | "/" | "a" | "to" | "ou" | "or" | "et" | "and" | ",")
            })
        };
        let next = hits
            .get(at + 1)
            .filter(|next| joined(end, next.2))
            .and_then(|next| next.1.or_else(|| hits.get(at + 2)?.1));
        let Some(of) = own.or(next) else { continue };
        let months = number * unit(of);
        let between = lengths.last().and_then(|last| text.get(last.end..begin)).map(str::trim);
        let is_part = unit(of) < unit(last_unit)
            && matches!(between, Some("" | "et" | "and" | ","))
            && !text.contains("entre ")
            && !text.contains("between ");
        let is_more = between.is_some_and(|between| between.ends_with('+'));
        match lengths.last_mut() {
            Some(last) if is_part || is_more => {
                last.months += months;
                last.end = end;
            }
            _ => lengths.push(Length { months, begin, end }),
        }
        last_unit = of;
    }
    lengths
}

fn unit_first(text: &str) -> Option<Duration> {
    let hit = UNIT_FIRST.captures(text.trim())?;
    let months = |at: usize| {
        let number: f64 = hit.get(at)?.as_str().replace(',', ".").parse().ok()?;
        Some(number * unit(hit.get(1)?.as_str()))
    };
    between(months(2), months(3).or_else(|| months(2)))
}

fn between(min: Option<f64>, max: Option<f64>) -> Option<Duration> {
    let hundredths = |months: f64| {
        let told = (months * 100.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds that are checked here")]
        (1.0..=LONGEST).contains(&told).then_some(told as i32)
    };
    let read = Duration { min: min.and_then(hundredths), max: max.and_then(hundredths) };
    let is_range = read.min.zip(read.max).is_none_or(|(min, max)| min <= max);
    (is_range && (read.min.is_some() || read.max.is_some())).then_some(read)
}

/// Returns the months of a unit.
fn unit(of: &str) -> f64 {
    match of.as_bytes() {
        [b'j' | b'd', ..] => 1.0 / DAYS_A_MONTH,
        [b's', b'e', b'm', b'e', ..] => 6.0,
        [b's' | b'w', ..] => 7.0 / DAYS_A_MONTH,
        [b't' | b'q', ..] => 3.0,
        [b'a' | b'y', ..] => 12.0,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cases::check;

    fn shown(words: &str) -> String {
        let part =
            |told: Option<i32>| told.map_or("-".to_owned(), |months| (f64::from(months) / 100.0).to_string());
        read_duration(words)
            .map_or("none".to_owned(), |read| format!("{} {}", part(read.min), part(read.max)))
    }

    #[test]
    fn lengths_of_time() {
        check(include_str!("duration/cases.tsv"), 250, |case| shown(&case[0]));
    }

    proptest! {
        #[test]
        fn any_words_are_read_and_a_range_is_one(words in "\\PC{0,40}|[0-9a-z ,.àP-]{0,30}") {
            if let Some(Duration { min: Some(min), max: Some(max) }) = read_duration(&words) {
                prop_assert!(0 < min && min <= max);
            }
        }
    }
}

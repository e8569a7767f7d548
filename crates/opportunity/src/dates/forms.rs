//! The forms, from the strict to the loose.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use regex::Regex;

use super::Moment;
use crate::text::fold;

/// Months by their folded names and abbreviations, French and English.
const MONTHS: [&[&str]; 12] = [
    &["janvier", "janv", "jan", "january"],
    &["fevrier", "fevr", "fev", "february", "feb"],
    &["mars", "march", "mar"],
    &["avril", "avr", "april", "apr"],
    &["mai", "may"],
    &["juin", "june", "jun"],
    &["juillet", "juil", "july", "jul"],
    &["aout", "august", "aug"],
    &["septembre", "sept", "sep", "september"],
    &["octobre", "oct", "october"],
    &["novembre", "nov", "november"],
    &["decembre", "dec", "december"],
];

/// Forms that machines write: ISO 8601 and RFC 3339 in their shapes, RFC 2822, eight digits, `[2026,9,2]`.
pub(super) fn machine(line: &str) -> Option<Moment> {
    let instant = |at: DateTime<_>| Moment::Instant(at.to_utc());
    DateTime::parse_from_rfc3339(line)
        .or_else(|_| DateTime::parse_from_rfc2822(line))
        .or_else(|_| DateTime::parse_from_str(line, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .or_else(|_| DateTime::parse_from_str(line, "%Y-%m-%d %H:%M:%S%.f%#z"))
        .or_else(|_| DateTime::parse_from_str(line, "%Y-%m-%dT%H:%M%#z"))
        .map(instant)
        .ok()
        .or_else(|| local(line))
        .or_else(|| day(line).map(Moment::Day))
}

fn local(line: &str) -> Option<Moment> {
    let forms = [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%d %H:%M",
        "%d/%m/%Y %H:%M:%S",
        "%d/%m/%Y %H:%M",
        "%d-%m-%Y %H:%M",
    ];
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(line, form).ok()).map(Moment::Local)
}

fn day(line: &str) -> Option<NaiveDate> {
    let of_list =
        line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(|rest| rest.replace(' ', ""));
    if let Some(list) = of_list {
        let mut parts = list.split(',').map(str::parse::<i32>);
        let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        return NaiveDate::from_ymd_opt(year, month.try_into().ok()?, day.try_into().ok()?);
    }
    if line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit()) {
        return NaiveDate::parse_from_str(line, "%Y%m%d").ok();
    }
    NaiveDate::parse_from_str(line, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(line, "%Y/%m/%d")).ok()
}

/// Forms that people write.
pub(super) fn prose(line: &str, today: NaiveDate) -> Option<Moment> {
    let folded = fold(line);
    relative(&folded, today).or_else(|| {
        // Of "Du 24.09.2026 au 01.10.2026" the last day counts.
        let (at, end) = numeric(line).or_else(|| named(&folded, today).map(|day| (day, line.len())))?;
        Some(
            clock(line.get(end..).unwrap_or(line))
                .or_else(|| clock_in(&folded))
                .map_or(Moment::Day(at), |time| Moment::Local(at.and_time(time))),
        )
    })
}

static NUMERIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|\D)(\d{1,2})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{4}|\d{2})(?:\D|$)").ok()
});
static ISO_INSIDE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(\d{4})-(\d{2})-(\d{2})").ok());

/// Day, month, year in digits, anywhere in the line; where several stand, the last. Also where it ends.
fn numeric(line: &str) -> Option<(NaiveDate, usize)> {
    if let Some(hit) = ISO_INSIDE.as_ref().and_then(|form| form.captures_iter(line).last()) {
        let end = hit.get(0)?.end();
        let number = |n: usize| hit.get(n).and_then(|part| part.as_str().parse::<u32>().ok());
        return NaiveDate::from_ymd_opt(i32::try_from(number(1)?).ok()?, number(2)?, number(3)?)
            .map(|day| (day, end));
    }
    let hit = NUMERIC.as_ref()?.captures_iter(line).last()?;
    let number = |n: usize| hit.get(n).and_then(|part| part.as_str().parse::<i32>().ok());
    let (day, month, year) = (number(1)?, number(2)?, number(3)?);
    let year = if year < 100 { 2000 + year } else { year };
    let date = NaiveDate::from_ymd_opt(year, month.try_into().ok()?, day.try_into().ok()?)?;
    Some((date, hit.get(3)?.end()))
}

static DAY_MONTH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(\d{1,2})(?:er|st|nd|rd|th)? (?:de |of )?([a-z]{3,9})\b(?: (\d{4})\b)?").ok()
});
static MONTH_DAY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b([a-z]{3,9}) (\d{1,2})(?:st|nd|rd|th)?\b(?: (\d{4})\b)?").ok());

/// "1er octobre 2026", "October 1st, 2026", "Aug, 30"; without a year, the nearest to today.
fn named(folded: &str, today: NaiveDate) -> Option<NaiveDate> {
    let read = |form: &Regex, day: usize, name: usize| {
        form.captures_iter(folded)
            .filter_map(|hit| {
                let month = month(hit.get(name)?.as_str())?;
                let day = hit.get(day)?.as_str().parse().ok()?;
                match hit.get(3) {
                    Some(year) => NaiveDate::from_ymd_opt(year.as_str().parse().ok()?, month, day),
                    None => nearest(month, day, today),
                }
            })
            .last()
    };
    DAY_MONTH
        .as_ref()
        .and_then(|form| read(form, 1, 2))
        .or_else(|| MONTH_DAY.as_ref().and_then(|form| read(form, 2, 1)))
}

fn month(name: &str) -> Option<u32> {
    MONTHS.iter().position(|names| names.contains(&name)).and_then(|at| u32::try_from(at + 1).ok())
}

fn nearest(month: u32, day: u32, today: NaiveDate) -> Option<NaiveDate> {
    let years = [today.year() - 1, today.year(), today.year() + 1];
    let days = years.into_iter().filter_map(|year| NaiveDate::from_ymd_opt(year, month, day));
    days.min_by_key(|date| (*date - today).num_days().abs())
}

static CLOCK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|\D)([01]?\d|2[0-3])\s?(?:h|:)\s?([0-5]\d)?(?:\D|$)").ok());

/// "à 12h00", "12:30", "8h" in what follows a date.
fn clock(rest: &str) -> Option<NaiveTime> {
    let hit = CLOCK.as_ref()?.captures(rest)?;
    let hour = hit.get(1)?.as_str().parse().ok()?;
    let minute = hit.get(2).map_or(Ok(0), |minute| minute.as_str().parse()).ok()?;
    NaiveTime::from_hms_opt(hour, minute, 0)
}

/// The same in folded prose, after "a" or "at" only: other numbers stand there too.
fn clock_in(folded: &str) -> Option<NaiveTime> {
    let (_, rest) = folded.rsplit_once(" a ").or_else(|| folded.rsplit_once(" at "))?;
    clock(rest)
}

static AGO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:il y a |depuis )?(\d{1,3}|un|une|a|an)\s?(minutes?|min|heures?|hours?|h|jours?|days?|j|semaines?|weeks?|mois|months?|ans?|annees?|years?)\b(?: ago)?").ok()
});

/// "hier", "il y a 3 semaines", "2 days ago".
fn relative(folded: &str, today: NaiveDate) -> Option<Moment> {
    let back = |days: u64| today.checked_sub_days(Days::new(days)).map(Moment::Day);
    match folded {
        "aujourd hui" | "today" | "a l instant" | "just now" | "maintenant" | "ce jour" => return back(0),
        "hier" | "yesterday" => return back(1),
        "avant hier" => return back(2),
        _ if !(folded.contains("il y a") || folded.contains("ago") || folded.starts_with("depuis")) => {
            return None;
        }
        _ => (),
    }
    let hit = AGO.as_ref()?.captures(folded)?;
    let count: u32 = match hit.get(1)?.as_str() {
        "un" | "une" | "a" | "an" => 1,
        digits => digits.parse().ok()?,
    };
    let unit = hit.get(2)?.as_str();
    if unit.starts_with("min") || unit.starts_with('h') {
        return back(0);
    }
    let days = u64::from(count);
    if unit.starts_with('j') || unit.starts_with('d') {
        back(days)
    } else if unit.starts_with('s') || unit.starts_with('w') {
        back(7 * days)
    } else if unit.starts_with("mo") {
        today.checked_sub_months(Months::new(count)).map(Moment::Day)
    } else {
        today.checked_sub_months(Months::new(12 * count)).map(Moment::Day)
    }
}

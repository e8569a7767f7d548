//! Forms that machines write: ISO 8601 and RFC 3339 in their shapes, RFC 2822, digits alone, `[2026,9,2]`, `/Date(…)/`.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};

use super::{Moment, Said};

/// Parses a whole line; `None` if it has another form.
pub(super) fn read(line: &str) -> Option<Said> {
    if let Some(said) = iso(line) {
        return Some(said);
    }
    let first = *line.as_bytes().first()?;
    if first == b'[' {
        return Some(list(line).map_or(Said::Impossible, Said::Date));
    }
    if let Some(rest) = line.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        // The zone after it is the server's. The number counts from 1970 in UTC.
        let digits = rest.split(['+', '-']).next()?;
        return digits.parse().ok().and_then(DateTime::from_timestamp_millis).map(utc);
    }
    if first.is_ascii_digit() && line.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(line);
    }
    if line.len() > 16 {
        return DateTime::parse_from_rfc2822(line).ok().map(|at| Said::Date(Moment::Instant(at)));
    }
    None
}

fn utc(at: DateTime<chrono::Utc>) -> Said {
    Said::Date(Moment::Instant(at.fixed_offset()))
}

fn number(text: &str, from: usize, to: usize) -> Option<u32> {
    let part = text.get(from..to)?;
    if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
}

fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// Parses "2026-10-01", "2026/10/01", "20261001T080000Z", "2026-10-01 08:00:00.5+01:00" and forms between them.
fn iso(line: &str) -> Option<Said> {
    let year = number(line, 0, 4)?;
    let mark = *line.as_bytes().get(4)?;
    let (month, day, end) = if matches!(mark, b'-' | b'/') {
        if *line.as_bytes().get(7)? != mark {
            return None;
        }
        (number(line, 5, 7)?, number(line, 8, 10)?, 10)
    } else {
        (number(line, 4, 6)?, number(line, 6, 8)?, 8)
    };
    let rest = line.get(end..)?;
    if year == 0 && month == 0 && day == 0 {
        return Some(Said::Nothing);
    }
    let day = date(year, month, day);
    if rest.is_empty() {
        return Some(day.map_or(Said::Impossible, |day| Said::Date(Moment::Day(day))));
    }
    let rest = rest.strip_prefix(['T', 't', ' ']).filter(|_| mark != b'/' || rest.starts_with(' '))?;
    let (time, zone) = clock(rest)?;
    let Some(day) = day else { return Some(Said::Impossible) };
    let Some(time) = time else { return Some(Said::Date(Moment::Day(day))) };
    let local = day.and_time(time);
    Some(Said::Date(match zone {
        None => Moment::Local(local),
        Some(zone) => local.and_local_timezone(zone).single().map(Moment::Instant)?,
    }))
}

/// A time of day; none for 24:00, the end of its day.
type Clock = Option<NaiveTime>;

/// Parses "08:00", "080000", "08:00:00.5" and the zone after it.
fn clock(text: &str) -> Option<(Clock, Option<FixedOffset>)> {
    let has_marks = text.as_bytes().get(2) == Some(&b':');
    let hour = number(text, 0, 2)?;
    let (minute, mut at) = if has_marks { (number(text, 3, 5)?, 5) } else { (number(text, 2, 4)?, 4) };
    let mut second = 0;
    if has_marks && text.as_bytes().get(5) == Some(&b':') {
        (second, at) = (number(text, 6, 8)?, 8);
    } else if !has_marks && let Some(found) = number(text, 4, 6) {
        (second, at) = (found, 6);
    }
    let mut rest = text.get(at..)?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = fraction.bytes().take(fraction.len() - rest.len()).chain(std::iter::repeat(b'0'));
        nanos = digits.take(9).fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    }
    let time = if (hour, minute, second) == (24, 0, 0) {
        None
    } else {
        Some(NaiveTime::from_hms_nano_opt(hour, minute, second.min(59), nanos)?)
    };
    Some((time, zone(rest.trim())?))
}

/// Parses "", "Z", "UTC", "WAT", "+01", "+0100" and "GMT+1". The outer option is `None` if the text is not a zone.
#[allow(clippy::option_option, reason = "no zone, and no reading")]
fn zone(text: &str) -> Option<Option<FixedOffset>> {
    let named = ["UTC", "GMT", "Z", "z"].into_iter().find_map(|name| text.strip_prefix(name));
    let rest = match named {
        Some("") => return Some(FixedOffset::east_opt(0)),
        Some(rest) => rest,
        None if text.is_empty() => return Some(None),
        None if text == "WAT" => return Some(Some(super::douala())),
        None => text,
    };
    let sign = if rest.starts_with('+') { 1 } else { -1 };
    let digits: String = rest.strip_prefix(['+', '-'])?.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number(&digits, 0, digits.len())?, 0),
        4 => (number(&digits, 0, 2)?, number(&digits, 2, 4)?),
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3_600 + minutes * 60).ok()?;
    FixedOffset::east_opt(sign * seconds).map(Some)
}

/// Parses digits alone. Twelve and fourteen are a time; ten count seconds from 1970, thirteen milliseconds. [`iso`] parses `20171213`.
fn digits(line: &str) -> Option<Said> {
    let local = |form| NaiveDateTime::parse_from_str(line, form).ok();
    let millis = || line.parse().ok().and_then(DateTime::from_timestamp_millis).map(utc);
    match line.len() {
        10 => line.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).map(utc),
        12 if line.starts_with("19") || line.starts_with("20") => {
            local("%Y%m%d%H%M").map(|at| Said::Date(Moment::Local(at)))
        }
        12 | 13 => millis(),
        14 => Some(local("%Y%m%d%H%M%S").map_or(Said::Impossible, |at| Said::Date(Moment::Local(at)))),
        _ => None,
    }
}

/// Parses dates of Fineract and Java: `[2026,9,2]`, `[2026,9,2,14,30]`.
fn list(line: &str) -> Option<Moment> {
    let inner = line.strip_prefix('[')?.strip_suffix(']')?;
    let parts: Vec<u32> = inner.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [year, month, day, time @ ..] = parts.as_slice() else { return None };
    let day = date(*year, *month, *day)?;
    match time {
        [] => Some(Moment::Day(day)),
        [hour] => day.and_hms_opt(*hour, 0, 0).map(Moment::Local),
        [hour, minute] => day.and_hms_opt(*hour, *minute, 0).map(Moment::Local),
        [hour, minute, second, ..] => day.and_hms_opt(*hour, *minute, *second).map(Moment::Local),
    }
}

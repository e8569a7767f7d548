//! Times, numbers and values, as people read them.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde_json::Value;

use super::lang::Lang;

/// Returns a moment on the clock of Douala, with how far it is from now.
pub(super) fn at(lang: Lang, now: DateTime<Utc>, at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (clock(lang, at)) " (" (ago(lang, now, at)) ")" } }
}

/// Returns a moment, or a dash.
pub(super) fn maybe_at(lang: Lang, now: DateTime<Utc>, moment: Option<DateTime<Utc>>) -> Markup {
    moment.map_or_else(|| html! { "–" }, |moment| at(lang, now, moment))
}

/// Returns a moment on the clock of Douala: one hour ahead of UTC, all year.
fn clock(lang: Lang, at: DateTime<Utc>) -> String {
    (at + TimeDelta::hours(1)).format(lang.say("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M")).to_string()
}

/// Returns how far a moment is from now, in words.
pub(super) fn ago(lang: Lang, now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds();
    let length = span(lang, seconds.unsigned_abs());
    match (lang, seconds < 0) {
        (Lang::Fr, false) => format!("il y a {length}"),
        (Lang::Fr, true) => format!("dans {length}"),
        (Lang::En, false) => format!("{length} ago"),
        (Lang::En, true) => format!("in {length}"),
    }
}

/// Returns a length of time in one unit, on the same line as its number.
pub(super) fn span(lang: Lang, seconds: u64) -> String {
    match seconds {
        0..=99 => format!("{seconds}\u{a0}s"),
        100..=5_999 => format!("{}\u{a0}min", seconds / 60),
        6_000..=172_799 => format!("{}\u{a0}h", seconds / 3_600),
        _ => format!("{}\u{a0}{}", seconds / 86_400, lang.say("j", "d")),
    }
}

/// Returns a number with its thousands apart: 12 345, or 12,345.
pub(super) fn number(lang: Lang, number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(lang.say("\u{202f}", ","));
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Returns a number with the word for one, or for several.
pub(super) fn counted(lang: Lang, count: i64, fr: [&str; 2], en: [&str; 2]) -> String {
    // French counts none as one, English as several.
    let at = match lang {
        Lang::Fr => usize::from(count.abs() > 1),
        Lang::En => usize::from(count != 1),
    };
    let word = lang.say(fr.get(at).copied().unwrap_or_default(), en.get(at).copied().unwrap_or_default());
    format!("{} {word}", number(lang, count))
}

/// Returns a value of a column as people read it: a word of a vocabulary by what it means, a moment on the clock of Douala, a place by
/// its names.
pub(super) fn readable(lang: Lang, column: &str, value: &Value, longest: usize) -> String {
    let list = match column {
        "kind" => "kinds",
        "contracts" | "working_time" | "education" | "audiences" | "languages" | "status" | "closed_why" => {
            column
        }
        "sector" => "sectors",
        _ => "",
    };
    match value {
        Value::String(text) if !list.is_empty() => lang.word(list, text).to_owned(),
        Value::String(text) if column.ends_with("_at") => DateTime::parse_from_rfc3339(text)
            .map_or_else(|_| text.clone(), |moment| clock(lang, moment.to_utc())),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| readable(lang, column, item, longest)).collect();
            short(&items.join(", "), longest)
        }
        Value::Object(place) if column == "places" => {
            let part = |name: &str| place.get(name).and_then(Value::as_str);
            let region = part("region").map(|code| super::map::name(lang, code));
            let parts = [part("locality").map(str::to_owned), region, part("country").map(str::to_owned)];
            short(&parts.into_iter().flatten().collect::<Vec<_>>().join(" / "), longest)
        }
        other => self::value(other, longest),
    }
}

/// Returns a value of a row in one line of at most so many characters.
pub(super) fn value(value: &Value, longest: usize) -> String {
    let text = match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            items.iter().map(|item| self::value(item, longest)).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    short(&text, longest)
}

/// Returns a text in one line of at most so many characters.
pub(super) fn short(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    line.chars().take(longest.saturating_sub(1)).collect::<String>() + "…"
}

/// Returns a message of the program in one line of about so many characters. It is not cut within a word or a command.
pub(super) fn brief(text: &str, longest: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((cut, _)) = line.char_indices().nth(longest) else { return line };
    let mut head = line.get(..cut).unwrap_or_default();
    if !head.matches('`').count().is_multiple_of(2) {
        head = head.rsplit_once('`').map_or(head, |(before, _)| before);
    }
    head = head.rsplit_once(' ').map_or(head, |(before, _)| before);
    format!("{} …", head.trim_end_matches([' ', ';', ',', ':']))
}

/// Returns a stored message in the language of a reader, with its times on the clock of Douala.
pub(super) fn message(lang: Lang, text: &str) -> String {
    in_douala(lang, &lang.phrase(text))
}

/// Moves each time in UTC within a text to the clock of Douala.
fn in_douala(lang: Lang, text: &str) -> String {
    const UTC: &str = " UTC";
    let mut moved = String::new();
    let mut parts = text.split(UTC).peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            moved += part;
            break;
        }
        let (before, time) = moment_at_end(lang, part).unwrap_or((part, UTC.to_owned()));
        moved += before;
        moved += &time;
    }
    moved
}

/// Returns a text without the moment at its end, and that moment in Douala.
fn moment_at_end(lang: Lang, text: &str) -> Option<(&str, String)> {
    let parsed = |length: usize| text.len().checked_sub(length).and_then(|at| text.split_at_checked(at));
    for (length, format) in [(19, "%Y-%m-%d %H:%M:%S"), (16, "%Y-%m-%d %H:%M")] {
        if let Some((before, time)) = parsed(length)
            && let Ok(at) = NaiveDateTime::parse_from_str(time, format)
        {
            return Some((before, format!("{} (Douala)", clock(lang, at.and_utc()))));
        }
    }
    for (length, format) in [(8, "%H:%M:%S"), (5, "%H:%M")] {
        if let Some((before, time)) = parsed(length)
            && let Ok(at) = NaiveTime::parse_from_str(time, format)
        {
            let at = at.overflowing_add_signed(TimeDelta::hours(1)).0;
            return Some((before, format!("{} (Douala)", at.format(format))));
        }
    }
    None
}

/// Returns who did something, as people say it.
pub(super) fn who(lang: Lang, by: &str) -> String {
    by.strip_prefix("token ")
        .map_or_else(|| by.to_owned(), |name| format!("{} {name}", lang.say("jeton", "token")))
}

/// Returns the name of a column: that of its field, with the column itself where the field has several.
pub(super) fn column(lang: Lang, name: &str) -> String {
    let Some((_, field)) = store::fields_of_columns().find(|(column, _)| *column == name) else {
        return name.to_owned();
    };
    let word = lang.word("fields", field.as_str());
    let several = store::fields_of_columns().filter(|(_, of)| *of == field).count() > 1;
    if several { format!("{word} ({name})") } else { word.to_owned() }
}

/// Returns the first characters of an id, which are enough to tell it from others.
pub(super) fn head(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_are_as_people_write_them() {
        assert_eq!(number(Lang::Fr, 1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(number(Lang::En, -1_234), "-1,234");
        assert_eq!(number(Lang::En, 999), "999");
        assert_eq!(span(Lang::Fr, 200_000), "2\u{a0}j");
        let jobs = |lang, count| counted(lang, count, ["tâche", "tâches"], ["job", "jobs"]);
        assert_eq!(
            [jobs(Lang::Fr, 0), jobs(Lang::Fr, 1), jobs(Lang::Fr, 2)],
            ["0 tâche", "1 tâche", "2 tâches"]
        );
        assert_eq!([jobs(Lang::En, 0), jobs(Lang::En, 1), jobs(Lang::En, 2)], ["0 jobs", "1 job", "2 jobs"]);
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        assert_eq!(ago(Lang::Fr, now, now - TimeDelta::minutes(5)), "il y a 5\u{a0}min");
        assert_eq!(ago(Lang::En, now, now + TimeDelta::hours(3)), "in 3\u{a0}h");
    }

    #[test]
    fn messages_keep_their_commands_and_have_the_time_of_douala() {
        let paused = "it rests since 2026-11-28 23:43 UTC: again at 07:38:50 UTC";
        assert_eq!(
            message(Lang::En, paused),
            "it rests since 2026-11-29 00:43 (Douala): again at 08:38:50 (Douala)"
        );
        assert_eq!(message(Lang::En, "times are in UTC, é UTC"), "times are in UTC, é UTC");
        assert_eq!(brief("run `oim-etl sources resume x` now", 20), "run …");
        assert_eq!(brief("one two three", 9), "one two …");
        assert_eq!(brief("one two", 9), "one two");
        assert_eq!(who(Lang::Fr, "token awa"), "jeton awa");
        assert_eq!(column(Lang::En, "nonsense"), "nonsense");
    }
}

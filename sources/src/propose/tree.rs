//! Proposals for JSON and XML: the longest list of similar objects, and their keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Found,
    names::{Best, field_of, within},
};
use crate::{Page, read};

/// Deepest nesting in which lists are searched.
const DEEP: usize = 6;
/// Objects of a list whose keys are compared.
const LOOKED_AT: usize = 50;

/// Proposes for a JSON answer.
pub(super) fn json(page: &Page<'_>) -> Result<Found, String> {
    let text = read::text(page);
    if let Ok(document) = serde_json::from_str::<Value>(&text) {
        return Ok(of_document(&document));
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let records: Vec<Value> =
        lines.by_ref().take(LOOKED_AT).filter_map(|line| serde_json::from_str(line).ok()).collect();
    if records.len() > 1 {
        let count = records.len() + lines.count();
        return Ok(Found {
            format: "ndjson",
            fields: fields(&records),
            records_seen: count,
            ..Found::default()
        });
    }
    let mended = read::mended(&text).ok_or("it begins like JSON and is none, not even when mended")?;
    let mut found = of_document(&mended);
    found.remarks.push("The answer is not quite JSON; it is mended when it is read.".to_owned());
    Ok(found)
}

fn of_document(document: &Value) -> Found {
    let mut lists = Vec::new();
    look("", document, DEEP, &mut lists);
    let best = lists.into_iter().max_by(|(_, left), (_, right)| promise(left).total_cmp(&promise(right)));
    let Some((path, items)) = best else {
        let fields = fields(std::slice::from_ref(document));
        let seen = usize::from(!fields.is_empty());
        return Found {
            format: "json",
            records: Some("\".\"".to_owned()),
            fields,
            records_seen: seen,
            ..Found::default()
        };
    };
    let path = if path.is_empty() { ".[]".to_owned() } else { format!("{path}[]") };
    Found {
        format: "json",
        records: Some(literal(&path)),
        fields: fields(items),
        pages: pages(document),
        records_seen: items.len(),
        ..Found::default()
    }
}

/// Returns the lists of objects, with their paths.
fn look<'v>(path: &str, value: &'v Value, deep: usize, lists: &mut Vec<(String, &'v [Value])>) {
    match value {
        Value::Array(items) if items.iter().filter(|item| item.is_object()).count() * 2 > items.len() => {
            lists.push((path.to_owned(), items));
        }
        Value::Object(map) if deep > 0 => {
            for (key, below) in map {
                look(&format!("{path}{}", step(key)), below, deep - 1, lists);
            }
        }
        _ => (),
    }
}

/// Scores a list: how many of our fields it has, and how often.
fn promise(items: &[Value]) -> f64 {
    let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let known = u32::try_from(fields(items).len()).unwrap_or(0);
    let wide = u32::try_from(
        items.iter().take(LOOKED_AT).filter_map(Value::as_object).map(Map::len).max().unwrap_or(0),
    );
    (f64::from(known) + f64::from(wide.unwrap_or(0).min(50)) / 100.0) * (f64::from(count) + 1.0).log2()
}

/// Returns what the document says about its next page.
fn pages(document: &Value) -> Option<String> {
    let map = document.as_object()?;
    let is_url =
        |value: &Value| value.as_str().is_some_and(|text| text.starts_with("http") || text.starts_with('/'));
    if let Some((key, _)) =
        map.iter().find(|(key, value)| key.to_lowercase().contains("next") && is_url(value))
    {
        return Some(format!("pages = {{ kind = \"next_link\", link = {} }}", literal(&step(key))));
    }
    let total = map.iter().find(|(key, value)| key.to_lowercase().contains("total") && value.is_u64());
    let (key, _) = total?;
    Some(format!(
        "# pages = {{ kind = \"number\", param = \"page\", first = 1, size = 50, total = {} }}   # the answer names a total",
        literal(&step(key))
    ))
}

/// Proposes for an XML answer.
pub(super) fn xml(page: &Page<'_>) -> Found {
    let Some(document) = read::xml_document(page) else {
        return Found { format: "xml", ..Found::default() };
    };
    let mut repeated: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    elements(&document, DEEP, &mut repeated);
    let known = |items: &[&Value]| {
        let some: Vec<Value> = items.iter().take(LOOKED_AT).map(|item| (*item).clone()).collect();
        fields(&some).len()
    };
    let promise = |items: &[&Value]| {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        f64::from(u32::try_from(known(items)).unwrap_or(0)) * (f64::from(count) + 1.0).log2()
    };
    let best = repeated
        .into_iter()
        .filter(|(_, items)| known(items) > 1)
        .max_by(|(_, left), (_, right)| promise(left).total_cmp(&promise(right)));
    let Some((name, items)) = best else { return Found { format: "xml", ..Found::default() } };
    let count = items.len();
    let items: Vec<Value> = items.into_iter().take(LOOKED_AT).cloned().collect();
    let mut fields = fields(&items);
    // In RSS and Atom, the guid identifies a record, and the link is its page.
    if !fields.iter().any(|(field, _)| *field == "external_id")
        && let Some((_, form)) = fields.iter().find(|(field, _)| *field == "url").cloned()
    {
        fields.push(("external_id", form));
    }
    Found { format: "xml", records: Some(literal(&name)), fields, records_seen: count, ..Found::default() }
}

/// Returns elements by name, anywhere in the document.
fn elements<'v>(value: &'v Value, deep: usize, found: &mut BTreeMap<String, Vec<&'v Value>>) {
    let Some(map) = value.as_object().filter(|_| deep > 0) else { return };
    for (name, below) in map.iter().filter(|(name, _)| !name.starts_with(['@', '#'])) {
        let items = match below {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        found.entry(name.clone()).or_default().extend(items.iter().filter(|item| item.is_object()));
        for item in items {
            elements(item, deep - 1, found);
        }
    }
}

/// Returns the forms of our fields for such records.
fn fields(records: &[Value]) -> Vec<(&'static str, String)> {
    let mut best = Best::default();
    for record in records.iter().take(LOOKED_AT) {
        let Some(map) = record.as_object() else { continue };
        for (key, value) in map {
            if let Some((field, likely)) = field_of(key.trim_start_matches('@')) {
                offer(&mut best, field, likely, &step(key), value);
            }
        }
    }
    best.fields()
}

fn offer(best: &mut Best, field: &'static str, likely: usize, path: &str, value: &Value) {
    match value {
        Value::Null => (),
        Value::Object(map) => {
            let below = map.iter().filter_map(|(key, value)| within(key).map(|likely| (likely, key, value)));
            if let Some((more, key, value)) = below.min_by_key(|(likely, ..)| *likely) {
                let path = format!("{path}{}", step(key));
                offer(best, field, 2 * likely + more + 1, &path, value);
            } else if map.contains_key("#text") {
                best.offer(field, likely, literal(path));
            } else if let Some((key, value)) =
                map.iter().find(|(key, _)| field_of(key).is_some_and(|(of, _)| of == field))
            {
                offer(best, field, 2 * likely + 10, &format!("{path}{}", step(key)), value);
            }
        }
        // A date from Fineract: [2026, 9, 2].
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_number) => {
            best.offer(field, likely, literal(path));
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                offer(best, field, likely + 1, &format!("{path}[0]"), first);
            }
        }
        _ => best.offer(field, likely, literal(path)),
    }
}

/// Returns a step of a path.
fn step(key: &str) -> String {
    let plain = key.trim_start_matches('@').chars().all(|c| c.is_alphanumeric() || c == '_')
        && !key.trim_start_matches('@').starts_with(|c: char| c.is_ascii_digit());
    if plain { format!(".{key}") } else { format!(".\"{}\"", key.replace('"', "")) }
}

/// Returns a TOML string.
fn literal(text: &str) -> String {
    if text.contains('"') && !text.contains('\'') { format!("'{text}'") } else { format!("{text:?}") }
}

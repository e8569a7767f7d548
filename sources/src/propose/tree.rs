//! Proposals for JSON and XML: the longest list of similar objects, and their keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Found, fits,
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

/// Proposes for a document that is JSON.
pub(super) fn of_document(document: &Value) -> Found {
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
        link: page_of(&fields(items)),
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

/// Deepest nesting in which a document is searched for its next page: `.meta.links.next`.
const PAGES_DEEP: usize = 3;

/// Returns what the document says about its next page.
fn pages(document: &Value) -> Option<String> {
    let mut leaves = Vec::new();
    scalars("", document, PAGES_DEEP, &mut leaves);
    let named = |leaf: &&(String, String, &Value), words: &[&str]| {
        words.iter().any(|word| leaf.1.contains(word))
            || words.iter().any(|word| leaf.0.to_lowercase().contains(word))
    };
    let is_url =
        |value: &Value| value.as_str().is_some_and(|text| text.starts_with("http") || text.starts_with('/'));
    // The last page names no next one.
    let is_last = |leaf: &(String, String, &Value)| {
        leaf.2.is_null() && ["next", "next_page_url", "next_url", "nextlink"].contains(&leaf.1.as_str())
    };
    if let Some((path, ..)) =
        leaves.iter().find(|leaf| (named(leaf, &["next"]) && is_url(leaf.2)) || is_last(leaf))
    {
        return Some(format!("pages = {{ kind = \"next_link\", link = {} }}", literal(path)));
    }
    let is_cursor = |leaf: &&(String, String, &Value)| {
        let signs = ["cursor", "pagetoken", "page_token", "continuation", "scroll_id"];
        (leaf.1 == "after" || signs.iter().any(|sign| leaf.1.contains(sign)))
            && leaf.2.as_str().is_some_and(|text| !text.is_empty())
    };
    if let Some((path, key, _)) = leaves.iter().find(is_cursor) {
        let param = key.trim_start_matches("next").trim_start_matches('_');
        return Some(format!(
            "pages = {{ kind = \"cursor\", param = {param:?}, cursor = {} }}   # the parameter is guessed",
            literal(path)
        ));
    }
    let total = leaves.iter().find(|leaf| named(leaf, &["total", "count"]) && leaf.2.is_u64());
    let (path, ..) = total?;
    Some(format!(
        "# pages = {{ kind = \"number\", param = \"page\", first = 1, size = 50, total = {} }}   # the answer names a total",
        literal(path)
    ))
}

/// Returns the single values outside of lists, each with its path and its key in lower case.
fn scalars<'v>(path: &str, value: &'v Value, deep: usize, found: &mut Vec<(String, String, &'v Value)>) {
    let Some(map) = value.as_object().filter(|_| deep > 0) else { return };
    for (key, below) in map {
        let path = format!("{path}{}", step(key));
        match below {
            Value::Object(_) => scalars(&path, below, deep - 1, found),
            Value::Array(_) => (),
            _ => found.push((path, key.to_lowercase(), below)),
        }
    }
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
    let link = page_of(&fields);
    Found {
        format: "xml",
        records: Some(literal(&name)),
        fields,
        link,
        records_seen: count,
        ..Found::default()
    }
}

/// Returns the form of the page of a record, if the list says too little of it: a feed without a text.
fn page_of(fields: &[(&'static str, String)]) -> Option<String> {
    let has = |name: &str| fields.iter().any(|(field, _)| *field == name);
    let (_, form) = fields.iter().find(|(field, _)| *field == "url")?;
    let says =
        ["description", "place", "organization", "salary"].into_iter().filter(|name| has(name)).count();
    (says < 2).then(|| form.clone())
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

/// Deepest nesting of what only wraps a record: `{"node": {"attributes": {…}}}`.
const WRAPPED: usize = 2;

/// Returns the forms of our fields for such records.
fn fields(records: &[Value]) -> Vec<(&'static str, String)> {
    let mut best = Best::default();
    let looked: Vec<&Value> = records.iter().take(LOOKED_AT).collect();
    for record in &looked {
        if let Some(map) = record.as_object() {
            keys(&mut best, "", map, WRAPPED);
        }
    }
    best.keep(|field, path| field != "external_id" || is_own(&looked, path));
    best.fields()
}

/// Offers what the keys of a record hold, and those of objects that have no name of ours.
fn keys(best: &mut Best, path: &str, map: &Map<String, Value>, deep: usize) {
    for (key, value) in map {
        let here = format!("{path}{}", step(key));
        let rank = 40 * (WRAPPED - deep);
        match (field_of(key.trim_start_matches('@')), value) {
            (Some((field, likely)), _) => offer(best, field, likely + rank, &here, value),
            (None, Value::Object(below)) if deep > 0 => keys(best, &here, below, deep - 1),
            _ => (),
        }
    }
}

/// Returns whether most records have a value of their own at a path: a category also has a code.
fn is_own(records: &[&Value], form: &str) -> bool {
    let path = form.trim_matches(['"', '\'']);
    let pointer: String = path.split('.').skip(1).flat_map(|key| ["/", key.trim_matches('"')]).collect();
    let values: Vec<String> =
        records.iter().filter_map(|record| record.pointer(&pointer)).map(ToString::to_string).collect();
    let own: std::collections::BTreeSet<&String> = values.iter().collect();
    // A path through a list, or of another form, is believed.
    values.is_empty() || own.len() * 10 >= values.len() * 9
}

fn offer(best: &mut Best, field: &'static str, likely: usize, path: &str, value: &Value) {
    match value {
        Value::Null | Value::String(_) | Value::Bool(_) | Value::Number(_) => {
            if fits::value(field, value) {
                best.offer(field, likely, literal(path));
            }
        }
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
        Value::Array(items) if items.len() > 2 && items.iter().all(Value::is_number) => {
            if field.ends_with("_at") {
                best.offer(field, likely, literal(path));
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                // A list of places is several places.
                let step = if field == "place" { "[]" } else { "[0]" };
                offer(best, field, likely + 1, &format!("{path}{step}"), first);
            }
        }
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

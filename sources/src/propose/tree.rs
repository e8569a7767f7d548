//! Proposals for JSON and XML: the longest list of similar objects, and their keys.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};
use url::Url;

use super::{
    Found, amount, columns, fits, links,
    names::{Best, field_of, field_within, is_entity, within},
    paging::{self, Asked},
    units, words,
};
use crate::{Page, read};

/// Deepest nesting in which lists are searched.
const DEEP: usize = 6;
/// Objects of a list whose keys are compared.
const LOOKED_AT: usize = 50;

/// Proposes for a JSON answer. A file has no `url`.
pub(super) fn json(page: &Page<'_>, url: Option<&Url>) -> Result<Found, String> {
    let text = read::text(page);
    let whole = |document: &Value| {
        let mut found = of_document(document)?;
        let asked = Asked { page, url, shown: found.records_seen };
        found.pages = paging::line(document, &asked).filter(|_| url.is_some());
        Ok::<_, String>(found)
    };
    if let Ok(document) = serde_json::from_str::<Value>(&text) {
        return whole(&document);
    }
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let records: Vec<Value> =
        lines.by_ref().take(LOOKED_AT).filter_map(|line| serde_json::from_str(line).ok()).collect();
    if records.len() > 1 {
        let count = records.len() + lines.count();
        return Ok(Found {
            format: "ndjson",
            fields: fields(&records),
            names: names(&records),
            records_seen: count,
            ..Found::default()
        });
    }
    let mended = read::mended(&text).ok_or("it begins like JSON and is none, not even when mended")?;
    let mut found = whole(&mended)?;
    found.remarks.push("The answer is not quite JSON; it is mended when it is read.".to_owned());
    Ok(found)
}

/// Proposes for a document that is JSON. `Err`: its values stand in columns.
pub(super) fn of_document(document: &Value) -> Result<Found, String> {
    let mut lists = Vec::new();
    look("", document, DEEP, &mut lists);
    let best = lists.into_iter().max_by(|(_, left), (_, right)| promise(left).total_cmp(&promise(right)));
    let promised = best.as_ref().map_or(0, |(_, items)| fields(items).len());
    if let Some(found) = columns::rows(document, DEEP).filter(|found| found.fields.len() > promised) {
        return Ok(found);
    }
    if promised < 2
        && let Some(names) = columns::columnwise(document, DEEP)
    {
        return Err(format!(
            "its values stand in columns ({names}: each holds the values of all records), and a source file reads records; \
             ask the partner for a list of objects, such as pandas' `to_json(orient=\"records\")`"
        ));
    }
    let Some((path, items)) = best else {
        let one = std::slice::from_ref(document);
        let fields = fields(one);
        let seen = usize::from(!fields.is_empty());
        return Ok(Found {
            format: "json",
            records: Some("\".\"".to_owned()),
            fields,
            names: names(one),
            records_seen: seen,
            ..Found::default()
        });
    };
    let mut fields = fields(&items);
    if path.ends_with(KEYED) && !fields.iter().any(|(field, _)| *field == "external_id") {
        fields.push(("external_id", "\".key\"".to_owned()));
    }
    let path = if path.is_empty() { ".[]".to_owned() } else { format!("{path}[]") };
    Ok(Found {
        format: "json",
        records: Some(literal(&path)),
        link: page_of(&fields),
        fields,
        names: names(&items),
        records_seen: items.len(),
        ..Found::default()
    })
}

/// Returns the partner's own names of the values of a record, for the person who completes a proposal.
fn names(records: &[Value]) -> Vec<String> {
    let first = records.first().and_then(Value::as_object);
    first.map(|map| map.keys().take(NAMES).map(|key| step(key)).collect()).unwrap_or_default()
}

/// Most names of a record that are listed.
const NAMES: usize = 40;

/// How the path of objects by key ends: `{"41207": {…}}`.
const KEYED: &str = " | to_entries";
/// Most entries of objects by key that are looked at.
const MOST_KEYED: usize = 2_000;

/// Returns the lists of objects, with their paths.
fn look<'v>(path: &str, value: &'v Value, deep: usize, lists: &mut Vec<(String, Cow<'v, [Value]>)>) {
    match value {
        Value::Array(items) if items.iter().filter(|item| item.is_object()).count() * 2 > items.len() => {
            lists.push((path.to_owned(), Cow::Borrowed(items)));
        }
        Value::Object(map) if deep > 0 && columns::is_keyed(map) => {
            let entry = |(key, value): (&String, &Value)| serde_json::json!({ "key": key, "value": value });
            let place = if path.is_empty() { "." } else { path };
            lists.push((format!("{place}{KEYED}"), map.iter().take(MOST_KEYED).map(entry).collect()));
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

/// Proposes for an XML answer. A file has no `url`.
pub(super) fn xml(page: &Page<'_>, url: Option<&Url>) -> Found {
    let Some(document) = read::xml_document(page) else {
        return Found { format: "xml", ..Found::default() };
    };
    let mut repeated: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    elements(&document, DEEP, &mut repeated);
    let known = |items: &[&Value]| {
        let some: Vec<Value> = items.iter().take(LOOKED_AT).map(|item| (*item).clone()).collect();
        fields(&some)
    };
    let promise = |items: &[&Value]| {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        f64::from(u32::try_from(known(items).len()).unwrap_or(0)) * (f64::from(count) + 1.0).log2()
    };
    let best = repeated
        .iter()
        .filter(|(_, items)| known(items).len() > 1)
        .max_by(|(_, left), (_, right)| promise(left).total_cmp(&promise(right)));
    let Some((mut name, mut items)) = best else { return Found { format: "xml", ..Found::default() } };
    // What only holds a record is none, also where it holds just one today.
    while let Some((inner, held)) = held(items, &repeated).filter(|(_, held)| is_record(&known(held))) {
        (name, items) = (inner, held);
    }
    let count = items.len();
    let items: Vec<Value> = items.iter().take(LOOKED_AT).map(|item| (*item).clone()).collect();
    let mut fields = fields(&items);
    // In RSS and Atom, the guid identifies a record, and the link is its page.
    if !fields.iter().any(|(field, _)| *field == "external_id")
        && let Some((_, form)) = fields.iter().find(|(field, _)| *field == "url").cloned()
    {
        fields.push(("external_id", form));
    }
    let is_feed = document
        .as_object()
        .is_some_and(|map| map.keys().any(|root| ["rss", "feed", "RDF"].contains(&local(root))));
    Found {
        format: "xml",
        records: Some(literal(name)),
        link: page_of(&fields),
        fields,
        names: names(&items),
        pages: paging::line(&document, &Asked { page, url, shown: count }).filter(|_| url.is_some()),
        is_partial: is_feed,
        records_seen: count,
        ..Found::default()
    }
}

/// Returns a name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Returns whether these are the fields of a record.
fn is_record(fields: &[(&'static str, String)]) -> bool {
    ["external_id", "title"].into_iter().all(|name| fields.iter().any(|(field, _)| *field == name))
}

/// Returns the one kind of element that elements hold, if they have no identity of their own beside it.
fn held<'v, 'r>(
    items: &[&Value],
    repeated: &'r BTreeMap<String, Vec<&'v Value>>,
) -> Option<(&'r String, &'r Vec<&'v Value>)> {
    let mut inner: Option<&str> = None;
    for (key, value) in items.iter().filter_map(|item| item.as_object()).flatten() {
        let holds = match value {
            Value::Object(_) => true,
            Value::Array(items) => items.iter().any(Value::is_object),
            // An attribute or a word of the container.
            _ => matches!(field_of(key.trim_start_matches('@')), Some(("external_id" | "title", _))),
        };
        match inner {
            _ if !holds => (),
            None => inner = Some(key),
            Some(known) if known == key => (),
            Some(_) => return None,
        }
    }
    let name = inner?;
    repeated.get_key_value(name).filter(|(_, held)| held.len() >= items.len())
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
const WRAPPED: usize = 4;
/// Words of objects that are about others than the record.
const OTHERS: [&str; 14] = [
    "contact",
    "author",
    "auteur",
    "user",
    "creator",
    "owner",
    "image",
    "logo",
    "media",
    "picture",
    "photo",
    "seo",
    "geo",
    "relationships",
];

/// Returns the forms of our fields for such records.
pub(super) fn fields(records: &[Value]) -> Vec<(&'static str, String)> {
    let mut best = Best::default();
    let looked: Vec<&Value> = records.iter().take(LOOKED_AT).collect();
    for record in &looked {
        if let Some(map) = record.as_object() {
            keys(&mut best, "", map, WRAPPED);
        }
    }
    best.keep(|field, path| field != "external_id" || is_own(&looked, path));
    let mut fields = best.fields();
    for (field, form) in &mut fields {
        let path = form.trim_matches(['"', '\'']).to_owned();
        let name = path.rsplit('.').next().unwrap_or_default().trim_matches('"');
        let values: Vec<String> =
            looked.iter().filter_map(|record| record.pointer(&pointer(&path))).filter_map(bare).collect();
        if let Some(whole) = units::form(field, name, form, values.iter().map(String::as_str)) {
            *form = whole;
        }
    }
    fields
}

/// Returns the words of a value that is one.
fn bare(value: &Value) -> Option<String> {
    match value {
        Value::String(words) => Some(words.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Returns a path as a JSON pointer.
fn pointer(path: &str) -> String {
    path.split('.').skip(1).flat_map(|key| ["/", key.trim_matches('"')]).collect()
}

/// Offers what the keys of a record hold, and those of objects that have no name of ours.
fn keys(best: &mut Best, path: &str, map: &Map<String, Value>, deep: usize) {
    let above = path.rsplit('.').next().unwrap_or_default().trim_matches('"');
    if words::split(above).iter().any(|word| OTHERS.contains(&word.as_str())) {
        return;
    }
    let rank = 40 * (WRAPPED - deep);
    if let Some(form) = amount::form(map, path, false) {
        best.offer("salary", rank, form);
    }
    if let Some(form) = amount::duration(map, path) {
        best.offer("duration", rank, form);
    }
    for (key, value) in map {
        let here = format!("{path}{}", step(key));
        if let Some(links) = links::form(key, value, &here) {
            if let links::Links::Page(form) = links {
                best.offer("url", rank, literal(&form));
            }
            continue;
        }
        let name = key.trim_start_matches('@');
        if name.eq_ignore_ascii_case("type") && value.as_str().is_some_and(fits::is_contract) {
            best.offer("contract", 30 + rank, literal(&here));
        }
        match (if above.is_empty() { field_of(name) } else { field_within(above, name) }, value) {
            (Some(("salary", likely)), Value::Object(below)) => match amount::form(below, &here, true) {
                Some(form) => best.offer("salary", likely + rank, form),
                None => offer(best, "salary", likely + rank, &here, value),
            },
            (Some(("duration", likely)), Value::Object(below)) if unit_of(below).is_some() => {
                let unit = literal(&format!("{here}.{}", unit_of(below).unwrap_or_default()));
                let form = format!("{{ parts = [{}, {unit}], with = \" \" }}", literal(&here));
                best.offer("duration", likely + rank, form);
            }
            // `profil: {experience, niveauEtude}`: no text, but what it is of.
            (Some(("description", _)), Value::Object(below))
                if deep > 0
                    && !below.contains_key("#text")
                    && !below.keys().any(|key| within(key).is_some()) =>
            {
                keys(best, &here, below, deep - 1);
            }
            (Some((field, likely)), Value::Object(below)) if deep > 0 && is_entity(name) => {
                // `job: {title, type}`: the object is the record, or its name.
                keys(best, &here, below, deep - 1);
                offer(best, field, likely + rank + 20, &here, value);
            }
            (Some((field, likely)), _) => offer(best, field, likely + rank, &here, value),
            (None, Value::Object(below)) if deep > 0 => keys(best, &here, below, deep - 1),
            _ => (),
        }
    }
}

/// Returns the attribute of an element that holds the unit of its number.
fn unit_of(element: &Map<String, Value>) -> Option<&'static str> {
    let units = ["@unite", "@unit"];
    units.into_iter().find(|unit| element.contains_key("#text") && element.contains_key(*unit))
}

/// Returns whether most records have a value of their own at a path: a category also has a code.
fn is_own(records: &[&Value], form: &str) -> bool {
    let path = form.trim_matches(['"', '\'']);
    let values: Vec<String> =
        records.iter().filter_map(|record| record.pointer(&pointer(path))).map(ToString::to_string).collect();
    let own: std::collections::BTreeSet<&String> = values.iter().collect();
    // A path through a list, or of another form, is believed.
    values.is_empty() || own.len() * 10 >= values.len() * 9
}

fn offer(best: &mut Best, field: &'static str, likely: usize, path: &str, value: &Value) {
    let field = value.as_str().map_or(field, |words| fits::better(field, path, [words]));
    match value {
        Value::Null | Value::String(_) | Value::Bool(_) | Value::Number(_) => {
            if fits::value(field, value) {
                best.offer(field, likely, literal(path));
            }
        }
        Value::Object(map) => {
            // `{"$oid": "…"}`
            if let Some((key, value)) =
                map.iter().next().filter(|_| map.len() == 1 && !map.contains_key("#text"))
                && field == "external_id"
                && !value.is_object()
            {
                offer(best, field, likely + 1, &format!("{path}{}", step(key)), value);
                return;
            }
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
pub(super) fn step(key: &str) -> String {
    let plain = key.trim_start_matches('@').chars().all(|c| c.is_alphanumeric() || c == '_')
        && !key.trim_start_matches('@').starts_with(|c: char| c.is_ascii_digit());
    if plain { format!(".{key}") } else { format!(".\"{}\"", key.replace('"', "")) }
}

/// Returns a TOML string.
pub(super) fn literal(text: &str) -> String {
    if text.contains('"') && !text.contains('\'') { format!("'{text}'") } else { format!("{text:?}") }
}

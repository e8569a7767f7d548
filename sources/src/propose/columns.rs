//! JSON whose records are not objects of a list: objects by key, rows beside a header, whole columns.
use super::{
    Found,
    names::{Best, field_of},
    tree::{literal, step},
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Most entries that are compared.
const LOOKED_AT: usize = 50;
/// Fewest objects that are records by what they share; by their keys alone, one is enough.
const FEWEST: usize = 2;
/// Returns whether the values of an object are records by key: `{"41207": {…}, "41208": {…}}`.
pub(super) fn is_keyed(map: &Map<String, Value>) -> bool {
    let objects: Vec<&Map<String, Value>> =
        map.values().take(LOOKED_AT).filter_map(Value::as_object).collect();
    if objects.is_empty() || objects.len() < map.len().min(LOOKED_AT) || is_columns(&objects) {
        return false;
    }
    let is_id = |key: &String| {
        let digits = key.bytes().filter(u8::is_ascii_digit).count();
        digits > 0 && (2 * digits >= key.len() || key.len() >= 20)
    };
    if map.keys().all(is_id) {
        return true;
    }
    // Objects of one kind share most of their names; the parts of a document do not.
    let all: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
    let shared = all.iter().filter(|key| objects.iter().all(|object| object.contains_key(**key))).count();
    let known = all.iter().filter(|key| field_of(key).is_some()).count();
    objects.len() >= FEWEST && 10 * shared >= 7 * all.len() && known > 1 && field_of_none(map)
}

/// Returns whether the keys of an object say nothing to us: `organization` and `place` may share names, and are not records.
fn field_of_none(map: &Map<String, Value>) -> bool {
    !map.keys().any(|key| field_of(key).is_some())
}

/// Returns whether objects are columns: `{"titre": {"0": "Soudeur", "1": "Maçon"}}`.
fn is_columns(objects: &[&Map<String, Value>]) -> bool {
    objects.iter().all(|object| {
        !object.is_empty()
            && object.iter().all(|(key, value)| {
                key.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_object() && !value.is_array()
            })
    })
}

/// Returns the names of columns that hold all records' values, if a document is made of such.
pub(super) fn columnwise(document: &Value, deep: usize) -> Option<String> {
    let map = document.as_object().filter(|_| deep > 0)?;
    let lists = map.iter().filter_map(|(key, value)| {
        let items = value.as_array()?;
        let is_plain = items.len() > 1 && items.iter().all(|item| !item.is_object() && !item.is_array());
        is_plain.then_some((key, items.len()))
    });
    let lists: Vec<(&String, usize)> = lists.collect();
    let objects: Vec<(&String, &Map<String, Value>)> =
        map.iter().filter_map(|(key, value)| Some((key, value.as_object()?))).collect();
    let as_objects = objects.iter().map(|(_, object)| *object).collect::<Vec<_>>();
    let names: Vec<&String> = if lists.len() > 1
        && lists.iter().all(|(_, len)| lists.first().is_some_and(|(_, first)| first == len))
    {
        lists.iter().map(|(key, _)| *key).collect()
    } else if objects.len() > 1 && is_columns(&as_objects) {
        objects.iter().map(|(key, _)| *key).collect()
    } else {
        return map.values().find_map(|value| columnwise(value, deep - 1));
    };
    let known = names.iter().filter(|name| field_of(name).is_some()).count();
    (known > 1).then(|| names.iter().take(6).map(|name| name.as_str()).collect::<Vec<_>>().join(", "))
}

/// Proposes for rows that are lists of values, with their names beside them: `{"cols": [{"name": "ID"}], "rows": [[1]]}`.
pub(super) fn rows(document: &Value, deep: usize) -> Option<Found> {
    within("", document, deep)
}

fn within(path: &str, value: &Value, deep: usize) -> Option<Found> {
    let map = value.as_object().filter(|_| deep > 0)?;
    for (key, rows) in map {
        let Some(items) = rows.as_array() else { continue };
        let Some(width) = items.first().and_then(Value::as_array).map(Vec::len).filter(|width| *width > 1)
        else {
            continue;
        };
        let is_table =
            items.iter().take(LOOKED_AT).all(|row| row.as_array().is_some_and(|row| row.len() == width));
        let mut heads = map.values().filter_map(Value::as_array).filter(|heads| heads.len() == width);
        let named = heads.find_map(|heads| heads.iter().map(name).collect::<Option<Vec<&str>>>());
        let Some(named) = named.filter(|_| is_table) else { continue };
        let mut best = Best::default();
        for (at, name) in named.iter().enumerate() {
            if let Some((field, likely)) = field_of(name) {
                best.offer(field, likely, format!("\".row[{at}]\""));
            }
        }
        return Some(Found {
            format: "json",
            // A record is an object.
            records: Some(literal(&format!("{path}{}[] | {{\"row\": .}}", step(key)))),
            fields: best.fields(),
            names: named.iter().enumerate().map(|(at, name)| format!(".row[{at}] ({name})")).collect(),
            records_seen: items.len(),
            ..Found::default()
        });
    }
    map.iter().find_map(|(key, below)| within(&format!("{path}{}", step(key)), below, deep - 1))
}

/// Returns the name of a column: the word itself, or what its object calls it.
fn name(head: &Value) -> Option<&str> {
    let named = || {
        ["name", "display_name", "field", "label", "key", "id"]
            .iter()
            .find_map(|key| head.get(*key)?.as_str())
    };
    head.as_str().or_else(named)
}

//! Links of a record to pages: the one a person can read is its address, and those of the API are not.

use serde_json::{Map, Value};

use super::tree::step;

/// Names of relations to a page for people, most likely first.
const PEOPLE: [&str; 13] = [
    "alternate",
    "html",
    "site",
    "web",
    "website",
    "public",
    "page",
    "canonical",
    "detail",
    "view",
    "ui",
    "redirect",
    "apply",
];

/// Returns the path of the page for people that a value named "link" or "links" holds.
///
/// The outer `None`: the value has another form. The inner one: it holds links, and none to such a page.
pub(super) fn form(key: &str, value: &Value, path: &str) -> Option<Option<String>> {
    let local = key.rsplit_once(':').map_or(key, |(_, local)| local);
    if !matches!(local, "link" | "links" | "_links") {
        return None;
    }
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one @ Value::Object(_) => std::slice::from_ref(one),
        _ => return None,
    };
    for (rel, href) in [("@rel", "@href"), ("rel", "href"), ("rel", "url")] {
        if !items.iter().any(|item| item.get(href).is_some_and(Value::is_string)) {
            continue;
        }
        let has = |word: &str| items.iter().any(|item| item.get(rel).and_then(Value::as_str) == Some(word));
        if let Some(word) = PEOPLE.iter().find(|word| has(word)) {
            return Some(Some(format!("{path}[] | select(.{rel} == {word:?}) | .{href}")));
        }
        let is_bare = items.first().is_some_and(|item| item.get(rel).is_none());
        return Some(is_bare.then(|| format!("{path}.{href}")));
    }
    let map = value.as_object()?;
    if !map.values().any(|link| href(link).is_some()) {
        return None;
    }
    Some(PEOPLE.iter().find_map(|word| of(map, word, path)))
}

fn of(map: &Map<String, Value>, word: &str, path: &str) -> Option<String> {
    let (key, link) = map.iter().find(|(key, _)| key.eq_ignore_ascii_case(word))?;
    let below = href(link)?;
    Some(format!("{path}{}{below}", step(key)))
}

/// Returns the rest of the path to the address of a link.
fn href(link: &Value) -> Option<&'static str> {
    match link {
        Value::String(_) => Some(""),
        Value::Object(map) => map.get("href").filter(|href| href.is_string()).map(|_| ".href"),
        _ => None,
    }
}

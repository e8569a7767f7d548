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

/// What a value named "link" or "links" holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Links {
    /// Links, and among them one to a page for people: its path.
    Page(String),
    /// Links, and none to such a page.
    Others,
}

impl From<Option<String>> for Links {
    fn from(page: Option<String>) -> Self {
        page.map_or(Self::Others, Self::Page)
    }
}

/// Returns the links that a value holds. None: it is named otherwise, or has another form.
pub(super) fn form(key: &str, value: &Value, path: &str) -> Option<Links> {
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
            return Some(Links::Page(format!("{path}[] | select(.{rel} == {word:?}) | .{href}")));
        }
        let is_bare = items.first().is_some_and(|item| item.get(rel).is_none());
        return Some(is_bare.then(|| format!("{path}.{href}")).into());
    }
    let map = value.as_object()?;
    if !map.values().any(|link| href(link).is_some()) {
        return None;
    }
    Some(PEOPLE.iter().find_map(|word| of(map, word, path)).into())
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

//! Structured data in an HTML page: schema.org as JSON-LD or microdata, and JSON documents in scripts.

use std::collections::{HashMap, HashSet};

use scraper::{ElementRef, Html, Selector};
use serde_json::{Map, Value};

use super::{repair, tidy::tidied, weight};

/// The most blocks parsed of one page.
const MANY: usize = 50;
/// Deepest nesting of `@graph`, lists and items.
const DEEP: usize = 6;
/// The most objects of one type taken from one page.
const MOST: usize = 2_000;

/// The objects of one type on a page, and the repairs that were needed to parse them.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    pub(super) objects: Vec<Value>,
    pub(super) mended: Vec<String>,
    /// Number of blocks that are not JSON even after repairs.
    pub(super) unreadable: usize,
}

/// Returns the JSON-LD objects of a type, in the order of the page.
pub(super) fn jsonld(html: &Html, kind: &str) -> Embedded {
    let mut found = Embedded::default();
    let Ok(blocks) = Selector::parse("script[type*='ld+json']") else { return found };
    let mut documents = Vec::new();
    for block in html.select(&blocks).take(MANY) {
        let text: String = block.text().collect();
        if text.trim().is_empty() {
            continue;
        }
        match lenient(&text, &mut found.mended) {
            Some(value) => documents.push(value),
            None => found.unreadable += 1,
        }
    }
    let mut graph = Graph::of(&documents);
    for document in documents {
        of_type(document, kind, DEEP, &mut found.objects);
    }
    found.objects.iter_mut().for_each(|object| graph.resolve(object, DEEP));
    found
}

/// The nodes of a page that others refer to: `{"@id": "…/#org"}`.
struct Graph {
    /// Each with its size as JSON, in bytes.
    nodes: HashMap<String, (Value, usize)>,
    /// Bytes that references may still add: a page that refers to one large node from many places would grow without end.
    left: usize,
}

/// Bytes that the references of a page may add.
const ADDED: usize = 4 << 20;

impl Graph {
    fn of(documents: &[Value]) -> Self {
        let mut asked = HashSet::new();
        let mut below: Vec<&Value> = documents.iter().collect();
        while let Some(value) = below.pop() {
            asked.extend(reference(value));
            below.extend(children(value));
        }
        let mut graph = Self { nodes: HashMap::new(), left: ADDED };
        below.extend(documents);
        while let Some(value) = below.pop().filter(|_| !asked.is_empty()) {
            let id = value.get("@id").and_then(Value::as_str).filter(|id| asked.contains(*id));
            if let Some(id) = id.filter(|_| reference(value).is_none()) {
                graph.nodes.entry(id.to_owned()).or_insert_with(|| (value.clone(), value.to_string().len()));
            }
            below.extend(children(value));
        }
        graph
    }

    /// Puts what a reference names in its place, and what that names, down to a depth.
    fn resolve(&mut self, value: &mut Value, deep: usize) {
        if let Some((node, size)) = reference(value).and_then(|id| self.nodes.get(id)) {
            if deep == 0 || *size > self.left {
                return;
            }
            self.left -= size;
            *value = node.clone();
            return self.resolve_below(value, deep - 1);
        }
        self.resolve_below(value, deep);
    }

    fn resolve_below(&mut self, value: &mut Value, deep: usize) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.resolve(item, deep)),
            Value::Object(map) => map.values_mut().for_each(|value| self.resolve(value, deep)),
            _ => (),
        }
    }
}

/// Returns the name of the node that a value refers to, if it says nothing else.
fn reference(value: &Value) -> Option<&str> {
    let map = value.as_object()?;
    let is_bare = map.keys().all(|key| matches!(key.as_str(), "@id" | "@type"));
    map.get("@id").filter(|_| is_bare)?.as_str()
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(map) => map.values().collect(),
        _ => Vec::new(),
    }
}

/// Returns the JSON document of a script.
pub(super) fn script(element: ElementRef<'_>, mended: &mut Vec<String>) -> Option<Value> {
    let text: String = element.text().collect();
    let text = text.trim();
    // `window.__DATA__ = {…};`
    let assigned = text.find(['{', '[']).and_then(|begin| text.get(begin..));
    lenient(text, mended).or_else(|| lenient(assigned?, mended))
}

fn lenient(text: &str, mended: &mut Vec<String>) -> Option<Value> {
    weight::check(text.as_bytes(), weight::json).ok()?;
    let text = tidied(text);
    if let Ok(value) = serde_json::from_str(&text) {
        return Some(value);
    }
    let (value, done) = repair::json(&text)?;
    mended.push(done);
    Some(value)
}

/// Collects the objects of a type in a value, its `@graph`, its lists and its items.
fn of_type(value: Value, kind: &str, deep: usize, found: &mut Vec<Value>) {
    if deep == 0 || found.len() >= MOST {
        return;
    }
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| of_type(item, kind, deep - 1, found)),
        Value::Object(mut map) => {
            if map.get("@type").is_some_and(|said| says(said, kind)) {
                found.push(Value::Object(map));
                return;
            }
            for key in ["@graph", "itemListElement", "item", "mainEntity"] {
                if let Some(below) = map.remove(key) {
                    of_type(below, kind, deep - 1, found);
                }
            }
        }
        _ => (),
    }
}

/// Returns whether a `@type` is this type: `JobPosting`, `["JobPosting"]`, `https://schema.org/JobPosting`,
/// `schema:JobPosting`.
fn says(said: &Value, kind: &str) -> bool {
    match said {
        Value::String(word) => word.rsplit(['/', ':', '#']).next() == Some(kind),
        Value::Array(words) => words.iter().any(|word| says(word, kind)),
        _ => false,
    }
}

/// Returns the first microdata item of a type (HTML, 5.2), with its properties named as in JSON-LD.
pub(super) fn microdata(html: &Html, kind: &str) -> Option<Value> {
    let items = Selector::parse("[itemscope][itemtype]").ok()?;
    let is = |item: &ElementRef<'_>| {
        let said = item.value().attr("itemtype").unwrap_or_default();
        said.split_whitespace().any(|one| says(&Value::String(one.trim_end_matches('/').to_owned()), kind))
    };
    html.select(&items).find(is).map(|item| properties(item, DEEP))
}

fn properties(item: ElementRef<'_>, deep: usize) -> Value {
    let mut map = Map::new();
    collect(item, deep, &mut map);
    Value::Object(map)
}

/// Collects the properties of the elements below, without those of nested items.
fn collect(element: ElementRef<'_>, deep: usize, map: &mut Map<String, Value>) {
    let mut below: Vec<ElementRef<'_>> = element.child_elements().collect();
    below.reverse();
    while let Some(child) = below.pop() {
        let is_item = child.value().attr("itemscope").is_some();
        for name in child.value().attr("itemprop").unwrap_or_default().split_whitespace() {
            let value = if is_item && deep > 0 {
                properties(child, deep - 1)
            } else {
                Value::String(property(child))
            };
            match map.get_mut(name) {
                None => drop(map.insert(name.to_owned(), value)),
                Some(Value::Array(items)) => items.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        if !is_item {
            let at = below.len();
            below.extend(child.child_elements());
            if let Some(fresh) = below.get_mut(at..) {
                fresh.reverse();
            }
        }
    }
}

/// Returns the value of a property (HTML, 5.2.4): of an attribute if the element has one for it, otherwise its text.
fn property(element: ElementRef<'_>) -> String {
    let attr = match element.value().name() {
        "a" | "area" | "link" => "href",
        "img" | "audio" | "video" | "embed" | "iframe" | "source" | "track" => "src",
        "time" => "datetime",
        "data" | "meter" => "value",
        _ => "content",
    };
    let of_attribute = element.value().attr(attr).map(str::to_owned);
    of_attribute.unwrap_or_else(|| {
        if element.child_elements().next().is_some() {
            element.inner_html()
        } else {
            element.text().collect::<String>().trim().to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_of_a_type_are_found_wherever_they_stand() {
        let page = Html::parse_document(
            r#"<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"WebSite"},{"@type":["Thing","JobPosting"],"title":"a"}]}</script>
               <script type="application/ld+json">[{"@type":"http://schema.org/JobPosting","title":"b",}]</script>
               <script type="application/ld+json">{"@type":"ItemList","itemListElement":[{"@type":"ListItem","item":{"@type":"JobPosting","title":"c"}}]}</script>
               <script type="application/ld+json">not json</script>"#,
        );
        let found = jsonld(&page, "JobPosting");
        let titles: Vec<&Value> = found.objects.iter().filter_map(|object| object.get("title")).collect();
        assert_eq!(titles, [&json!("a"), &json!("b"), &json!("c")]);
        assert_eq!(
            (found.mended.as_slice(), found.unreadable),
            (&["mended JSON: trailing commas".to_owned()][..], 1)
        );
    }

    #[test]
    fn a_reference_is_what_it_names_on_the_page() {
        let page = Html::parse_document(
            r##"<script type="application/ld+json">{"@graph":[
                 {"@type":"Place","@id":"#lieu","address":{"@id":"#adresse"}},
                 {"@type":"JobPosting","@id":"#1","title":"a","hiringOrganization":{"@type":"Organization","@id":"#org"},
                  "jobLocation":[{"@id":"#lieu"}],"isPartOf":{"@id":"#1"},"image":{"@id":"#absent"}}]}</script>
               <script type="application/ld+json">[{"@type":"Organization","@id":"#org","name":"Noun"},
                 {"@id":"#adresse","addressLocality":"Foumban"}]</script>"##,
        );
        let posting = jsonld(&page, "JobPosting").objects.remove(0);
        let at = |pointer: &str| posting.pointer(pointer).and_then(Value::as_str);
        assert_eq!(at("/hiringOrganization/name"), Some("Noun"));
        assert_eq!(at("/jobLocation/0/address/addressLocality"), Some("Foumban"));
        assert_eq!(at("/image/@id"), Some("#absent"));
        assert_eq!(at("/isPartOf/title"), Some("a"));
    }

    #[test]
    fn references_do_not_multiply_a_page() {
        let many = (0..40).map(|n| {
            format!(
                r##"{{"@id":"#{n}","a":{{"@id":"#{}"}},"b":{{"@id":"#{}"}},"c":"{}"}}"##,
                n + 1,
                n + 1,
                "x".repeat(5_000)
            )
        });
        let text = format!(
            r##"<script type="application/ld+json">[{{"@type":"JobPosting","r":{{"@id":"#0"}}}},{}]</script>"##,
            many.collect::<Vec<_>>().join(",")
        );
        let posting = jsonld(&Html::parse_document(&text), "JobPosting").objects.remove(0);
        assert!(posting.to_string().len() < ADDED + 100_000);
    }

    #[test]
    fn microdata_is_read_as_json_ld_would_say_it() {
        let page = Html::parse_document(
            r#"<div itemscope itemtype="https://schema.org/JobPosting"><h1 itemprop="title"> Soudeur </h1>
               <div itemprop="hiringOrganization" itemscope itemtype="http://schema.org/Organization"><b itemprop="name">Chantier</b></div>
               <time itemprop="datePosted" datetime="2026-11-02">2 nov.</time><div><p itemprop="description"><b>x</b> y</p></div>
               <meta itemprop="employmentType" content="FULL_TIME"><span itemprop="skills">a</span><span itemprop="skills">b</span></div>"#,
        );
        assert_eq!(
            microdata(&page, "JobPosting").unwrap(),
            json!({"title": "Soudeur", "hiringOrganization": {"name": "Chantier"}, "datePosted": "2026-11-02",
                   "description": "<b>x</b> y", "employmentType": "FULL_TIME", "skills": ["a", "b"]})
        );
        assert_eq!(microdata(&page, "Course"), None);
    }
}

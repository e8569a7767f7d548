use std::path::Path;

use chrono::{DateTime, Utc};
use domain::Draft;

use super::*;
use crate::{Catalog, Page, Response, Role, Spec, SpecFile, Window};

/// What an example gives, as the page shows it.
fn gives(example: &Example) -> String {
    let file = SpecFile { name: "exemple.toml".to_owned(), text: example.spec.to_owned() };
    let catalog = Catalog::load(vec![file]).unwrap_or_else(|errors| panic!("{}: {errors}", example.name));
    let spec = catalog.iter().next().unwrap();
    let stream = &spec.streams[0];
    let is_file = example.url == "file" || !stream.is_fetched();
    let url = if is_file { "file:///page".parse() } else { example.url.parse() }.unwrap();
    let headers = [("link".to_owned(), "</activites.xml?page=2>; rel=\"next\"".to_owned())];
    let response = Response { headers: &headers, ..Response::of_body(example.answer.1) };
    let role = if is_file { Role::File } else { Role::List };
    let page = Page::new(&stream.name, role, &url, response);
    let mut text = String::new();
    let reading = spec.read(&page);
    assert_eq!(reading.alarm, None, "{}", example.name);
    for draft in &reading.drafts {
        let said = Draft::FIELDS
            .iter()
            .filter_map(|name| draft.field(name).map(|words| format!("{name} = {words:?}")));
        let _ = writeln!(text, "{}", said.collect::<Vec<_>>().join("  "));
    }
    for follow in &reading.follow {
        let _ = writeln!(text, "to be fetched: {}  {}", follow.url, follow.card);
    }
    for rejection in &reading.rejected {
        let _ = writeln!(text, "refused: {}  {}", rejection.reason, rejection.record);
    }
    for note in &reading.notes {
        let _ = writeln!(text, "noted: {note}");
    }
    if !is_file {
        walked(spec, &page, &mut text);
    }
    text
}

/// The first request, and the one after the answer.
fn walked(spec: &Spec, page: &Page<'_>, text: &mut String) {
    let since: DateTime<Utc> = "2026-11-03T09:12:00Z".parse().unwrap();
    let first = spec.first(page.stream, &Window { since: Some(since) }).unwrap();
    let shown = |request: &crate::PageRequest| match &request.body {
        None => format!("GET {}", request.url),
        Some(body) => format!("POST {} {}", request.url, String::from_utf8(body.encoded().1).unwrap()),
    };
    let _ = writeln!(text, "since 2026-11-03 it asks: {}", shown(&first));
    let whole = spec.first(page.stream, &Window::default()).unwrap();
    let mut crawl = spec.crawl(page.stream, &Window::default()).unwrap();
    crawl.answered(&whole, page);
    if let Some(next) = crawl.ask().filter(|_| crawl.walked().is_none()) {
        let _ = writeln!(text, "and then: {}", shown(&next));
    }
}

/// With `UPDATE_REFERENCE` set, what the examples give is written down anew, and the page with them.
#[test]
fn every_example_gives_what_the_page_shows() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("UPDATE_REFERENCE").is_some();
    let examples = examples();
    assert!(examples.len() >= 16, "{} examples", examples.len());
    for example in examples {
        let gives = gives(&example);
        if update {
            std::fs::write(here.join("reference").join(&example.name).join("gives.txt"), &gives).unwrap();
        } else {
            assert_eq!(gives, example.gives, "{}; set UPDATE_REFERENCE=1 where this is right", example.name);
        }
    }
}

#[test]
fn the_page_is_what_the_types_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PARTNER-FILES.md");
    let page = reference();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/PARTNER-FILES.md is not what `oim-etl sources schema --markdown` prints: run the test twice with UPDATE_REFERENCE=1"
    );
}

fn look(at: &str, value: &Value) {
    if let Some(properties) = value.get("properties").and_then(Value::as_object) {
        for (key, value) in properties.iter().filter(|(_, value)| value.get("const").is_none()) {
            assert!(
                !description(value).is_empty() || value.get("$ref").is_some(),
                "{at}.{key} is not described"
            );
        }
    }
    for key in ["$defs", "oneOf"] {
        match value.get(key) {
            Some(Value::Object(map)) => map.iter().for_each(|(name, value)| look(name, value)),
            Some(Value::Array(items)) => items.iter().for_each(|value| look(at, value)),
            _ => (),
        }
    }
}

#[test]
fn every_key_is_described_and_every_construct_shown() {
    look("Partner", &Value::from(schema()));
    let shown: String = examples().iter().map(|example| example.spec).collect();
    for construct in [
        "parts",
        "with",
        "some",
        "regex",
        "map",
        "const",
        "css",
        "attr",
        "label",
        "value",
        "html = true",
        "join",
        "jsonld",
        "microdata",
        "page_url",
        "column",
        "where",
        "expand",
        "refuse",
        "empty",
        "partial",
        "required",
        "encoding",
        "table = ",
        "detail",
        ".file]",
        "complete",
        "single",
        "number",
        "range",
        "offset",
        "cursor",
        "next_link",
        "link_header",
        "sitemap",
        "ndjson",
        "json = {",
        "oauth2",
        "api_key",
        "basic",
        "bearer",
    ] {
        assert!(construct == "single" || shown.contains(construct), "no example shows {construct}");
    }
}

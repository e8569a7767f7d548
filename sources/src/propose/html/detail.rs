//! What the page of a record tells.

use normalize::text::fold;
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

use super::parts::{self, is_plain, text};
use crate::{Page, read};

/// Words in the class or id of a body.
const BODIES: [&str; 13] = [
    "description",
    "content",
    "contenu",
    "texte",
    "body",
    "detail",
    "details",
    "corps",
    "annonce",
    "offre",
    "job",
    "entry",
    "programme",
];
/// Fewest letters of a body.
const BODY: usize = 80;

/// Returns the forms of our fields on a page of a record: structured data first, then what it shows.
pub(in crate::propose) fn fields(page: &Page<'_>) -> Vec<(&'static str, String)> {
    let html = Html::parse_document(&read::text(page));
    let has = |css: &str| Selector::parse(css).is_ok_and(|selector| html.select(&selector).next().is_some());
    let postings = read::postings(&html);
    let data = if let Some(one) = postings.first() {
        let form = |path: &str| format!("{{ jsonld = {path:?} }}");
        let mut data = posting(form, &[]);
        data.extend(more(one, form));
        data
    } else if has("[itemtype*='JobPosting']") {
        posting(|path| format!("{{ microdata = {path:?} }}"), &[])
    } else {
        Vec::new()
    };
    let mut shown = shown(&html);
    if !shown.iter().any(|(field, _)| *field == "title") && has("h1") {
        shown.push(("title", "\"h1\"".to_owned()));
    }
    let mut all: Vec<(&'static str, String)> = data
        .into_iter()
        .map(|(field, form)| match shown.iter().find(|(of, _)| *of == field) {
            // Structured data of portals is often half empty.
            Some((_, beside)) => (field, in_order(&form, beside)),
            None => (field, form),
        })
        .collect();
    for (field, form) in shown {
        if !all.iter().any(|(of, _)| *of == field) {
            all.push((field, form));
        }
    }
    all.retain(|(field, _)| !matches!(*field, "external_id" | "url"));
    all.push(("url", "{ page_url = true }".to_owned()));
    all
}

/// Returns one form of two: the second where the first gives nothing.
fn in_order(first: &str, second: &str) -> String {
    let inner = first.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(first);
    format!("[{inner}, {second}]")
}

/// Returns the forms for a page of a record that was not seen.
pub(in crate::propose) fn unseen() -> Vec<(&'static str, String)> {
    let mut fields = posting(|path| format!("{{ jsonld = {path:?} }}"), &[]);
    for (field, form) in &mut fields {
        if *field == "title" {
            *form = in_order(form, "\"h1\"");
        }
    }
    fields.push(("url", "{ page_url = true }".to_owned()));
    fields
}

/// Returns the forms of what a page shows: labels, classes and the longest body.
fn shown(html: &Html) -> Vec<(&'static str, String)> {
    let body = Selector::parse("body").ok().and_then(|css| html.select(&css).next());
    let Some(body) = body else { return Vec::new() };
    let mut fields = parts::fields(&[body]);
    fields.retain(|(field, _)| !matches!(*field, "description" | "title" | "external_id" | "url"));
    if let Some(css) = body_of(body) {
        fields.push(("description", format!("{{ css = {css:?}, html = true }}")));
    }
    fields
}

/// Returns the selector of the body: the smallest element so named that holds most of the text.
fn body_of(body: ElementRef<'_>) -> Option<String> {
    let mut best: Option<(usize, usize, String)> = None;
    for element in body.descendants().filter_map(ElementRef::wrap) {
        let tag = element.value().name();
        let id = element.value().id().filter(|id| is_plain(id));
        let named = id
            .map(|id| (id, format!("{tag}#{id}")))
            .into_iter()
            .chain(
                element
                    .value()
                    .classes()
                    .filter(|class| is_plain(class))
                    .map(|class| (class, format!("{tag}.{class}"))),
            )
            .find(|(name, _)| name.split(['-', '_']).any(|part| BODIES.contains(&fold(part).as_str())));
        let named = named.map(|(_, css)| css).or_else(|| (tag == "article").then(|| tag.to_owned()));
        let Some(css) = named else { continue };
        let rank = BODIES.iter().position(|word| css.contains(word)).unwrap_or(BODIES.len());
        let long = text(element).chars().count();
        if long < BODY {
            continue;
        }
        // "description" says more than "content"; of elements named alike the outer one is whole.
        if best.as_ref().is_none_or(|(known, _, _)| rank < *known) {
            best = Some((rank, long, css));
        }
    }
    best.map(|(_, _, css)| css)
}

/// Returns the forms of what only some postings have: pay, and what is asked for.
pub(super) fn more(posting: &Value, form: impl Fn(&str) -> String) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let all = |paths: &[&str], with: &str| {
        let forms: Vec<String> = paths.iter().map(|path| form(path)).collect();
        format!("{{ parts = [{}], with = {with:?} }}", forms.join(", "))
    };
    let has = |pointer: &str| posting.pointer(pointer).is_some_and(|value| !value.is_null());
    if has("/baseSalary/value/minValue") || has("/baseSalary/value/value") {
        let beside: Vec<String> = [
            ("/baseSalary/currency", ".baseSalary.currency"),
            ("/baseSalary/value/unitText", ".baseSalary.value.unitText"),
        ]
        .into_iter()
        .filter(|(pointer, _)| has(pointer))
        .map(|(_, path)| format!(", {}", form(path)))
        .collect();
        let range = all(&[".baseSalary.value.minValue", ".baseSalary.value.maxValue"], " - ");
        let ends = [range, form(".baseSalary.value.minValue"), form(".baseSalary.value.value")];
        let forms = ends.map(|end| format!("{{ parts = [{end}{}], with = \" \" }}", beside.concat()));
        found.push(("salary", format!("[{}]", forms.join(", "))));
    } else if posting.get("baseSalary").is_some_and(|salary| !salary.is_object() && !salary.is_null()) {
        found.push(("salary", form(".baseSalary")));
    }
    if has("/educationRequirements/credentialCategory") {
        found.push(("education", form(".educationRequirements.credentialCategory")));
    } else if has("/educationRequirements") {
        found.push(("education", form(".educationRequirements")));
    }
    if has("/experienceRequirements/monthsOfExperience") {
        let months = form(".experienceRequirements.monthsOfExperience");
        found.push(("experience", format!("{{ parts = [{months}, {{ const = \"mois\" }}], with = \" \" }}")));
    } else if has("/experienceRequirements") {
        found.push(("experience", form(".experienceRequirements")));
    }
    for (pointer, field, path) in [
        ("/jobStartDate", "starts_at", ".jobStartDate"),
        ("/totalJobOpenings", "positions", ".totalJobOpenings"),
        ("/workHours", "working_time", ".workHours"),
    ] {
        if has(pointer) {
            found.push((field, form(path)));
        }
    }
    found
}

/// Returns the forms for a schema.org JobPosting, with those that only a list record needs.
pub(super) fn posting(form: impl Fn(&str) -> String, also: &[&str]) -> Vec<(&'static str, String)> {
    let several = |paths: &[&str]| {
        let forms: Vec<String> = paths.iter().map(|path| form(path)).collect();
        if let [one] = forms.as_slice() { one.clone() } else { format!("[{}]", forms.join(", ")) }
    };
    let all: [(&str, &[&str]); 9] = [
        ("external_id", &[".identifier.value", ".identifier", ".url"]),
        ("title", &[".title"]),
        ("url", &[".url"]),
        ("organization", &[".hiringOrganization.name"]),
        ("description", &[".description"]),
        (
            "place",
            &[
                ".jobLocation.address.addressLocality",
                ".jobLocation.address.addressRegion",
                ".jobLocation.address.addressCountry",
            ],
        ),
        ("contract", &[".employmentType"]),
        ("posted_at", &[".datePosted"]),
        ("closes_at", &[".validThrough"]),
    ];
    all.iter()
        .filter(|(field, _)| !matches!(*field, "external_id" | "url") || also.contains(field))
        .map(|(field, paths)| (*field, several(paths)))
        .collect()
}

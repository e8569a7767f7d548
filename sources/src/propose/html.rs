//! Proposals for HTML: structured data first, then a script with JSON, then the elements that repeat.

mod detail;
mod list;
mod next;
mod parts;
mod unlinked;

use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

use super::{Found, paging, tree};
use crate::{Page, read};
pub(super) use detail::{fields as detail_fields, unseen};

/// Most bytes of a script that are looked through.
const SCRIPT: usize = 8 << 20;

/// Proposes for an HTML page.
pub(super) fn found(page: &Page<'_>) -> Found {
    let html = Html::parse_document(&read::text(page));
    let mut remarks = feeds(&html);
    let pages = next::pages(&html, page.url);
    let postings = read::postings(&html);
    if let [first, _, ..] = postings.as_slice() {
        let form = |path: &str| format!("{path:?}");
        let mut fields = detail::posting(form, &["external_id", "url"]);
        fields.extend(detail::more(first, form));
        return Found {
            format: "html",
            records: Some("{ jsonld = \"JobPosting\" }".to_owned()),
            fields,
            pages,
            remarks,
            records_seen: postings.len(),
            ..Found::default()
        };
    }
    if let Some(list) = list::of(&html) {
        return Found {
            format: "html",
            records: Some(format!("{:?}", list.records)),
            fields: list.fields,
            link: list.link,
            pages: pages.or_else(|| {
                paging::links_by_header(page).then(|| "pages = { kind = \"link_header\" }".to_owned())
            }),
            remarks,
            records_seen: list.count,
            ..Found::default()
        };
    }
    if let Some(found) = of_script(&html) {
        return Found { remarks, ..found };
    }
    if let Some(list) = unlinked::of(&html) {
        return Found {
            format: "html",
            records: Some(format!("{:?}", list.records)),
            fields: list.fields,
            pages,
            remarks,
            records_seen: list.count,
            ..Found::default()
        };
    }
    if let [one] = postings.as_slice() {
        return of_one(one, remarks);
    }
    remarks.push(
        "No list was found. Do its records load by script? Then look for the JSON the page asks for."
            .to_owned(),
    );
    Found { format: "html", remarks, ..Found::default() }
}

/// Proposes for the page of one record.
fn of_one(one: &Value, mut remarks: Vec<String>) -> Found {
    let form = |path: &str| format!("{{ jsonld = {path:?} }}");
    let mut fields = detail::posting(form, &["external_id", "url"]);
    fields.extend(detail::more(one, form));
    remarks.push("This is the page of one record: it carries a JobPosting. `records` and `request` are to be those of the list.".to_owned());
    Found {
        format: "html",
        records: Some("\"body\"".to_owned()),
        fields,
        remarks,
        records_seen: 1,
        ..Found::default()
    }
}

/// Proposes for records in the JSON of a script: `script#__NEXT_DATA__`.
fn of_script(html: &Html) -> Option<Found> {
    let scripts = Selector::parse("script[type='application/json']").ok()?;
    html.select(&scripts).find_map(|script| {
        let text: String = script.text().collect();
        if text.len() > SCRIPT {
            return None;
        }
        let document: Value = serde_json::from_str(&text).ok()?;
        let found = tree::of_document(&document).ok()?;
        let path = found.records.as_deref().filter(|_| found.records_seen > 1)?;
        let css = match script.value().id() {
            Some(id) if parts::is_plain(id) => format!("script#{id}"),
            _ => "script[type='application/json']".to_owned(),
        };
        Some(Found {
            records: Some(format!("{{ script = {css:?}, path = {path} }}")),
            format: "html",
            pages: None,
            ..found
        })
    })
}

/// Returns the feeds that the page links to.
fn feeds(html: &Html) -> Vec<String> {
    let Ok(links) =
        Selector::parse("link[rel='alternate'][type*='rss'], link[rel='alternate'][type*='atom']")
    else {
        return Vec::new();
    };
    let href = |link: ElementRef<'_>| {
        link.value()
            .attr("href")
            .map(|href| format!("The page links to a feed, which may be easier to read: {href}"))
    };
    html.select(&links).filter_map(href).take(3).collect()
}

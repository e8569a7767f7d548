//! Proposals for HTML: structured data first, then similar elements with links.

use std::collections::BTreeMap;

use scraper::{ElementRef, Html, Selector};

use super::Found;
use crate::{Page, read};

/// Fewest similar elements that make a list.
const FEWEST: usize = 3;

/// Proposes for an HTML page.
pub(super) fn found(page: &Page<'_>) -> Found {
    let html = Html::parse_document(&read::text(page));
    let mut remarks = feeds(&html);
    let postings = read::postings(&html);
    if postings > 1 {
        return Found {
            format: "html",
            records: Some("{ jsonld = \"JobPosting\" }".to_owned()),
            fields: posting(|path| format!("{path:?}")),
            remarks,
            records_seen: postings,
            ..Found::default()
        };
    }
    let (records, seen) = alike(&html).unwrap_or_default();
    let mut out = Found { format: "html", records_seen: seen, ..Found::default() };
    if postings == 1 {
        remarks.push("This is the page of one record: it carries a JobPosting. `records` and `request` are to be those of the list.".to_owned());
    }
    if seen > 0 || postings == 1 {
        out.records =
            Some(format!("{:?}", if records.is_empty() { "CSS SELECTOR OF A RECORD" } else { &records }));
        out.fields = vec![
            ("external_id", "{ css = \"a\", attr = \"href\" }".to_owned()),
            ("title", "\"a\"".to_owned()),
        ];
        out.link = Some("\"a\"".to_owned());
        out.detail = posting(|path| format!("{{ jsonld = {path:?} }}"));
        out.detail.retain(|(field, _)| *field != "external_id" && *field != "url");
        out.detail.push(("url", "{ page_url = true }".to_owned()));
    } else {
        remarks.push(
            "No list was found. Do its records load by script? Then look for the JSON the page asks for."
                .to_owned(),
        );
    }
    out.remarks = remarks;
    out
}

/// Returns the feeds and sitemaps that the page links to.
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

/// Returns the selector of similar elements, each with its own link, and their number.
fn alike(html: &Html) -> Option<(String, usize)> {
    let any = Selector::parse("body [class]").ok()?;
    let anchor = Selector::parse("a[href]").ok()?;
    let mut groups: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for element in html.select(&any) {
        let Some(class) = element.value().classes().next() else { continue };
        if !class.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            continue;
        }
        let words = element.text().map(str::len).sum::<usize>();
        if element.select(&anchor).next().is_some() && words > 20 {
            let group = groups.entry(format!("{}.{class}", element.value().name())).or_default();
            group.0 += 1;
            group.1 += words.min(2_000);
        }
    }
    let best = groups.into_iter().filter(|(_, (count, _))| *count >= FEWEST);
    best.max_by_key(|(_, (_, words))| *words).map(|(selector, (count, _))| (selector, count))
}

/// Returns the forms for a schema.org JobPosting.
fn posting(form: impl Fn(&str) -> String) -> Vec<(&'static str, String)> {
    [
        ("external_id", ".identifier.value"),
        ("title", ".title"),
        ("url", ".url"),
        ("organization", ".hiringOrganization.name"),
        ("description", ".description"),
        ("place", ".jobLocation.address.addressLocality"),
        ("contract", ".employmentType"),
        ("posted_at", ".datePosted"),
        ("closes_at", ".validThrough"),
    ]
    .map(|(field, path)| (field, form(path)))
    .to_vec()
}

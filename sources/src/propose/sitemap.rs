//! Proposals for sitemaps: which of their addresses are pages of records.

use std::collections::BTreeMap;

use normalize::text::fold;
use serde_json::Value;
use url::Url;

use super::Found;
use crate::{Page, read};

/// Parts of addresses under which records stand, folded.
const RECORDS: [&str; 18] = [
    "emploi",
    "emplois",
    "offre",
    "offres",
    "job",
    "jobs",
    "annonce",
    "annonces",
    "vacancy",
    "vacancies",
    "career",
    "careers",
    "recrutement",
    "formation",
    "formations",
    "stage",
    "poste",
    "opportunite",
];

/// Proposes for a sitemap, or an index of sitemaps; `None` if it is none.
pub(super) fn found(page: &Page<'_>) -> Option<Found> {
    let document = read::xml_document(page)?;
    let locs = |root: &str, item: &str| -> Option<Vec<String>> {
        let below = document.get(root)?;
        let items = match below.get(item) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let words = |value: &Value| match value {
            Value::String(words) => Some(words.trim().to_owned()),
            other => other.get("#text").and_then(Value::as_str).map(|words| words.trim().to_owned()),
        };
        Some(items.iter().filter_map(|item| item.get("loc")).filter_map(words).collect())
    };
    let mut found = Found {
        format: "sitemap",
        link: Some("\".loc\"".to_owned()),
        fields: vec![("external_id", "\".loc\"".to_owned())],
        ..Found::default()
    };
    if let Some(sitemaps) = locs("sitemapindex", "sitemap") {
        found.records_seen = sitemaps.len();
        found.remarks.push(format!(
            "An index of {} sitemaps: `where` leaves out what is not a record.",
            sitemaps.len()
        ));
        found.remarks.push("where = '.loc | test(\"/emploi/\")'".to_owned());
        return (found.records_seen > 0).then_some(found);
    }
    let addresses = locs("urlset", "url")?;
    let part = of_records(&addresses)?;
    found.records_seen = addresses.iter().filter(|address| address.contains(&part)).count();
    if found.records_seen < addresses.len() {
        found.condition = Some(format!("where = '.loc | test({part:?})'"));
    }
    if has_dates(&document) {
        found
            .remarks
            .push("`lastmod` is when a page changed, which may be long after it was published.".to_owned());
    }
    Some(found)
}

fn has_dates(document: &Value) -> bool {
    document.pointer("/urlset/url/0/lastmod").is_some()
}

/// Returns the part of the path under which records stand: one that says so, else the one with most addresses below it.
fn of_records(addresses: &[String]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for address in addresses {
        let Ok(url) = Url::parse(address) else { continue };
        let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        // The last part is the record itself.
        let is_plain = |part: &&&str| {
            part.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
        };
        for part in parts.iter().take(parts.len().saturating_sub(1)).filter(is_plain) {
            *counts.entry(format!("/{part}/")).or_default() += 1;
        }
    }
    let says = |part: &String| fold(part).split(' ').any(|word| RECORDS.contains(&word));
    let best = counts.iter().max_by_key(|(part, count)| (says(part), **count, std::cmp::Reverse(part.len())));
    best.map(|(part, _)| part.clone()).or_else(|| (!addresses.is_empty()).then(|| "/".to_owned()))
}

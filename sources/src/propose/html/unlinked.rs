//! The list of a page whose elements have no link of their own: cards with everything in them, rows of a table.

use std::collections::{BTreeMap, BTreeSet};

use scraper::{ElementRef, Html, Selector};

use super::{
    list::{self, List},
    parts::{self, first, text},
};

/// Fewest elements alike that make a list, and fewest fields that each has beside its title.
const FEWEST: usize = 2;
/// Most groups of elements that are looked at closely.
const GROUPS: usize = 40;

/// Returns the list of a page.
pub(super) fn of(html: &Html) -> Option<List> {
    let body = Selector::parse("body *").ok()?;
    let mut groups: BTreeMap<String, Vec<ElementRef<'_>>> = BTreeMap::new();
    for element in html.select(&body).filter(|element| !list::is_around(*element)) {
        for key in list::keys(element) {
            groups.entry(key).or_default().push(element);
        }
    }
    let long = |elements: &[ElementRef<'_>]| -> usize {
        elements.iter().take(parts::LOOKED_AT).map(|element| text(*element).chars().count().min(600)).sum()
    };
    let mut groups: Vec<(usize, String, Vec<ElementRef<'_>>)> = groups
        .into_iter()
        .filter(|(_, elements)| elements.len() >= FEWEST)
        .map(|(key, elements)| (long(&elements), key, elements))
        .collect();
    groups.sort_by_key(|(long, key, _)| std::cmp::Reverse((*long, std::cmp::Reverse(key.len()))));
    let lists = groups
        .into_iter()
        .take(GROUPS)
        .filter_map(|(long, key, elements)| Some((long, list(key, elements)?)));
    lists.max_by_key(|(long, list)| (list.fields.len(), *long)).map(|(_, list)| list)
}

fn list(records: String, elements: Vec<ElementRef<'_>>) -> Option<List> {
    let is_row = elements.first()?.value().name() == "tr";
    let cells = Selector::parse("td").ok()?;
    let heads = Selector::parse("th").ok()?;
    // A table without a `thead` has its header among the rows.
    let has_header = is_row
        && elements
            .first()
            .is_some_and(|row| row.select(&heads).count() > 1 || row.select(&cells).next().is_none());
    let records = if has_header { format!("{records} + tr") } else { records };
    let rows: Vec<ElementRef<'_>> = elements.into_iter().skip(usize::from(has_header)).collect();
    let mut fields = if is_row { list::columns(&rows) } else { parts::fields(&rows) };
    let mut once = BTreeSet::new();
    fields.retain(|(field, _)| once.insert(*field));
    let title = if is_row {
        fields.iter().find(|(field, _)| *field == "title")?.1.clone()
    } else {
        let mut titles: Vec<String> = ["h1", "h2", "h3", "h4", "h5"].map(str::to_owned).to_vec();
        titles.extend(list::titled(&rows));
        let css = list::best(&rows, &titles, |element| {
            let words = text(element);
            (words.chars().filter(|letter| letter.is_alphabetic()).count() > 3).then_some(words)
        })?;
        format!("{css:?}")
    };
    let given = fields.iter().find(|(field, _)| *field == "external_id").map(|(_, form)| form.clone());
    fields.retain(|(field, form)| !matches!(*field, "title" | "external_id" | "url") && *form != title);
    if fields.is_empty() || rows.len() < FEWEST {
        return None;
    }
    let id = given
        .filter(|form| is_own(&rows, form))
        .or_else(|| list::attribute_of(&rows))
        .or_else(|| anchor(&rows))
        .unwrap_or_else(|| by_title(&rows, &title, &fields));
    fields.push(("title", title));
    fields.push(("external_id", id));
    Some(List { records, fields, link: None, count: rows.len() })
}

/// Returns whether a selector gives each record a value of its own.
fn is_own(records: &[ElementRef<'_>], form: &str) -> bool {
    let Ok(css) = Selector::parse(form.trim_matches('"')) else { return false };
    let values: BTreeSet<String> =
        records.iter().filter_map(|record| first(*record, &css)).map(text).collect();
    values.len() == records.len()
}

/// Returns the form of an anchor within each record: `<a name="offre-417"></a>`, `<h3 id="offre-417">`.
fn anchor(records: &[ElementRef<'_>]) -> Option<String> {
    ["a[name]", "h2[id]", "h3[id]", "h4[id]", "a[id]"].into_iter().find_map(|css| {
        let selector = Selector::parse(css).ok()?;
        let attr = if css == "a[name]" { "name" } else { "id" };
        let ids: BTreeSet<&str> =
            records.iter().filter_map(|record| first(*record, &selector)?.value().attr(attr)).collect();
        (ids.len() == records.len()).then(|| format!("{{ css = {css:?}, attr = {attr:?} }}"))
    })
}

/// Returns an identity made of words: the title, with employer and place where titles are shared.
fn by_title(records: &[ElementRef<'_>], title: &str, fields: &[(&'static str, String)]) -> String {
    if is_own(records, title) {
        return title.to_owned();
    }
    let beside = ["organization", "place", "closes_at"]
        .into_iter()
        .filter_map(|name| fields.iter().find(|(field, _)| *field == name).map(|(_, form)| form.clone()));
    let parts: Vec<String> = std::iter::once(title.to_owned()).chain(beside).collect();
    format!("{{ parts = [{}], with = \" / \", some = true }}", parts.join(", "))
}

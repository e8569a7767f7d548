//! The list of a page: elements alike, each with its own link.

use std::collections::{BTreeMap, BTreeSet};

use normalize::patterns;
use regex::Regex;
use scraper::{ElementRef, Html, Selector};

use super::{
    super::{fits, names},
    parts::{self, LOOKED_AT, first, is_plain, text},
};

/// Fewest elements alike that make a list.
const FEWEST: usize = 2;
/// Most text of an element that counts, so that one large block does not make a list.
const WORDS: usize = 600;
/// Most links within a record.
const LINKS: usize = 12;
/// Words in the class or id of what stands around a list.
const AROUND: [&str; 13] = [
    "nav",
    "navbar",
    "menu",
    "footer",
    "header",
    "breadcrumb",
    "breadcrumbs",
    "pagination",
    "pager",
    "sidebar",
    "social",
    "share",
    "cookie",
];
/// Words beside one of these in the class of a frame: "page-with-sidebar", "no-header".
const FRAME: [&str; 4] = ["with", "has", "no", "without"];

/// A list found on a page.
pub(super) struct List {
    pub(super) records: String,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) link: Option<String>,
    pub(super) count: usize,
}

/// Returns the list of a page.
pub(super) fn of(html: &Html) -> Option<List> {
    let body = Selector::parse("body *").ok()?;
    let mut groups: BTreeMap<String, Vec<ElementRef<'_>>> = BTreeMap::new();
    for element in html.select(&body).filter(|element| !is_around(*element)) {
        for key in keys(element) {
            groups.entry(key).or_default().push(element);
        }
    }
    let mut rated: Vec<(usize, String, Vec<ElementRef<'_>>)> = groups
        .into_iter()
        .filter(|(_, elements)| elements.len() >= FEWEST)
        .filter_map(|(key, elements)| rate(&elements).map(|score| (score, key, elements)))
        .collect();
    let most = rated.iter().map(|(score, ..)| *score).max()?;
    // Rows of a grid hold several records each: of groups with about as much text, the one with more elements.
    rated.retain(|(score, ..)| 10 * score >= 7 * most);
    rated.sort_by_key(|(score, key, elements)| (elements.len(), *score, std::cmp::Reverse(key.len())));
    rated.into_iter().rev().find_map(|(_, key, elements)| list(key, &elements))
}

/// Returns the selectors under which an element may repeat.
pub(super) fn keys(element: ElementRef<'_>) -> Vec<String> {
    let tag = element.value().name();
    if matches!(tag, "script" | "style" | "option" | "br" | "img" | "td" | "th" | "label" | "input" | "head")
    {
        return Vec::new();
    }
    let mut keys: Vec<String> = element
        .value()
        .classes()
        .filter(|class| is_plain(class))
        .take(4)
        .map(|class| format!("{tag}.{class}"))
        .collect();
    if let Some(kind) = element
        .value()
        .attr("itemtype")
        .and_then(|kind| kind.rsplit('/').next())
        .filter(|kind| is_plain(kind))
    {
        return vec![format!("[itemtype$='{kind}']")];
    }
    if keys.is_empty() || matches!(tag, "li" | "tr" | "article") {
        let parent = element.parent().and_then(ElementRef::wrap);
        let above = parent.and_then(|parent| {
            named(parent).or_else(|| parent.parent().and_then(ElementRef::wrap).and_then(named))
        });
        keys.push(match above {
            _ if tag == "tr" && parent.is_some_and(|parent| parent.value().name() == "thead") => return keys,
            None if tag == "tr" => "tbody > tr".to_owned(),
            Some(above) if parent.and_then(named).is_some() => format!("{above} > {tag}"),
            Some(above) if tag == "tr" => format!("{above} tbody > tr"),
            Some(above) => format!("{above} {tag}"),
            None => tag.to_owned(),
        });
    }
    keys
}

/// Returns a selector of an element by its id or class.
fn named(element: ElementRef<'_>) -> Option<String> {
    let tag = element.value().name();
    if let Some(id) = element.value().id().filter(|id| is_plain(id)) {
        return Some(format!("{tag}#{id}"));
    }
    element.value().classes().find(|class| is_plain(class)).map(|class| format!("{tag}.{class}"))
}

/// Returns whether an element belongs to what stands around the list.
pub(super) fn is_around(element: ElementRef<'_>) -> bool {
    let names = |element: ElementRef<'_>| {
        let value = element.value();
        if matches!(value.name(), "nav" | "footer" | "aside" | "form" | "head") {
            return true;
        }
        // The frame of a page may be called "page-with-sidebar".
        if matches!(value.name(), "body" | "html" | "main") {
            return false;
        }
        value.classes().chain(value.id()).any(|name| {
            let parts: Vec<String> = name.split(['-', '_']).map(str::to_ascii_lowercase).collect();
            let any = |words: &[&str]| parts.iter().any(|part| words.contains(&part.as_str()));
            any(&AROUND) && !any(&FRAME)
        })
    };
    names(element) || element.ancestors().filter_map(ElementRef::wrap).any(names)
}

/// Returns how much elements look like a list: their text, if each has a link of its own and few others.
fn rate(elements: &[ElementRef<'_>]) -> Option<usize> {
    let anchor = Selector::parse("a[href]").ok()?;
    let mut rows: Vec<(BTreeSet<&str>, usize)> = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for element in elements.iter().take(LOOKED_AT * 4) {
        let itself = anchor.matches(element).then_some(*element);
        let links: BTreeSet<&str> = itself
            .into_iter()
            .chain(element.select(&anchor))
            .filter_map(|link| link.value().attr("href"))
            .collect();
        if links.len() > LINKS {
            return None;
        }
        for link in &links {
            *counts.entry(*link).or_default() += 1;
        }
        rows.push((links, text(*element).chars().count()));
    }
    let is_own = |(links, long): &&(BTreeSet<&str>, usize)| {
        *long > 12 && links.iter().any(|link| counts.get(link).is_some_and(|count| *count == 1))
    };
    let own: Vec<&(BTreeSet<&str>, usize)> = rows.iter().filter(is_own).collect();
    // Elements of a class may be other things too; the header of a table has no link.
    (own.len() >= FEWEST && 10 * own.len() >= 6 * rows.len())
        .then(|| own.iter().map(|(_, long)| (*long).min(WORDS)).sum())
}

fn list(records: String, elements: &[ElementRef<'_>]) -> Option<List> {
    let having: Vec<ElementRef<'_>> =
        elements.iter().copied().filter(|element| !anchors(*element).is_empty()).collect();
    // A table without a `thead` has its header among the rows.
    let has_header = records.ends_with("tr") && elements.first().is_some_and(|row| anchors(*row).is_empty());
    let records = if has_header { format!("{records} + tr") } else { records };
    let (title, link) = heading(&having)?;
    let mut fields = parts::fields(&having);
    fields.retain(|(field, _)| !matches!(*field, "title" | "external_id" | "url"));
    let cells = columns(&having);
    fields.extend(cells.into_iter().filter(|(field, _)| !matches!(*field, "external_id" | "title" | "url")));
    let mut once = BTreeSet::new();
    fields.retain(|(field, _)| once.insert(*field));
    fields.push(("title", format!("{title:?}")));
    fields.push(("external_id", identity(&having, &link)));
    Some(List { records, fields, link: Some(format!("{link:?}")), count: having.len() })
}

fn anchors(record: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let Ok(anchor) = Selector::parse("a[href]") else { return Vec::new() };
    let itself = anchor.matches(&record).then_some(record);
    itself.into_iter().chain(record.select(&anchor)).collect()
}

/// Returns the selectors of the title and of the link of records.
fn heading(records: &[ElementRef<'_>]) -> Option<(String, String)> {
    let link = best(records, &links(records), |element| {
        let href = element.value().attr("href")?.trim().to_owned();
        (!href.starts_with('#')
            && !href.starts_with("javascript")
            && !href.starts_with("mailto")
            && !href.starts_with("tel"))
        .then_some(href)
    })?;
    let mut titles: Vec<String> = ["h1", "h2", "h3", "h4", "h5"].map(str::to_owned).to_vec();
    titles.extend(links(records));
    titles.extend(titled(records));
    let title = best(records, &titles, |element| {
        let words = text(element);
        (words.chars().filter(|letter| letter.is_alphabetic()).count() > 3).then_some(words)
    })?;
    Some((title, link))
}

/// Returns the first selector that gives most records a value of their own.
pub(super) fn best(
    records: &[ElementRef<'_>],
    selectors: &[String],
    value: impl Fn(ElementRef<'_>) -> Option<String>,
) -> Option<String> {
    let looked = records.len().min(LOOKED_AT);
    let own = |css: &str| {
        let Ok(selector) = Selector::parse(css) else { return 0 };
        let values = records.iter().take(LOOKED_AT).filter_map(|record| first(*record, &selector));
        values.filter_map(&value).collect::<BTreeSet<String>>().len()
    };
    let rated: Vec<(usize, &String)> = selectors.iter().map(|css| (own(css), css)).collect();
    let most = rated.iter().map(|(own, _)| *own).max().filter(|most| 2 * most >= looked && *most > 0)?;
    // Posts may share a title: a heading that most of them have counts before a link that all have.
    rated.into_iter().find(|(own, _)| 10 * own >= 8 * most).map(|(_, css)| css.clone())
}

/// Returns selectors of the links in records: of headings first, then by class, then any.
fn links(records: &[ElementRef<'_>]) -> Vec<String> {
    let mut found: Vec<String> = ["h1 a", "h2 a", "h3 a", "h4 a", "h5 a"].map(str::to_owned).to_vec();
    for anchor in records.iter().take(3).flat_map(|record| anchors(*record)) {
        for class in anchor.value().classes().filter(|class| is_plain(class)) {
            found.push(format!("a.{class}"));
        }
        if let Some(parent) = anchor.parent().and_then(ElementRef::wrap)
            && let Some(class) = parent.value().classes().find(|class| is_plain(class))
        {
            found.push(format!("{}.{class} a", parent.value().name()));
        }
    }
    let titles = |css: &String| {
        usize::from(!["title", "titre", "intitule", "poste"].iter().any(|word| css.contains(word)))
    };
    if let Some(rest) = found.get_mut(5..) {
        rest.sort_by_key(titles);
    }
    found.push("a[href]".to_owned());
    let mut once = BTreeSet::new();
    found.retain(|css| once.insert(css.clone()));
    found
}

/// Returns selectors of elements whose class says that they are the title.
pub(super) fn titled(records: &[ElementRef<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for element in records.iter().take(3).flat_map(|record| record.descendants().filter_map(ElementRef::wrap))
    {
        for class in element.value().classes().filter(|class| is_plain(class)) {
            if ["title", "titre", "intitule", "poste", "name"].iter().any(|word| class.contains(word)) {
                found.push(format!("{}.{class}", element.value().name()));
            }
        }
    }
    found.extend(["strong", "b"].map(str::to_owned));
    found
}

patterns! {
    /// Forms of addresses in which a number identifies a record: a title that is corrected changes the rest of them.
    static LAST_NUMBER: Regex = r"-(\d+)(?:\.[a-z]+)?/?$";
    static LAST_PART: Regex = r"/(\d+)(?:\.[a-z]+)?/?$";
    static FIRST_NUMBER: Regex = r"/(\d+)-[^/]*/?$";
    static PARAMETER: Regex = r"[?&][a-zA-Z_]*(?:id|ID|Id|ref|num|p)=(\d+)";
}

/// Returns the form of an identity: an attribute with one, else a number in the link, else the link.
fn identity(records: &[ElementRef<'_>], link: &str) -> String {
    if let Some(form) = attribute_of(records) {
        return form;
    }
    let Ok(selector) = Selector::parse(link) else { return format!("{{ css = {link:?}, attr = \"href\" }}") };
    let hrefs = records.iter().filter_map(|record| first(*record, &selector)?.value().attr("href"));
    let hrefs: BTreeSet<&str> = hrefs.collect();
    for regex in [&LAST_NUMBER, &LAST_PART, &FIRST_NUMBER, &PARAMETER] {
        let numbers = hrefs.iter().filter_map(|href| Some(regex.captures(href)?.get(1)?.as_str()));
        let numbers: Vec<&str> = numbers.collect();
        let own: BTreeSet<&str> = numbers.iter().copied().collect();
        if numbers.len() == hrefs.len() && own.len() == numbers.len() && own.len() > 1 {
            return format!("{{ css = {link:?}, attr = \"href\", regex = '{}' }}", regex.as_str());
        }
    }
    format!("{{ css = {link:?}, attr = \"href\" }}")
}

/// Returns the form of an attribute that identifies each of the records.
pub(super) fn attribute_of(records: &[ElementRef<'_>]) -> Option<String> {
    let record = records.first()?;
    let named = record.value().attrs().map(|(name, _)| name).filter(|name| {
        let words: Vec<&str> = name.strip_prefix("data-").unwrap_or_default().split('-').collect();
        words
            .iter()
            .any(|word| matches!(*word, "id" | "key" | "ref" | "reference" | "uuid" | "number" | "num"))
    });
    let named: Vec<&str> = named.collect();
    named.into_iter().chain(["id"]).find_map(|attr| {
        let ids: BTreeSet<&str> = records.iter().filter_map(|record| record.value().attr(attr)).collect();
        let is_own = ids.len() == records.len() && records.len() > 1;
        // `id="item-3"` may be the place in the list, which changes with each new record.
        let is_stable =
            attr != "id" || ids.iter().all(|id| id.bytes().filter(u8::is_ascii_digit).count() > 2);
        (is_own && is_stable).then(|| {
            format!("{{ css = {:?}, attr = {attr:?} }}", format!("{}[{attr}]", record.value().name()))
        })
    })
}

/// Returns the forms of the cells of a table, by the names in its header.
pub(super) fn columns(records: &[ElementRef<'_>]) -> Vec<(&'static str, String)> {
    let Some(row) = records.first().filter(|row| row.value().name() == "tr") else { return Vec::new() };
    let table =
        row.ancestors().filter_map(ElementRef::wrap).find(|element| element.value().name() == "table");
    let (Some(table), Ok(heads)) =
        (table, Selector::parse("tr:first-child > th, thead tr > td, tr:first-child > td"))
    else {
        return Vec::new();
    };
    let named = table.select(&heads).enumerate().filter_map(|(at, head)| {
        let css = format!("td:nth-child({})", at + 1);
        let name = text(head);
        let says_type = || {
            let cells = Selector::parse(&css).ok()?;
            let values: Vec<String> =
                records.iter().filter_map(|row| first(*row, &cells)).map(text).collect();
            fits::by_values(&name, values.iter().map(String::as_str))
        };
        let field = names::field_of(&name).map(|(field, _)| field).or_else(says_type)?;
        Some((field, format!("{css:?}")))
    });
    named.collect()
}

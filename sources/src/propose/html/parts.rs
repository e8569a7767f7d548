//! What elements of a page tell by their names and labels.

use std::collections::BTreeSet;

use normalize::text::fold;
use scraper::{ElementRef, Selector};

use super::super::{
    fits,
    names::{Best, field_of},
};

/// Most records, and most elements of one, that are looked at.
pub(super) const LOOKED_AT: usize = 30;
const ELEMENTS: usize = 400;
/// Longest label, in characters.
const LABEL: usize = 40;

/// Returns whether a name can stand in a selector as it is.
pub(super) fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'))
}

/// Returns the text of an element, with single spaces.
pub(super) fn text(element: ElementRef<'_>) -> String {
    let text: String = element.text().flat_map(|part| [part, " "]).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the first element that matches within a record, the record itself included, as a source file finds it.
pub(super) fn first<'h>(record: ElementRef<'h>, css: &Selector) -> Option<ElementRef<'h>> {
    let itself = css.matches(&record).then_some(record);
    itself.into_iter().chain(record.select(css)).next()
}

/// Returns the forms of the fields that elements within these records name: by a class, by microdata, or by a label.
pub(super) fn fields(records: &[ElementRef<'_>]) -> Vec<(&'static str, String)> {
    let mut best = Best::default();
    let mut seen = BTreeSet::new();
    for record in records.iter().take(3) {
        for element in record.descendants().filter_map(ElementRef::wrap).take(ELEMENTS) {
            for (field, likely, form, css, label) in candidates(element) {
                if seen.insert(form.clone()) && is_filled(records, field, &css, label.as_deref()) {
                    best.offer(field, likely, form);
                }
            }
        }
    }
    best.fields()
}

/// A form: its field, its rank, its text, the selector and the label.
type Candidate = (&'static str, usize, String, String, Option<String>);

fn candidates(element: ElementRef<'_>) -> Vec<Candidate> {
    let tag = element.value().name();
    let mut found: Vec<Candidate> = Vec::new();
    if tag == "time" && element.value().attr("datetime").is_some() {
        found.push((
            "posted_at",
            5,
            "{ css = \"time\", attr = \"datetime\" }".to_owned(),
            "time".to_owned(),
            None,
        ));
    }
    for class in element.value().classes().filter(|class| is_plain(class)) {
        let whole = field_of(class);
        // "company-name" is the company.
        let part = || {
            let known: Vec<(&'static str, usize)> = class.split(['-', '_']).filter_map(field_of).collect();
            let best = known.iter().find(|(field, _)| *field != "title").or(known.first())?;
            Some((best.0, best.1 + 30))
        };
        if let Some((field, likely)) =
            whole.or_else(part).filter(|(field, _)| !matches!(*field, "external_id" | "url"))
        {
            let css = format!("{tag}.{class}");
            found.push((field, 10 + likely, format!("{css:?}"), css, None));
        }
    }
    if let Some((label, value)) = label_of(element) {
        let name = label.trim_end_matches([':', ' ']);
        if let Some((field, likely)) = field_of(name) {
            let form = match value {
                Some(value) => format!("{{ css = {tag:?}, label = {name:?}, value = {value:?} }}"),
                None => format!("{{ css = {tag:?}, label = {name:?} }}"),
            };
            found.push((field, likely, form, tag.to_owned(), Some(fold(name))));
        }
    }
    found
}

/// Returns the label of an element, and the selector of the value behind it if no colon tells it: `<tr><th>Lieu</th><td>Douala</td></tr>`.
fn label_of(element: ElementRef<'_>) -> Option<(String, Option<&'static str>)> {
    let tag = element.value().name();
    if !matches!(tag, "li" | "p" | "div" | "tr" | "span" | "dd") {
        return None;
    }
    let whole = text(element);
    if tag == "tr" {
        let mut cells = element.child_elements();
        let (name, value) = (cells.next()?, cells.next()?);
        let is_pair = cells.next().is_none() && value.value().name() == "td";
        let value = if name.value().name() == "th" { "td" } else { "td + td" };
        let label = text(name);
        return (is_pair && label.chars().count() <= LABEL).then_some((label, Some(value)));
    }
    let (label, rest) = whole.split_once(':')?;
    // What holds two labels is not the value of the first.
    let is_one = !rest.contains(": ") && !rest.contains(" :");
    let is_label =
        is_one && label.chars().count() <= LABEL && !rest.trim().is_empty() && rest.chars().count() <= 300;
    is_label.then(|| (label.trim().to_owned(), None))
}

/// Returns whether most of these records have a value there that fits the field.
fn is_filled(records: &[ElementRef<'_>], field: &str, css: &str, label: Option<&str>) -> bool {
    let Ok(selector) = Selector::parse(css) else { return false };
    let looked: Vec<&ElementRef<'_>> = records.iter().take(LOOKED_AT).collect();
    let value = |record: &ElementRef<'_>| match label {
        None if css == "time" => first(*record, &selector)?.value().attr("datetime").map(str::to_owned),
        None => first(*record, &selector).map(text),
        Some(label) => {
            let element =
                record.select(&selector).find(|element| fold(&text(*element)).starts_with(label))?;
            let whole = text(element);
            Some(whole.split_once(':').map_or_else(|| whole.clone(), |(_, rest)| rest.trim().to_owned()))
        }
    };
    let filled =
        looked.iter().filter_map(|record| value(record)).filter(|words| fits::text(field, words)).count();
    2 * filled >= looked.len() && filled > 0
}

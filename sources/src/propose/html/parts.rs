//! What elements of a page tell by their names and labels.

use std::collections::BTreeSet;

use normalize::text::fold;
use scraper::{ElementRef, Selector};

use super::super::{
    fits,
    names::{Best, field_of, known_field},
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
        // The class of the record itself says what it is, and not what a value in it is.
        for element in record.descendants().skip(1).filter_map(ElementRef::wrap).take(ELEMENTS) {
            for found in candidates(element) {
                if seen.insert(found.form.clone()) && is_filled(records, &found) {
                    best.offer(found.field, found.likely, found.form);
                }
            }
        }
    }
    best.fields()
}

/// A form: its field, its rank, its text, and how to see what it gives.
struct Candidate {
    field: &'static str,
    likely: usize,
    form: String,
    css: String,
    see: See,
}

/// Where the value is in the selected element.
enum See {
    Text,
    Attribute(&'static str),
    /// Behind the colon of the element that begins with this label, folded.
    Label(String),
    /// In the element behind the one with this label.
    Beside(String),
}

fn candidates(element: ElementRef<'_>) -> Vec<Candidate> {
    let tag = element.value().name();
    let mut found: Vec<Candidate> = Vec::new();
    if tag == "time" && element.value().attr("datetime").is_some() {
        found.push(attribute("posted_at", 5, "time", "datetime"));
    }
    found.extend(microdata(element));
    for class in element.value().classes().filter(|class| is_plain(class)) {
        let whole = field_of(class);
        // "company-name" is the company.
        let part = || {
            let known: Vec<(&'static str, usize)> = class.split(['-', '_']).filter_map(known_field).collect();
            let best = known.iter().find(|(field, _)| *field != "title").or(known.first())?;
            Some((best.0, best.1 + 30))
        };
        if let Some((field, likely)) =
            whole.or_else(part).filter(|(field, _)| !matches!(*field, "external_id" | "url"))
        {
            let css = format!("{tag}.{class}");
            found.push(Candidate {
                field,
                likely: 10 + likely,
                form: format!("{css:?}"),
                css,
                see: See::Text,
            });
        }
    }
    if let Some((label, value)) = label_of(element) {
        let name = label.trim_end_matches([':', ' ']);
        if let Some((field, likely)) = field_of(name) {
            let form = match value {
                Some(value) => format!("{{ css = {tag:?}, label = {name:?}, value = {value:?} }}"),
                None => format!("{{ css = {tag:?}, label = {name:?} }}"),
            };
            let see = See::Label(fold(name));
            found.push(Candidate { field, likely, form, css: tag.to_owned(), see });
        }
    }
    found.extend(beside(element));
    found
}

fn attribute(field: &'static str, likely: usize, css: &str, attr: &'static str) -> Candidate {
    Candidate {
        field,
        likely,
        form: format!("{{ css = {css:?}, attr = {attr:?} }}"),
        css: css.to_owned(),
        see: See::Attribute(attr),
    }
}

/// Returns what an `itemprop` names: its attribute, where it has one for programs.
fn microdata(element: ElementRef<'_>) -> Option<Candidate> {
    let name = element.value().attr("itemprop").filter(|name| is_plain(name))?;
    let (field, likely) = field_of(name)?;
    // An item within says its parts by names of its own.
    if matches!(field, "external_id" | "url")
        || element.value().attr("itemscope").is_some() && field == "salary"
    {
        return None;
    }
    let css = format!("[itemprop='{name}']");
    let attr = ["content", "datetime"].into_iter().find(|attr| element.value().attr(attr).is_some());
    Some(match attr {
        Some(attr) => attribute(field, likely.min(3), &css, attr),
        None => Candidate { field, likely: likely.min(3), form: format!("{css:?}"), css, see: See::Text },
    })
}

/// Returns the form of a value that stands in the element behind its label: `<dt>Lieu</dt><dd>Douala</dd>`,
/// `<span class="label">Lieu</span><span class="value">Douala</span>`.
fn beside(element: ElementRef<'_>) -> Option<Candidate> {
    let tag = element.value().name();
    if matches!(tag, "td" | "li" | "a" | "p" | "ul" | "section" | "script" | "style" | "option") {
        return None;
    }
    let value = element.next_siblings().find_map(ElementRef::wrap)?;
    let words = text(element);
    let name = words.trim_end_matches([':', ' ']);
    if name.is_empty() || name.chars().count() > LABEL || name.contains(':') || text(value).is_empty() {
        return None;
    }
    let (field, likely) = field_of(name)?;
    // A heading over a paragraph, and a value that is a label again.
    let is_heading = matches!(field, "description" | "title" | "external_id" | "url");
    if tag != "dt" && (is_heading || field_of(&text(value)).is_some()) {
        return None;
    }
    let class = element.value().classes().find(|class| is_plain(class));
    let css = class.map_or_else(|| tag.to_owned(), |class| format!("{tag}.{class}"));
    let next = value.value().name();
    let next = value
        .value()
        .classes()
        .find(|class| is_plain(class))
        .filter(|_| tag != "dt")
        .map_or_else(|| next.to_owned(), |class| format!("{next}.{class}"));
    let form = format!("{{ css = {css:?}, label = {name:?}, value = {:?} }}", format!("+ {next}"));
    Some(Candidate { field, likely: likely + 3, form, css, see: See::Beside(fold(name)) })
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

/// Most of the text of a record that one of its short fields may be.
const SHORT: usize = 120;

/// Returns whether most of these records have a value there that fits the field, and is not the record itself.
fn is_filled(records: &[ElementRef<'_>], found: &Candidate) -> bool {
    let Ok(selector) = Selector::parse(&found.css) else { return false };
    let looked: Vec<&ElementRef<'_>> = records.iter().take(LOOKED_AT).collect();
    let filled = looked.iter().filter_map(|record| value(**record, &selector, &found.see));
    let filled = filled.filter(|words| fits::text(found.field, words) && is_short(found, words)).count();
    2 * filled >= looked.len() && filled > 0 && !is_any(records, found, &selector)
}

/// Returns whether a value is as short as its field is: a class of the layout may hold the whole record.
fn is_short(found: &Candidate, words: &str) -> bool {
    let is_word =
        matches!(found.field, "status" | "sector" | "contract" | "working_time" | "language" | "education");
    !is_word || words.chars().count() <= SHORT
}

/// Returns whether a class stands several times in a record, over different words: it is one of the layout.
fn is_any(records: &[ElementRef<'_>], found: &Candidate, selector: &Selector) -> bool {
    if !matches!(found.see, See::Text) || matches!(found.field, "place" | "contract" | "description") {
        return false;
    }
    let of = |record: &ElementRef<'_>| record.select(selector).map(text).collect::<BTreeSet<String>>().len();
    records.iter().take(3).any(|record| of(record) > 1)
}

fn value(record: ElementRef<'_>, selector: &Selector, see: &See) -> Option<String> {
    match see {
        See::Attribute(attr) => first(record, selector)?.value().attr(attr).map(str::to_owned),
        See::Text => first(record, selector).map(text),
        See::Label(label) => {
            let element = record.select(selector).find(|element| fold(&text(*element)).starts_with(label))?;
            let whole = text(element);
            Some(whole.split_once(':').map_or_else(|| whole.clone(), |(_, rest)| rest.trim().to_owned()))
        }
        See::Beside(label) => {
            let element = record.select(selector).find(|element| fold(&text(*element)) == *label)?;
            element.next_siblings().find_map(ElementRef::wrap).map(text)
        }
    }
}

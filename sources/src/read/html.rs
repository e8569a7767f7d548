//! HTML pages.

mod tree;

use std::{borrow::Cow, cell::RefCell, collections::HashMap, rc::Rc};

use normalize::text::fold;
use scraper::{ElementRef, Html, Node, Selector, node::Element};
use serde::de::IgnoredAny;
use serde_json::Value;
use url::Url;

use super::{
    charset, embedded,
    fields::{Record, Words, first},
    json,
    pass::{Flow, Pass},
};
use crate::{
    Alarm, Page,
    expr::Asked,
    grammar::{Css, Decoder, Get, HtmlRecords, Labelled, Shape},
};

/// Signs of a challenge page, in its title or its markup.
const CHALLENGES: [(&str, &str); 8] = [
    ("<title>just a moment", "Cloudflare"),
    ("<title>attention required! | cloudflare", "Cloudflare"),
    ("cf-challenge", "Cloudflare"),
    ("challenge-platform", "Cloudflare"),
    ("captcha-delivery.com", "DataDome"),
    ("<title>pardon our interruption", "Imperva"),
    ("_incapsula_resource", "Imperva"),
    ("<title>access denied", "access denied"),
];

/// Elements that do not separate words.
const INLINE: [&str; 14] =
    ["a", "b", "em", "font", "i", "mark", "q", "s", "small", "span", "strong", "sub", "sup", "u"];
/// Largest page parsed, in bytes.
const LARGEST: usize = 8 << 20;

/// The most texts joined into one value.
const MANY: usize = 200;

/// An HTML record and its page.
struct Markup<'a> {
    element: ElementRef<'a>,
    whole: &'a Html,
    /// Structured data of the page that was parsed already, by type.
    data: &'a Data,
}

/// Structured data of the page, parsed when a form first needs it.
#[derive(Default)]
struct Data {
    jsonld: RefCell<HashMap<String, Option<Rc<Value>>>>,
    microdata: RefCell<HashMap<String, Option<Rc<Value>>>>,
    notes: RefCell<Vec<String>>,
}

/// Parses a page.
fn parsed(page: &Page<'_>, shape: &Shape) -> Result<Html, Alarm> {
    let text = charset::decode(page.body, page, shape.encoding);
    let begin: String = text.trim_start().chars().take(1).collect();
    if matches!(begin.as_str(), "{" | "[") && serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return Err(Alarm::Unreadable("HTML is promised and JSON came".to_owned()));
    }
    if text.len() > LARGEST {
        return Err(Alarm::Unreadable(format!("it is larger than {LARGEST} bytes")));
    }
    tree::parse(&text).map_err(Alarm::Unreadable)
}

/// Returns whether a page without records is a challenge page.
fn challenge(page: &Page<'_>) -> Option<Alarm> {
    let lower = String::from_utf8_lossy(page.body).to_ascii_lowercase();
    let found = CHALLENGES.iter().find(|(sign, _)| lower.contains(sign));
    found.map(|(_, who)| Alarm::Challenge((*who).to_owned()))
}

/// Passes on the records of a list page, or the one record of a detail page.
pub(super) fn list(records: &HtmlRecords, page: &Page<'_>, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let html = parsed(page, pass.shape)?;
    let mut any = false;
    match records {
        HtmlRecords::Css(css) => {
            let data = Data::default();
            for element in html.select(&css.0) {
                any = true;
                if (Markup { element, whole: &html, data: &data }).tell(pass).is_break() {
                    break;
                }
            }
            pass.note_all(data.notes.into_inner());
        }
        HtmlRecords::JsonLd(kind) => {
            let found = embedded::jsonld(&html, kind);
            any = !found.objects.is_empty();
            pass.note_all(found.mended);
            if found.unreadable > 0 {
                pass.note(format!("{} JSON-LD blocks that are not JSON", found.unreadable));
            }
            let _ = found.objects.into_iter().try_for_each(|object| pass.tree(object));
        }
        HtmlRecords::Script { css, path } => {
            let mut mended = Vec::new();
            let document = html.select(&css.0).find_map(|element| embedded::script(element, &mut mended));
            pass.note_all(mended);
            let Some(document) = document else {
                return Err(challenge(page).unwrap_or_else(|| {
                    Alarm::Unreadable("it has no such script, or no JSON in it".to_owned())
                }));
            };
            return json::of_document(path, &document, pass);
        }
        HtmlRecords::Whole => return whole(&html, page, pass),
    }
    match challenge(page).filter(|_| !any) {
        Some(alarm) => Err(alarm),
        None => Ok(()),
    }
}

/// Passes on the record of a detail page. A page without any of the required fields is not a detail page.
fn whole(html: &Html, page: &Page<'_>, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let data = Data::default();
    let record = Markup { element: html.root_element(), whole: html, data: &data };
    let words = Words::of(pass.fields, &record, pass.url, pass.shape);
    if words.get("title").is_none() && words.get("description").is_none() {
        return Err(challenge(page).unwrap_or_else(|| {
            Alarm::Unreadable("it has neither the title nor the text its spec looks for".to_owned())
        }));
    }
    pass.note_all(data.notes.into_inner());
    let _ = pass.found(words, Value::Null.into(), None);
    Ok(())
}

/// Returns the text of the first element that has one.
pub(super) fn words(css: &Css, page: &Page<'_>, shape: &Shape) -> Option<String> {
    let html = parsed(page, shape).ok()?;
    html.select(&css.0).map(text).find(|words| !words.is_empty())
}

/// Returns the address that a page names as the one its relative links start from.
pub(super) fn base(page: &Page<'_>, shape: &Shape, address: &Url) -> Option<Url> {
    let Decoder::Html(_) = shape.decoder else { return None };
    // The page is parsed once more where it has such an element at all.
    let is_named = |text: &str| text.as_bytes().windows(5).any(|tag| tag.eq_ignore_ascii_case(b"<base"));
    let body = super::unpacked(page.body).ok()?;
    let page = &Page { body: &body, ..*page };
    if !is_named(&charset::decode(page.body, page, shape.encoding)) {
        return None;
    }
    let html = parsed(page, shape).ok()?;
    let bases = Selector::parse("base[href]").ok()?;
    let href = html.select(&bases).next()?.value().attr("href")?;
    super::absolute(address, href)
}

/// Returns the link to the next page.
pub(super) fn next_link(css: &Css, page: &Page<'_>, shape: &Shape) -> Option<String> {
    let html = parsed(page, shape).ok()?;
    let link = html.select(&css.0).find_map(|element| element.value().attr("href").map(str::to_owned));
    link.filter(|link| !link.trim().is_empty())
}

impl Record for Markup<'_> {
    fn value(&self, get: &Get, asked: Asked) -> Result<Option<Cow<'_, str>>, String> {
        let found = match get {
            Get::Css { css, attr, html, join } => self.css(&css.0, attr.as_deref(), *html, join.as_deref()),
            Get::Label { css, label, value } => self.labelled(&css.0, label, value.as_ref()),
            Get::JsonLd { kind, expr } => match self.jsonld(kind) {
                Some(posting) => expr.words(&posting, asked)?,
                None => None,
            },
            Get::Microdata { kind, expr } => match self.microdata(kind) {
                Some(posting) => expr.words(&posting, asked)?,
                None => None,
            },
            _ => None,
        };
        Ok(found.filter(|words| !words.trim().is_empty()).map(Cow::Owned))
    }
}

impl Markup<'_> {
    fn tell(&self, pass: &mut Pass<'_>) -> Flow {
        let words = Words::of(pass.fields, self, pass.url, pass.shape);
        let link = pass.link.and_then(|forms| first(forms, self, pass.url));
        let record = words.to_json().into();
        pass.found(words, record, link)
    }

    /// Returns the first JSON-LD object of a type.
    fn jsonld(&self, kind: &str) -> Option<Rc<Value>> {
        if let Some(known) = self.data.jsonld.borrow().get(kind) {
            return known.clone();
        }
        let found = embedded::jsonld(self.whole, kind);
        let mut notes = self.data.notes.borrow_mut();
        notes.extend(found.mended);
        if found.unreadable > 0 {
            notes.push("JSON-LD that is not JSON".to_owned());
        }
        let first = found.objects.into_iter().next().map(Rc::new);
        self.data.jsonld.borrow_mut().insert(kind.to_owned(), first.clone());
        first
    }

    /// Returns the first microdata item of a type.
    fn microdata(&self, kind: &str) -> Option<Rc<Value>> {
        if let Some(known) = self.data.microdata.borrow().get(kind) {
            return known.clone();
        }
        let found = embedded::microdata(self.whole, kind).map(Rc::new);
        self.data.microdata.borrow_mut().insert(kind.to_owned(), found.clone());
        found
    }

    fn css(&self, css: &Selector, attr: Option<&str>, html: bool, join: Option<&str>) -> Option<String> {
        let read = |element: ElementRef<'_>| match attr {
            Some(name) => element.value().attr(name).map(str::to_owned),
            None if html => Some(element.inner_html()),
            None => Some(text(element)),
        };
        // The element of the record itself may match ("data-href" of the card).
        let itself = css.matches(&self.element).then_some(self.element);
        let mut all = itself
            .into_iter()
            .chain(self.element.select(css))
            .filter_map(read)
            .filter(|words| !words.trim().is_empty());
        match join {
            None => all.next(),
            Some(mark) => {
                let all: Vec<String> = all.take(MANY).collect();
                (!all.is_empty()).then(|| all.join(mark))
            }
        }
    }

    /// "Contrat proposé : <strong>CDI</strong>": finds the element whose folded text begins with the label.
    fn labelled(&self, css: &Selector, label: &str, value: Option<&Labelled>) -> Option<String> {
        let mut labels = self.element.select(css).filter(|element| begins(&text(*element), label));
        let element = match value {
            Some(Labelled::Within(value)) => {
                return labels.next()?.select(&value.0).map(text).find(|words| !words.is_empty());
            }
            // The label stands alone: "Date" is not "Date limite".
            Some(Labelled::Beside(value)) => {
                let label = labels.find(|element| fold(&text(*element)) == label)?;
                let beside = label.next_siblings().find_map(ElementRef::wrap)?;
                return Some(text(beside)).filter(|words| !words.is_empty() && value.0.matches(&beside));
            }
            None => labels.next()?,
        };
        let all = text(element);
        let (_, rest) = all.split_once(':')?;
        Some(rest.trim().to_owned())
    }
}

/// Returns whether the folded text begins with the label. Folds only as much text as needed.
fn begins(text: &str, label: &str) -> bool {
    let enough =
        text.char_indices().nth(2 * label.len() + 16).map_or(text, |(at, _)| text.get(..at).unwrap_or(text));
    fold(enough).starts_with(label)
}

/// Returns the text of an element with single spaces, without scripts and styles.
fn text(element: ElementRef<'_>) -> String {
    let mut words = String::new();
    for node in element.descendants() {
        let silent = |above: &Element| matches!(above.name(), "script" | "style" | "noscript" | "template");
        let is_silent = node.parent().and_then(|parent| parent.value().as_element().map(silent));
        match node.value() {
            Node::Text(text) if is_silent != Some(true) => words.push_str(text),
            // A line break or a block separates words; an inline tag inside a word does not.
            Node::Element(element) if !INLINE.contains(&element.name()) => words.push(' '),
            _ => (),
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

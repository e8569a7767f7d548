//! HTML pages.

use opportunity::text::fold;
use scraper::{ElementRef, Html, Node, Selector, node::Element};
use serde_json::Value;

use super::{Found, Words, charset, fields::matched, jsonld};
use crate::{
    Alarm, Page,
    grammar::{Css, Fields, Form, Get},
};

/// Signs of a page that asks whether we are human, in its title or its markup.
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
/// Elements whose end tag is left out as often as not, or that have none.
const UNCLOSED: [&str; 26] = [
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option",
    "p", "param", "path", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track", "wbr",
];
/// Depth of a page at most: the parser looks at all open elements for each tag, so nested ones cost the square of
/// their number.
const DEEPEST: usize = 400;
/// Largest page parsed, in bytes.
const LARGEST: usize = 8 << 20;

/// Texts joined into one value at most.
const MANY: usize = 200;

/// An HTML record and what surrounds it.
struct Record<'a> {
    element: ElementRef<'a>,
    posting: Option<&'a Value>,
    page: &'a Page<'a>,
}

fn parsed(page: &Page<'_>) -> Result<Html, Alarm> {
    let text = charset::decode(page);
    let begin: String = text.trim_start().chars().take(1).collect();
    if matches!(begin.as_str(), "{" | "[") && serde_json::from_str::<Value>(&text).is_ok() {
        return Err(Alarm::Unreadable("HTML is promised and JSON came".to_owned()));
    }
    if text.len() > LARGEST || depth(&text) > DEEPEST {
        let why = format!("it is larger than {LARGEST} bytes or nested deeper than {DEEPEST} elements");
        return Err(Alarm::Unreadable(why));
    }
    Ok(Html::parse_document(&text))
}

/// How deep a page is nested at most, by its tags.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for tag in text.split('<').skip(1) {
        let (closes, name) = tag.strip_prefix('/').map_or((false, tag), |rest| (true, rest));
        let name: String = name.chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
        let name = name.to_ascii_lowercase();
        if name.is_empty() || UNCLOSED.contains(&name.as_str()) {
            continue;
        }
        if closes {
            open = open.saturating_sub(1);
        } else if !tag.split('>').next().is_some_and(|tag| tag.ends_with('/')) {
            open += 1;
            deepest = deepest.max(open);
        }
    }
    deepest
}

/// Whether a page without records asks whether we are human.
fn challenge(page: &Page<'_>) -> Option<Alarm> {
    let lower = charset::decode(page).to_ascii_lowercase();
    let found = CHALLENGES.iter().find(|(sign, _)| lower.contains(sign));
    found.map(|(_, who)| Alarm::Challenge((*who).to_owned()))
}

/// The records of a list page.
pub(super) fn list(
    records: &Css,
    fields: &Fields,
    link: Option<&[Form]>,
    page: &Page<'_>,
) -> Result<Vec<Found>, Alarm> {
    let html = parsed(page)?;
    let read = |element: ElementRef<'_>| {
        let record = Record { element, posting: None, page };
        let words = record.words(fields);
        let link = link.and_then(|forms| forms.iter().find_map(|form| record.one(form)));
        Found { record: words.to_json(), words, link }
    };
    let found: Vec<Found> = html.select(&records.0).take(super::MOST + 1).map(read).collect();
    match challenge(page).filter(|_| found.is_empty()) {
        Some(alarm) => Err(alarm),
        None => Ok(found),
    }
}

/// The record of a detail page. A page with nothing of what is asked for is not one.
pub(super) fn detail(fields: &Fields, page: &Page<'_>) -> Result<Found, Alarm> {
    let html = parsed(page)?;
    let posting = jsonld::job_posting(&html);
    let record = Record { element: html.root_element(), posting: posting.as_ref(), page };
    let words = record.words(fields);
    if words.get("title").is_none() && words.get("description").is_none() {
        return Err(challenge(page).unwrap_or_else(|| {
            Alarm::Unreadable("it has neither the title nor the text its spec looks for".to_owned())
        }));
    }
    Ok(Found { record: Value::Null, words, link: None })
}

/// Where the next page is linked.
pub(super) fn next_link(css: &Css, page: &Page<'_>) -> Option<String> {
    let html = parsed(page).ok()?;
    let link = html.select(&css.0).find_map(|element| element.value().attr("href").map(str::to_owned));
    link.filter(|link| !link.trim().is_empty())
}

impl Record<'_> {
    fn words(&self, fields: &Fields) -> Words {
        let mut words = Words::default();
        for (field, forms) in fields {
            words.set(field, forms.iter().find_map(|form| self.one(form)));
        }
        words
    }

    fn one(&self, form: &Form) -> Option<String> {
        let found = match &form.get {
            Get::Css { css, attr, html, join } => self.css(&css.0, attr.as_deref(), *html, join.as_deref()),
            Get::Label { css, label, value } => self.labelled(&css.0, label, value.as_ref()),
            Get::JsonLd(expr) => self.posting.and_then(|posting| expr.words(posting).ok().flatten()),
            Get::Fixed(text) => Some(text.clone()),
            Get::PageUrl => Some(self.page.url.to_string()),
            Get::Json(_) => None,
        };
        matched(form.regex.as_ref(), found).filter(|words| !words.trim().is_empty())
    }

    fn css(&self, css: &Selector, attr: Option<&str>, html: bool, join: Option<&str>) -> Option<String> {
        let read = |element: ElementRef<'_>| match attr {
            Some(name) => element.value().attr(name).map(str::to_owned),
            None if html => Some(element.inner_html()),
            None => Some(text(element)),
        };
        // The record itself may be what is looked for ("data-href" of the card).
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

    /// "Contrat proposé : <strong>CDI</strong>": the element whose folded text begins with the label.
    fn labelled(&self, css: &Selector, label: &str, value: Option<&Css>) -> Option<String> {
        let element = self.element.select(css).find(|element| fold(&text(*element)).starts_with(label))?;
        if let Some(value) = value {
            return element.select(&value.0).map(text).find(|words| !words.is_empty());
        }
        let all = text(element);
        let (_, rest) = all.split_once(':')?;
        Some(rest.trim().to_owned())
    }
}

/// The text of an element, white space folded, without what scripts and styles hold.
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

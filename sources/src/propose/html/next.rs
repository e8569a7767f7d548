//! How a list of HTML continues.

use normalize::text::fold;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::{
    super::paging::NUMBERS,
    parts::{is_plain, text},
};

/// Words of a link to the next page, folded.
const WORDS: [&str; 10] = [
    "suivant",
    "suivante",
    "page suivante",
    "next",
    "next page",
    "plus d offres",
    "older",
    "older posts",
    "voir plus",
    "offres suivantes",
];
/// Signs of one.
const SIGNS: [&str; 5] = ["›", "»", ">", "→", ">>"];
/// Parts of a class or label that say "next".
const NEXT: [&str; 7] = ["next", "suiv", "suivant", "suivante", "older", "forward", "arrow-right"];
/// Classes of the page that is shown.
const CURRENT: [&str; 5] = ["current", "active", "selected", "is-active", "actif"];

/// Returns the line of a source file that says how the list continues.
pub(super) fn pages(html: &Html, url: &Url) -> Option<String> {
    if let Some(link) = next_link(html) {
        return Some(format!("pages = {{ kind = \"next_link\", link = {link:?} }}"));
    }
    numbered(html, url).or_else(|| {
        let link = behind_current(html)?;
        Some(format!("pages = {{ kind = \"next_link\", link = {link:?} }}"))
    })
}

fn next_link(html: &Html) -> Option<String> {
    for css in ["link[rel~='next'][href]", "a[rel~='next'][href]"] {
        if Selector::parse(css).is_ok_and(|selector| html.select(&selector).next().is_some()) {
            return Some(css.replace("[href]", ""));
        }
    }
    let anchors = Selector::parse("body a[href]").ok()?;
    let next = html.select(&anchors).find(|anchor| is_next(*anchor))?;
    // Only a selector that finds this link alone: the one to the page before often looks alike.
    selectors(next).into_iter().find(|css| is_alone(html, css, next))
}

fn is_alone(html: &Html, css: &str, next: ElementRef<'_>) -> bool {
    Selector::parse(css).is_ok_and(|selector| {
        let mut found = html.select(&selector);
        found.next() == Some(next)
            && found.all(|other| other.value().attr("href") == next.value().attr("href"))
    })
}

/// Returns a selector of the link behind the page that is shown: on the last page there is none.
fn behind_current(html: &Html) -> Option<String> {
    let anchors = Selector::parse("body a[href]").ok()?;
    for class in CURRENT {
        for tag in ["span", "strong", "b", "em", "a", "li"] {
            for css in [format!("{tag}.{class} + a"), format!("{tag}.{class} + li > a")] {
                let Ok(selector) = Selector::parse(&css) else { continue };
                let found: Vec<ElementRef<'_>> = html.select(&selector).collect();
                let is_second = |anchor: &ElementRef<'_>| anchors.matches(anchor) && text(*anchor) == "2";
                if let [one] = found.as_slice()
                    && is_second(one)
                {
                    return Some(css);
                }
            }
        }
    }
    None
}

fn is_next(anchor: ElementRef<'_>) -> bool {
    let href = anchor.value().attr("href").unwrap_or_default();
    if href.trim().is_empty() || href.starts_with('#') || href.starts_with("javascript") {
        return false;
    }
    let words = text(anchor);
    let label = anchor.value().attr("aria-label").or(anchor.value().attr("title")).unwrap_or_default();
    let says = |words: &str| WORDS.contains(&fold(words).as_str());
    let bare = words.trim_matches(|letter: char| !letter.is_alphanumeric());
    says(bare) || says(label) || SIGNS.contains(&words.trim())
}

/// Returns selectors of a link that say "next" themselves. By its place alone the same selector finds the link to the page
/// before, on the last page.
fn selectors(anchor: ElementRef<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let says = |name: &str| {
        let name = name.to_ascii_lowercase();
        NEXT.iter().any(|word| name.split(['-', '_']).any(|part| part == *word))
            || name.contains("next")
            || name.contains("suiv")
    };
    let classes = |element: ElementRef<'_>| -> Vec<String> {
        element.value().classes().filter(|class| is_plain(class) && says(class)).map(str::to_owned).collect()
    };
    found.extend(classes(anchor).into_iter().map(|class| format!("a.{class}")));
    if let Some(id) = anchor.value().id().filter(|id| is_plain(id) && says(id)) {
        found.push(format!("a#{id}"));
    }
    for above in anchor.ancestors().filter_map(ElementRef::wrap).take(2) {
        let tag = above.value().name();
        found.extend(classes(above).into_iter().map(|class| format!("{tag}.{class} a")));
    }
    for within in anchor.descendants().skip(1).filter_map(ElementRef::wrap).take(4) {
        let tag = within.value().name();
        found.extend(classes(within).into_iter().map(|class| format!("a:has({tag}.{class})")));
    }
    for attr in ["aria-label", "title"] {
        let label = anchor.value().attr(attr).filter(|label| !label.contains(['\'', '"']));
        if let Some(label) = label.filter(|label| WORDS.contains(&fold(label).as_str())) {
            found.push(format!("a[{attr}='{label}']"));
        }
    }
    found
}

/// Returns numbered pages, by a link to the second one: its text is 2, or it says "next". The first may be 0 or 1.
fn numbered(html: &Html, url: &Url) -> Option<String> {
    let anchors = Selector::parse("body a[href]").ok()?;
    let asked = |name: &str| {
        let found = url.query_pairs().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.parse::<u64>().ok())
    };
    for anchor in html.select(&anchors) {
        let Some(to) = anchor.value().attr("href").and_then(|href| url.join(href).ok()) else { continue };
        if to.path() != url.path() {
            continue;
        }
        let is_second = text(anchor) == "2" || is_next(anchor);
        let named = to.query_pairs().find_map(|(name, value)| {
            let value = value.parse::<u64>().ok().filter(|_| NUMBERS.contains(&&*name.to_lowercase()))?;
            let is_it = value == 2 || value == 1 && is_second && asked(&name) != Some(1);
            is_it.then(|| (name.into_owned(), value))
        });
        if let Some((name, value)) = named {
            let first =
                asked(&name).filter(|first| *first <= 1).unwrap_or(if is_second { value - 1 } else { 1 });
            return Some(format!("pages = {{ kind = \"number\", param = {name:?}, first = {first} }}"));
        }
    }
    None
}

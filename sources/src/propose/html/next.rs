//! How a list of HTML continues.

use normalize::text::fold;
use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::parts::{is_plain, text};

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
/// Parameters that number pages.
const PARAMS: [&str; 8] = ["page", "p", "pg", "paged", "pagina", "page_num", "pageno", "num_page"];

/// Returns the line of a source file that says how the list continues.
pub(super) fn pages(html: &Html, url: &Url) -> Option<String> {
    if let Some(link) = next_link(html) {
        return Some(format!("pages = {{ kind = \"next_link\", link = {link:?} }}"));
    }
    numbered(html, url)
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
    selectors(next).into_iter().find(|css| {
        Selector::parse(css).is_ok_and(|selector| {
            let mut found = html.select(&selector);
            found.next() == Some(next)
                && found.all(|other| other.value().attr("href") == next.value().attr("href"))
        })
    })
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

/// Returns selectors of a link: by its own class, by that of its parent, by its label.
fn selectors(anchor: ElementRef<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let classes = |element: ElementRef<'_>| -> Vec<String> {
        element.value().classes().filter(|class| is_plain(class)).map(str::to_owned).collect()
    };
    found.extend(classes(anchor).into_iter().map(|class| format!("a.{class}")));
    if let Some(id) = anchor.value().id().filter(|id| is_plain(id)) {
        found.push(format!("a#{id}"));
    }
    for above in anchor.ancestors().filter_map(ElementRef::wrap).take(2) {
        let tag = above.value().name();
        found.extend(classes(above).into_iter().flat_map(|class| {
            [
                format!("{tag}.{class} a"),
                format!("{tag}.{class} a:last-child"),
                format!("{tag}.{class} > li:last-child > a"),
            ]
        }));
    }
    for attr in ["aria-label", "title"] {
        if let Some(label) = anchor.value().attr(attr).filter(|label| !label.contains(['\'', '"'])) {
            found.push(format!("a[{attr}='{label}']"));
        }
    }
    found
}

/// Returns numbered pages, by a link to the second one.
fn numbered(html: &Html, url: &Url) -> Option<String> {
    let anchors = Selector::parse("body a[href]").ok()?;
    for anchor in html.select(&anchors) {
        let Some(to) = anchor.value().attr("href").and_then(|href| url.join(href).ok()) else { continue };
        if to.path() != url.path() {
            continue;
        }
        let named = to.query_pairs().find(|(name, value)| PARAMS.contains(&&**name) && value == "2");
        if let Some((name, _)) = named {
            return Some(format!("pages = {{ kind = \"number\", param = {:?}, first = 1 }}", &*name));
        }
    }
    None
}

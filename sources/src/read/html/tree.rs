//! The tree of an HTML page, in bounded time and memory.
//!
//! The parser follows the rules of browsers, and these can be made to take long: it looks through all open elements at each
//! tag, through all attributes of a tag at each attribute, and opens elements that were never closed again in each paragraph.

use html5ever::{
    ParseOpts, parse_document,
    tendril::{StrTendril, TendrilSink as _},
};
use normalize::patterns;
use regex::Regex;
use scraper::{Html, HtmlTreeSink};

/// Deepest nesting of a page.
const DEEPEST: usize = 400;
/// Most nodes of a page: about 100 MB.
const MOST_NODES: usize = 400_000;
/// Bytes that are parsed between two looks at the tree. Few, because each tag may open every element again that is open.
const STEP: usize = 512;
/// Most pairs of attributes that are compared, about two seconds.
const MOST_PAIRS: u64 = 1_000_000_000;

patterns! {
    /// Elements whose content is text to the parser.
    static RAW: Regex = r"(?is)<(?:script\b.*?(?:</script|\z)|style\b.*?(?:</style|\z)|title\b.*?(?:</title|\z)|textarea\b.*?(?:</textarea|\z)|!--.*?(?:-->|\z))";
}

/// Parses a page; `Err`: why it is refused.
pub(super) fn parse(text: &str) -> Result<Html, String> {
    // A page may have quotes and tags where the parser sees none, as in a script, and the other way round: each way counts.
    let markup = RAW.replace_all(text, "<");
    if pairs(text, true).max(pairs(text, false)).max(pairs(&markup, true)) > MOST_PAIRS {
        return Err("its tags have too many attributes".to_owned());
    }
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let end = (STEP.min(rest.len())..=rest.len()).find(|end| rest.is_char_boundary(*end));
        let (step, after) = rest.split_at(end.unwrap_or(rest.len()));
        parser.process(StrTendril::from_slice(step));
        rest = after;
        let html = parser.tokenizer.sink.sink.0.borrow();
        let nodes = html.tree.nodes();
        if nodes.len() > MOST_NODES {
            return Err(format!("it has more than {MOST_NODES} elements and texts"));
        }
        // The newest node stands in the innermost open element, or near it.
        if nodes.rev().take(8).any(|node| node.ancestors().nth(DEEPEST).is_some()) {
            return Err(format!("it is nested deeper than {DEEPEST} elements"));
        }
    }
    Ok(parser.finish())
}

/// How many pairs of attributes the tags of a text have: each attribute is compared with those before it.
fn pairs(text: &str, has_quotes: bool) -> u64 {
    let mut sum: u64 = 0;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let begins = bytes.peek().is_some_and(|next| next.is_ascii_alphabetic() || *next == b'/');
        if byte != b'<' || !begins {
            continue;
        }
        let (mut attributes, mut between, mut quote, mut is_value) = (0_u64, false, None, false);
        for byte in bytes.by_ref() {
            match byte {
                _ if quote == Some(byte) => (quote, between) = (None, true),
                _ if quote.is_some() => (),
                b'>' => break,
                b'"' | b'\'' if has_quotes && is_value => (quote, is_value) = (Some(byte), false),
                b' ' | b'\t' | b'\n' | b'\r' | 0xC | b'/' | b'"' | b'\'' => between = !is_value,
                b'=' => (between, is_value) = (false, true),
                _ => {
                    attributes += u64::from(std::mem::take(&mut between));
                    is_value = false;
                }
            }
        }
        sum = sum.saturating_add(attributes.saturating_mul(attributes) / 2);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_the_same_tree_in_steps() {
        let page = format!(
            "<title>é</title><p a='1' b>{}<b>x</b>",
            "Offre d’emploi à Yaoundé &amp; Douala. ".repeat(100)
        );
        assert_eq!(parse(&page).unwrap().html(), Html::parse_document(&page).html());
    }

    #[test]
    fn attributes_are_counted_however_they_are_written() {
        let named = |form: &dyn Fn(usize) -> String| (0..300_000).map(form).collect::<String>();
        for (kind, attributes) in [
            ("bare", named(&|n| format!(" a{n}"))),
            ("equal", named(&|_| " a".to_owned())),
            ("values", named(&|n| format!(" a{n}=1"))),
            ("quoted", named(&|n| format!(" a{n}=\">\""))),
            ("single quotes", named(&|n| format!(" a{n}='>' "))),
            ("slashes", named(&|n| format!("/a{n}"))),
            ("lines", named(&|n| format!("\n<a{n}"))),
            ("no space", named(&|n| format!("a{n}=\"1\""))),
        ] {
            for page in [
                format!("<p {attributes}>x"),
                format!("<P a='\"' {attributes}>"),
                format!("<p x' y=\">\" {attributes}>"),
                format!("</p {attributes}>"),
                format!("<script>a<b c=\"</script><p {attributes}>"),
            ] {
                assert!(parse(&page).is_err(), "{kind}: {}", page.get(..40).unwrap());
            }
        }
        let many = format!("<p {}>x</p>", named(&|n| format!(" a{n}")).get(..6_000).unwrap()).repeat(300);
        assert!(parse(&many).is_ok());
        assert!(parse(&many.repeat(40)).is_err(), "what many tags have is added up");
    }

    #[test]
    fn trees_that_grow_are_refused() {
        let numbered =
            |part: &str| (0..60_000).map(|n| part.replace('#', &n.to_string())).collect::<String>();
        for (kind, page) in [
            ("deep", numbered("<div>")),
            ("deep, with end tags of others", numbered("<div></x>")),
            ("formats", numbered("<p><b id=#>")),
            ("formats that are closed elsewhere", numbered("<b id=#><table><td></b></table>")),
            ("formats in paragraphs", numbered("<font color=#></p>")),
            ("nodes", "<b>x</b>".repeat(300_000)),
            ("tables", numbered("<table><td>")),
            ("lists", numbered("<ul><li>")),
            ("templates", numbered("<template>")),
        ] {
            assert!(parse(&page).is_err(), "{kind}");
        }
    }
}

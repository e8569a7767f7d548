//! What a crawl needs from a list page: its elements, totals and links.

use std::ops::ControlFlow;

use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    MOST, STREAMED, absolute, charset, decode, decode_stream, html, json, link_of,
    pass::{Found, Pass},
    unpacked, xml,
};
use crate::{
    Alarm, Page, Stream,
    expr::{Asked, Expr},
    grammar::{Decoder, Fields, OnPage, Pages},
};

/// Returns the elements of a list page, in order, each as the first 64 bits of a digest of its identity. Elements that
/// `where` skips are included, and an element that `expand` turns into several records counts once, because a total
/// counts elements.
pub(crate) fn elements(stream: &Stream, page: &Page<'_>) -> Result<Vec<i64>, Alarm> {
    if page.status == 204 {
        return Ok(Vec::new());
    }
    let base = base(stream, page);
    let identity: Fields =
        stream.shape.fields.iter().filter(|(name, _)| *name == "external_id").cloned().collect();
    let mut shown: Vec<i64> = Vec::new();
    let mut digest = Sha256::new();
    let mut element = 0;
    let mut sink = |found: Found| {
        if found.element != element && element != 0 {
            shown.push(begin_of(&std::mem::take(&mut digest).finalize()));
        }
        element = found.element;
        identify(&mut digest, found, &base);
        if shown.len() > MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let address = page.address();
    let pass = Pass::new(&stream.shape, &identity, link_of(stream, page), &address, &mut sink);
    let mut pass = pass.keeping_all();
    if page.body.len() > STREAMED && !asks_document(stream) {
        // The elements of a page that is streamed later are counted as a stream, too.
        decode_stream(page, &mut &*page.body, &mut pass)?;
    } else {
        decode(page, &mut pass)?;
    }
    if element != 0 {
        shown.push(begin_of(&digest.finalize()));
    }
    Ok(shown)
}

/// Returns whether the crawl looks for something on the page as a whole: a total, a cursor, a link. Then a page that is too
/// heavy to be held as a whole is unreadable, because a link that is not seen would look like the end of the list.
fn asks_document(stream: &Stream) -> bool {
    let pages = &stream.pages;
    let is_linked = matches!(
        pages,
        Pages::Cursor { .. } | Pages::NextLink { .. } | Pages::Number { next: Some(_), .. } | Pages::Sitemap
    );
    is_linked || stream.total.is_some()
}

/// Returns the address that relative links of a list page start from.
fn base(stream: &Stream, page: &Page<'_>) -> Url {
    let address = page.address();
    html::base(page, &stream.shape, &address).unwrap_or_else(|| address.into_owned())
}

/// Adds the identity of a record: its identifier, otherwise its link, otherwise all of it.
fn identify(digest: &mut Sha256, found: Found, base: &Url) {
    let link = || found.link.as_deref().and_then(|link| absolute(base, link)).map(String::from);
    match found.words.get("external_id").map(str::to_owned).or_else(link) {
        Some(known) => digest.update(known),
        None => digest.update(found.record.into_json().to_string()),
    }
    digest.update([0]);
}

/// Returns the first 64 bits of a digest.
fn begin_of(digest: &[u8]) -> i64 {
    digest.iter().take(8).fold(0, |begin, byte| (begin << 8) | i64::from(*byte))
}

/// Returns whether an HTML page has its end tag; `None` for other formats, whose decoders notice by themselves.
pub(crate) fn has_end_tag(stream: &Stream, page: &Page<'_>) -> Option<bool> {
    if !matches!(stream.shape.decoder, Decoder::Html(_)) {
        return None;
    }
    let body = unpacked(page.body).ok()?;
    Some(body.windows(6).rev().any(|tag| tag.eq_ignore_ascii_case(b"</html")))
}

/// Returns the address of the next page, if the page links to it.
pub(crate) fn next_link(link: &OnPage, stream: &Stream, page: &Page<'_>) -> Option<Url> {
    let to = match link {
        OnPage::Css(css) => html::next_link(css, page, &stream.shape)?,
        OnPage::Path(expr) => words_of(expr, stream, page)?,
    };
    absolute(&base(stream, page), &to)
}

/// Returns the text at a place on a page.
pub(crate) fn words_at(at: &OnPage, stream: &Stream, page: &Page<'_>) -> Option<String> {
    match at {
        OnPage::Css(css) => html::words(css, page, &stream.shape),
        OnPage::Path(expr) => words_of(expr, stream, page),
    }
}

/// Returns what a path gives on the whole of a JSON or XML page.
pub(crate) fn words_of(expr: &Expr, stream: &Stream, page: &Page<'_>) -> Option<String> {
    let document = document(stream, page)?;
    expr.words(&document, Asked::First).ok()?
}

fn document(stream: &Stream, page: &Page<'_>) -> Option<Value> {
    let body = unpacked(page.body).ok()?;
    let encoding = stream.shape.encoding;
    let text = charset::decode(&body, page, encoding);
    if matches!(stream.shape.decoder, Decoder::Xml(_)) {
        return xml::document(text.trim_start().as_bytes()).ok();
    }
    json::document(page, &text).ok().map(|(document, _)| document)
}

/// Returns the addresses of further sitemaps in an index.
pub(crate) fn sitemaps(stream: &Stream, page: &Page<'_>) -> Vec<Url> {
    let Some(document) = document(stream, page) else { return Vec::new() };
    let Some(path) = crate::expr::Path::read(".sitemapindex.sitemap[].loc") else { return Vec::new() };
    let address = page.address();
    let words = path.all(&document).into_iter().filter_map(Value::as_str);
    words.filter_map(|link| absolute(&address, link)).collect()
}

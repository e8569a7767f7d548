//! Parses pages.
//!
//! A decoder (`json`, `xml`, `table`, `html`) turns bytes into records. A [`Pass`] extracts our fields, and the
//! [`Classifier`] makes drafts, detail pages to fetch, and rejections.

mod charset;
mod classify;
mod descend;
mod elsewhere;
mod embedded;
mod fields;
mod guard;
mod html;
mod json;
mod list;
mod pass;
mod repair;
mod table;
mod tidy;
mod weight;
mod xml;

use std::{
    borrow::Cow,
    io::{BufRead, BufReader, Read},
    ops::ControlFlow,
};

use flate2::bufread::MultiGzDecoder;
use serde_json::Value;
use url::Url;

use crate::{
    Alarm, Page, Reading, Role, Spec, Stream,
    grammar::{Decoder, Form, Pages, Shape},
};
use classify::Classifier;
pub(crate) use list::{elements, has_end_tag, next_link, sitemaps, words_at, words_of};
use pass::{Found, Pass};

/// The most records of one page, unless the page is streamed.
const MOST: usize = 50_000;
/// Largest page held in memory, unpacked, in bytes.
const LARGEST: usize = 64 << 20;
/// A page of more bytes is streamed where its format allows it.
pub(crate) const STREAMED: usize = 4 << 20;

/// Returns the shape that a page is parsed by.
fn shape_of<'s>(stream: &'s Stream, page: &Page<'_>) -> Result<&'s Shape, Alarm> {
    match page.role {
        Role::List => Ok(&stream.shape),
        Role::File => Ok(stream.file.as_ref().unwrap_or(&stream.shape)),
        Role::Detail => match &stream.detail {
            Some(detail) => Ok(&detail.shape),
            None => Err(Alarm::Unreadable("its spec has no detail page".to_owned())),
        },
    }
}

/// Returns the forms of the links to detail pages.
fn link_of<'s>(stream: &'s Stream, page: &Page<'_>) -> Option<&'s [Form]> {
    let detail = stream.detail.as_ref().filter(|_| page.role == Role::List)?;
    Some(detail.link.as_slice())
}

/// Parses a page that is in memory.
pub(crate) fn read(spec: &Spec, stream: &Stream, page: &Page<'_>) -> Reading {
    if page.status == 204 {
        return Reading::default();
    }
    let (base, address) = (base(spec, stream, page), page.address());
    let mut classifier = Classifier::new(spec, stream, page, &base);
    let mut count = 0;
    let mut sink = |found: Found| {
        count += 1;
        classifier.take(found);
        if count > MOST { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let ended = shape_of(stream, page).and_then(|shape| {
        let mut pass = Pass::new(shape, &shape.fields, link_of(stream, page), &address, &mut sink);
        pass.doubt_all(only_a_part(stream, page));
        decode(page, &mut pass)?;
        // A list may be empty. A list whose elements all have other names is another list.
        if pass.seen() == 0 && lacks_elements(stream, page) {
            return Err(Alarm::NoRecords);
        }
        Ok((pass.doubted(), pass.notes()))
    });
    let alarm = match ended {
        Err(alarm) => Some(alarm),
        Ok(_) if count > MOST => Some(Alarm::Unreadable(format!("it has more than {MOST} records"))),
        Ok(_) if count == 0 && misses_records(stream, page) => Some(Alarm::NoRecords),
        Ok((alarm, notes)) => return Reading { alarm, notes, ..classifier.end() },
    };
    // Another page than the record's has other markup.
    if let Some(Alarm::Unreadable(_) | Alarm::NoRecords) = alarm
        && let Some(rejection) = classifier.led_away()
    {
        return Reading { rejected: vec![rejection], records: 1, ..Reading::default() };
    }
    // Nothing on a page with an alarm is trusted.
    Reading { alarm, ..Reading::default() }
}

/// Parses a page as a stream. Reports each `batch` of records, then the notes on the page, and an alarm if the page breaks off.
pub(crate) fn stream(
    spec: &Spec,
    stream: &Stream,
    page: &Page<'_>,
    input: &mut dyn BufRead,
    batch: usize,
    each: &mut dyn FnMut(Reading) -> ControlFlow<()>,
) -> Reading {
    let (base, address) = (base(spec, stream, page), page.address());
    let mut classifier = Classifier::new(spec, stream, page, &base);
    let mut held = 0;
    let (mut records, mut rejected) = (0, 0);
    let mut sink = |found: Found| {
        held += weight::of_record(&found.record);
        classifier.take(found);
        if classifier.len() < batch && held < weight::BATCH {
            return ControlFlow::Continue(());
        }
        held = 0;
        let part = classifier.batch();
        records += part.records;
        rejected += part.rejected.len();
        if is_rubbish(records, rejected) { ControlFlow::Break(()) } else { each(part) }
    };
    let ended = shape_of(stream, page).and_then(|shape| {
        let mut pass = Pass::new(shape, &shape.fields, link_of(stream, page), &address, &mut sink);
        pass.doubt_all(only_a_part(stream, page));
        decode_stream(page, input, &mut pass)?;
        Ok((pass.doubted(), pass.notes()))
    });
    match ended {
        Ok(_) if is_rubbish(records, rejected) => {
            let why = format!("{rejected} of its first {records} records cannot be used");
            Reading { alarm: Some(Alarm::Unreadable(why)), ..Reading::default() }
        }
        Ok((alarm, notes)) => Reading { alarm, notes, ..classifier.end() },
        Err(alarm) => Reading { alarm: Some(alarm), ..classifier.end() },
    }
}

/// Returns whether a page is given up: it would go on with records that cannot be used, each of them kept with its reason.
fn is_rubbish(records: usize, rejected: usize) -> bool {
    rejected > MOST && rejected > records - rejected
}

/// Returns the decoder of a page that must have records: the first page of a list, or a file.
fn of_records<'s>(stream: &'s Stream, page: &Page<'_>) -> Option<&'s Decoder> {
    let is_list = matches!(page.role, Role::List | Role::File) && page.expected && page.status == 200;
    if is_list { shape_of(stream, page).ok().map(|shape| &shape.decoder) } else { None }
}

/// Returns what tells that a list without further pages is a part of the whole, though nobody asked for a part (RFC 9110, 15.3.7).
fn only_a_part(stream: &Stream, page: &Page<'_>) -> Option<String> {
    let is_part = page.status == 206 && page.role != Role::Detail && matches!(stream.pages, Pages::Single);
    is_part.then(|| {
        let range = page.header("content-range").unwrap_or("without Content-Range");
        format!("it is a part of the list (206, {range}), and no part was asked for")
    })
}

/// A JSON or XML list may be empty; the first page of a portal has posts.
fn misses_records(stream: &Stream, page: &Page<'_>) -> bool {
    matches!(of_records(stream, page), Some(Decoder::Html(_)))
}

/// Returns whether an XML list must have elements of the name in the source file. If they were renamed, the page would
/// otherwise look like an empty list.
fn lacks_elements(stream: &Stream, page: &Page<'_>) -> bool {
    matches!(of_records(stream, page), Some(Decoder::Xml(_))) && !matches!(stream.pages, Pages::Sitemap)
}

/// Passes the records of a page to the pass.
fn decode(page: &Page<'_>, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let body = unpacked(page.body)?;
    let page = &Page { body: &body, ..*page };
    match &pass.shape.decoder {
        Decoder::Json(records) => json::list(records, page, pass),
        Decoder::Ndjson => {
            let text = charset::decode(page.body, page, pass.shape.encoding);
            json::lines(text.as_bytes(), pass)
        }
        Decoder::Xml(elements) => {
            let text = charset::decode(page.body, page, pass.shape.encoding);
            weight::check(text.as_bytes(), weight::xml)?;
            xml::list(elements, text.trim_start().as_bytes(), pass)
        }
        Decoder::Table(rules) => table::list(rules, page, pass),
        Decoder::Html(records) => html::list(records, page, pass),
    }
}

/// Passes the records of an input to the pass, which holds none of them.
fn decode_stream(page: &Page<'_>, input: &mut dyn BufRead, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let failed = |error: std::io::Error| Alarm::Unreadable(error.to_string());
    let mut gunzip;
    let input: &mut dyn BufRead = if input.fill_buf().map_err(failed)?.starts_with(&GZIP) {
        gunzip = BufReader::new(MultiGzDecoder::new(input));
        &mut gunzip
    } else {
        input
    };
    let shape = pass.shape;
    match &shape.decoder {
        Decoder::Json(records) if records.path().is_some() => {
            let text = charset::stream(input, page, shape.encoding).map_err(failed)?;
            json::stream(records, text, pass)
        }
        Decoder::Ndjson => {
            let text = charset::stream(input, page, shape.encoding).map_err(failed)?;
            json::lines(text, pass)
        }
        Decoder::Xml(elements) => {
            let text = charset::stream(input, page, shape.encoding).map_err(failed)?;
            xml::list(elements, text, pass)
        }
        Decoder::Table(rules) => table::stream(rules, page, input, pass),
        Decoder::Json(_) | Decoder::Html(_) => {
            let mut body = Vec::new();
            input.take(LARGEST as u64 + 1).read_to_end(&mut body).map_err(failed)?;
            decode(&Page { body: &body, ..*page }, pass)
        }
    }
}

/// The first bytes of a gzipped file (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

fn unpacked(body: &[u8]) -> Result<Cow<'_, [u8]>, Alarm> {
    if !body.starts_with(&GZIP) {
        return Ok(Cow::Borrowed(body));
    }
    let mut plain = Vec::new();
    let unpacked = MultiGzDecoder::new(body).take(LARGEST as u64 + 1).read_to_end(&mut plain);
    match unpacked {
        Ok(size) if size <= LARGEST => Ok(Cow::Owned(plain)),
        Ok(_) => Err(Alarm::Unreadable(format!("unpacked it has more than {LARGEST} bytes"))),
        Err(error) => Err(Alarm::Unreadable(format!("it is not gzip: {error}"))),
    }
}

/// Returns the address that relative links of a page start from: the one it names (`<base href>`), else the one that
/// answered. A file has no web address: its links belong to the partner.
fn base(spec: &Spec, stream: &Stream, page: &Page<'_>) -> Url {
    let address = if page.role == Role::File { spec.base_url.clone() } else { page.address().into_owned() };
    let named = shape_of(stream, page).ok().and_then(|shape| html::base(page, shape, &address));
    named.unwrap_or(address)
}

/// Returns a link of a page as an absolute web address without fragment.
pub(crate) fn absolute(base: &Url, link: &str) -> Option<Url> {
    let mut url = base.join(link.trim()).ok()?;
    url.set_fragment(None);
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.as_str().len() <= classify::LONGEST_URL).then_some(url)
}

/// Returns the address of a record for people: a relative one belongs to the partner. Many write one without its scheme; no browser
/// follows that, but it is typed.
pub(crate) fn address(base: &Url, words: &str) -> Option<Url> {
    let words = words.trim();
    if is_host(words) { absolute(base, &format!("http://{words}")) } else { absolute(base, words) }
}

/// Returns whether a link is an address without its scheme, "www.lycee.cm/inscription", and not a file of the partner, "offre.php".
fn is_host(link: &str) -> bool {
    const FILES: [&str; 16] = [
        "html", "htm", "xhtml", "shtml", "php", "php5", "asp", "aspx", "jsp", "jspx", "cfm", "do", "pdf",
        "xml", "json", "txt",
    ];
    let end = link.find(['/', '?', '#']).unwrap_or(link.len());
    let host = link.get(..end).unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.chars().all(is_letter)
    };
    let is_top = |top: &str| {
        (2..=12).contains(&top.len())
            && top.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !FILES.contains(&top.to_ascii_lowercase().as_str())
    };
    labels.len() > 1 && labels.iter().all(is_label) && labels.last().is_some_and(|top| is_top(top))
}

/// Returns the text of a page, in any encoding.
pub(crate) fn text<'p>(page: &Page<'p>) -> Cow<'p, str> {
    charset::decode(page.body, page, None)
}

/// Returns the document of a text that is nearly JSON.
pub(crate) fn mended(text: &str) -> Option<Value> {
    repair::json(text).map(|(document, _)| document)
}

/// Returns the whole of an XML page.
pub(crate) fn xml_document(page: &Page<'_>) -> Option<Value> {
    xml::document(text(page).trim_start().as_bytes()).ok()
}

/// Returns the first rows of a table.
pub(crate) fn first_rows(page: &Page<'_>) -> Vec<Vec<Vec<String>>> {
    table::first_rows(page)
}

/// Returns the `JobPosting`s that a page has as JSON-LD.
pub(crate) fn postings(html: &scraper::Html) -> Vec<Value> {
    embedded::jsonld(html, "JobPosting").objects
}

#[cfg(test)]
mod tests;

//! Drafts a source file for an answer: its format, where its records are, and which of their values match our fields.
//! It is only a proposal: a person checks it, and `oim-etl sources check` reports what is missing.

mod amount;
mod columns;
mod fits;
mod html;
mod links;
mod names;
mod paging;
mod sitemap;
mod table;
mod tree;
mod units;
mod words;
mod write;

use domain::{SourceSlug, StreamName};
use url::Url;

use crate::{Catalog, Page, Response, Role, SpecFile};

/// What is known about the answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The slug of the new source file.
    pub slug: &'a SourceSlug,
    /// The address of the answer; `None` for a file.
    pub url: Option<&'a Url>,
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// Its bytes.
    pub body: &'a [u8],
    /// The page of one of its records ([`first_detail`]), if it was asked for.
    pub detail: Option<DetailAnswer<'a>>,
}

/// The page of a record.
#[derive(Debug, Clone, Copy)]
pub struct DetailAnswer<'a> {
    /// Its address.
    pub url: &'a Url,
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// Its bytes.
    pub body: &'a [u8],
}

/// What was found in an answer.
#[derive(Debug, Default)]
struct Found {
    format: &'static str,
    records: Option<String>,
    /// Our fields, each with its form as TOML.
    fields: Vec<(&'static str, String)>,
    /// The form of the link to the detail page.
    link: Option<String>,
    /// Forms for the detail page.
    detail: Vec<(&'static str, String)>,
    pages: Option<String>,
    /// The line of `where`.
    condition: Option<String>,
    /// Whether it is a feed that shows the newest records only.
    is_partial: bool,
    /// The partner's own names of what a record holds.
    names: Vec<String>,
    /// Hints for the person who checks the proposal.
    remarks: Vec<String>,
    records_seen: usize,
}

/// Returns the text of a source file for an answer. What it lacks stands in it as `TODO`. `Err`: no list of records was found, and
/// why; [`sketch`] is then a file to complete by hand.
///
/// The page of a record is read for fields only where it was asked for and tells something.
pub fn propose(answer: &Answer<'_>) -> Result<String, String> {
    drafted(answer, false)
}

/// Returns a source file to complete by hand, for an answer in which no records were found.
pub fn sketch(answer: &Answer<'_>, why: &str) -> String {
    let mut found = found(answer).unwrap_or_default();
    if found.format.is_empty() {
        found.format = "json";
    }
    found.records = None;
    found.remarks.insert(0, format!("No list was found: {why}."));
    write::text(answer, &found)
}

fn found(answer: &Answer<'_>) -> Result<Found, String> {
    let fallback = fallback()?;
    let url = answer.url.unwrap_or(&fallback);
    let stream = StreamName::new("list").map_err(|error| error.to_string())?;
    let response = Response { headers: answer.headers, ..Response::of_body(answer.body) };
    find(&Page::new(&stream, Role::List, url, response), answer.url)
}

/// The address from which links of a file start.
fn fallback() -> Result<Url, String> {
    Url::parse("https://partner.example/").map_err(|error| error.to_string())
}

/// `guesses`: whether the page of a record counts before it was seen.
fn drafted(answer: &Answer<'_>, guesses: bool) -> Result<String, String> {
    let stream = StreamName::new("list").map_err(|error| error.to_string())?;
    let mut found = found(answer)?;
    if found.records_seen == 0 {
        let hint = if found.format == "html" {
            "; where a page is one record, give the page that links to such pages, or `records = \"body\"`"
        } else {
            ""
        };
        return Err(format!("it is {} in which no list of records could be found{hint}", found.format));
    }
    if found.link.is_some() && !guesses {
        found.detail = match &answer.detail {
            Some(detail) => {
                let response = Response { headers: detail.headers, ..Response::of_body(detail.body) };
                html::detail_fields(&Page::new(&stream, Role::Detail, detail.url, response))
            }
            None => Vec::new(),
        };
        let tells = found.detail.iter().any(|(field, _)| !matches!(*field, "title" | "url"));
        // What a sitemap lists has no title.
        if !tells && !found.has("title") {
            found.remarks.push("No page of a record was looked at: what stands there is guessed.".to_owned());
            found.detail = html::unseen();
        } else if !tells {
            found.remarks.push(
                "The page of a record could not be read, or says nothing more: only the list is read."
                    .to_owned(),
            );
            found.without_detail();
        }
    } else if found.link.is_some() {
        found.detail = html::unseen();
    }
    Ok(write::text(answer, &found))
}

impl Found {
    fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| *name == field)
    }

    /// Leaves out the page of a record; its address stays.
    fn without_detail(&mut self) {
        if let Some(link) = self.link.take().filter(|_| !self.has("url")) {
            let form =
                if self.format == "html" { format!("{{ css = {link}, attr = \"href\" }}") } else { link };
            self.fields.push(("url", form));
        }
        self.detail = Vec::new();
    }
}

/// Returns the page of the first record of an answer, if a proposal for it has such pages. With it, [`propose`] finds what stands there.
pub fn first_detail(answer: &Answer<'_>) -> Option<Url> {
    let url = answer.url?;
    let text = drafted(answer, true).ok()?;
    let catalog = Catalog::load(vec![SpecFile::of(answer.slug, &text)]).ok()?;
    let spec = catalog.get(answer.slug)?;
    let stream = StreamName::new("list").ok()?;
    let response = Response { headers: answer.headers, ..Response::of_body(answer.body) };
    let reading = spec.read(&Page::new(&stream, Role::List, url, response));
    // What comes first may be pinned, or an advertisement.
    let middle = reading.follow.len() / 2;
    let follow = reading.follow.get(middle).or(reading.follow.first())?;
    (follow.url.origin() == url.origin()).then(|| follow.url.clone())
}

fn find(page: &Page<'_>, url: Option<&Url>) -> Result<Found, String> {
    let text = page.body.trim_ascii_start();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if page.body.starts_with(b"PK\x03\x04") {
        return Ok(table::found(page));
    }
    let begin: Vec<u8> = text.iter().take(64).map(u8::to_ascii_lowercase).collect();
    if begin.starts_with(b"{") || begin.starts_with(b"[") {
        return tree::json(page, url);
    }
    if begin.starts_with(b"<!doctype html") || begin.starts_with(b"<html") {
        return Ok(html::found(page));
    }
    if begin.starts_with(b"<?xml") || begin.starts_with(b"<") {
        if let Some(found) = sitemap::found(page) {
            return Ok(found);
        }
        let xml = tree::xml(page, url);
        return if xml.records_seen > 0 { Ok(xml) } else { Ok(html::found(page)) };
    }
    Ok(table::found(page))
}

#[cfg(test)]
mod tests;

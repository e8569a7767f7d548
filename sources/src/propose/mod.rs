//! Drafts a source file for an answer: its format, where its records are, and which of their values match our fields.
//! It is only a proposal: a person checks it, and `oim-etl sources check` reports what is missing.

mod html;
mod names;
mod table;
mod tree;

use std::fmt::Write as _;

use domain::{Draft, SourceSlug, StreamName};
use url::Url;

use crate::{Page, Response, Role};

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
    /// Hints for the person who checks the proposal.
    remarks: Vec<String>,
    records_seen: usize,
}

/// Returns the text of a source file for an answer. `Err`: no format fits.
pub fn propose(answer: &Answer<'_>) -> Result<String, String> {
    let fallback = Url::parse("https://partner.example/").map_err(|error| error.to_string())?;
    let url = answer.url.unwrap_or(&fallback);
    let stream = StreamName::new("list").map_err(|error| error.to_string())?;
    let response = Response { headers: answer.headers, ..Response::of_body(answer.body) };
    let page = Page::new(&stream, Role::List, url, response);
    let found = find(&page)?;
    if found.records_seen == 0 && found.detail.is_empty() {
        return Err(format!("it is {} in which no list of records could be found", found.format));
    }
    Ok(written(answer, url, &found))
}

fn find(page: &Page<'_>) -> Result<Found, String> {
    let text = page.body.trim_ascii_start();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if page.body.starts_with(b"PK\x03\x04") {
        return Ok(table::found(page));
    }
    let begin: Vec<u8> = text.iter().take(64).map(u8::to_ascii_lowercase).collect();
    if begin.starts_with(b"{") || begin.starts_with(b"[") {
        return tree::json(page);
    }
    if begin.starts_with(b"<!doctype html") || begin.starts_with(b"<html") {
        return Ok(html::found(page));
    }
    if begin.starts_with(b"<?xml") || begin.starts_with(b"<") {
        let xml = tree::xml(page);
        return if xml.records_seen > 0 { Ok(xml) } else { Ok(html::found(page)) };
    }
    Ok(table::found(page))
}

fn written(answer: &Answer<'_>, url: &Url, found: &Found) -> String {
    let mut out = String::new();
    let line = |out: &mut String, text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&mut out, "# Proposed from one answer: look at every line, then run");
    line(&mut out, &format!("#   oim-etl sources check && oim-etl sources preview {}", answer.slug));
    for remark in &found.remarks {
        line(&mut out, &format!("# {remark}"));
    }
    line(&mut out, &format!("name = {:?}", name_of(answer.slug)));
    line(&mut out, &format!("base_url = {:?}", url.origin().ascii_serialization()));
    line(&mut out, "rate = \"20/min\"                 # what the partner agrees to, over all workers");
    line(&mut out, "# auth = { kind = \"api_key\", header = \"X-Api-Key\", key = \"NAME_OF_THE_VARIABLE\" }");
    line(&mut out, "\n[streams.list]");
    line(&mut out, "kind = \"job\"                    # job, training, agr or microfinance");
    line(&mut out, &format!("format = {:?}", found.format));
    if answer.url.is_some() {
        line(&mut out, &request(url));
    } else {
        line(
            &mut out,
            "# request = { path = \"/…\" }     # without it the list comes as a file: oim-etl ingest SLUG --file",
        );
    }
    if let Some(pages) = &found.pages {
        line(&mut out, pages);
    } else if answer.url.is_some() {
        line(
            &mut out,
            "# pages = { kind = \"number\", param = \"page\", first = 1 }   # if the list continues",
        );
    }
    if let Some(records) = &found.records {
        line(&mut out, &format!("records = {records}"));
    }
    line(&mut out, "\n[streams.list.fields]");
    fields(&mut out, &found.fields);
    // The records of a file have no detail pages.
    if let Some(link) = found.link.as_ref().filter(|_| answer.url.is_some()) {
        line(&mut out, "\n[streams.list.detail]");
        line(&mut out, &format!("link = {link}"));
        line(&mut out, "\n[streams.list.detail.fields]");
        fields(&mut out, &found.detail);
    }
    out
}

fn fields(out: &mut String, found: &[(&'static str, String)]) {
    for field in Draft::FIELDS {
        if let Some((_, form)) = found.iter().find(|(name, _)| *name == field) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{field} = {form}");
        }
    }
    let missing: Vec<&str> =
        Draft::FIELDS.into_iter().filter(|field| !found.iter().any(|(name, _)| name == field)).collect();
    if !missing.is_empty() {
        let _ = writeln!(out, "# not found: {}", missing.join(", "));
    }
}

fn request(url: &Url) -> String {
    let query: Vec<String> =
        url.query_pairs().map(|(name, value)| format!("{:?} = {value:?}", &*name)).collect();
    if query.is_empty() {
        format!("request = {{ path = {:?} }}", url.path())
    } else {
        format!("request = {{ path = {:?}, query = {{ {} }} }}", url.path(), query.join(", "))
    }
}

fn name_of(slug: &SourceSlug) -> String {
    let mut letters = slug.as_str().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;

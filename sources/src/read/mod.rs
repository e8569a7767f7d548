//! Reading a page.

mod charset;
mod fields;
mod html;
mod json;
mod jsonld;

use std::collections::HashSet;

use opportunity::{Draft, Reason, Rejection};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    Alarm, Follow, Page, Reading, Role, Spec, Stream,
    grammar::{Link, Reader},
};

pub(crate) use fields::Words;

/// Records read of one page at most: more is no page.
const MOST: usize = 50_000;
/// Longest address followed.
const LONGEST_URL: usize = 2_000;

/// A record's words by our field names, and the record itself.
struct Found {
    words: Words,
    record: Value,
    link: Option<String>,
}

/// Reads a page by its stream.
pub(crate) fn read(spec: &Spec, stream: &Stream, page: &Page<'_>) -> Reading {
    if page.status == 204 {
        return Reading::default();
    }
    let found = match page.role {
        Role::List => list(stream, page),
        Role::Detail => detail(stream, page).map(|found| vec![found]),
    };
    let found = match found {
        Ok(found) => found,
        Err(alarm) => return Reading { alarm: Some(alarm), ..Reading::default() },
    };
    if found.len() > MOST {
        let why = format!("it has more than {MOST} records");
        return Reading { alarm: Some(Alarm::Unreadable(why)), ..Reading::default() };
    }
    if page.role == Role::List && page.expected && found.is_empty() && expects_records(stream, page) {
        return Reading { alarm: Some(Alarm::NoRecords), ..Reading::default() };
    }
    sort(spec, stream, page, found)
}

/// A JSON list may be empty and say so; a portal's first page has posts.
fn expects_records(stream: &Stream, page: &Page<'_>) -> bool {
    matches!(stream.reader, Reader::Html(_)) && page.status == 200
}

fn list(stream: &Stream, page: &Page<'_>) -> Result<Vec<Found>, Alarm> {
    let link = stream.detail.as_ref().map(|detail| detail.link.as_slice());
    match &stream.reader {
        Reader::Json(records) => json::list(records, &stream.fields, link, page),
        Reader::Html(records) => html::list(records, &stream.fields, link, page),
    }
}

fn detail(stream: &Stream, page: &Page<'_>) -> Result<Found, Alarm> {
    let Some(detail) = &stream.detail else {
        return Err(Alarm::Unreadable("its spec has no detail page".to_owned()));
    };
    let mut found = if detail.is_html {
        html::detail(&detail.fields, page)?
    } else {
        json::detail(&detail.fields, page)?
    };
    // The card fills what the record's own page leaves out.
    if let Some(card) = page.card.and_then(Value::as_object) {
        for (field, words) in card {
            if let Some(words) = words.as_str() {
                found.words.fill(field, words);
            }
        }
    }
    found.record = found.words.to_json();
    Ok(found)
}

/// Drafts, pages to follow, refusals.
fn sort(spec: &Spec, stream: &Stream, page: &Page<'_>, found: Vec<Found>) -> Reading {
    let mut reading = Reading::default();
    let mut followed = HashSet::new();
    for found in found {
        if page.role == Role::List && stream.detail.is_some() {
            match followable(spec, page, &found) {
                // Featured posts stand on top of the list and in it.
                Ok(url) if !followed.insert(url.clone()) => (),
                Ok(url) => reading.follow.push(Follow { url, card: found.words.to_json() }),
                Err(reason) => reading.rejected.push(found.refused(reason)),
            }
        } else {
            match draft(stream, page, found) {
                Ok(draft) => reading.drafts.push(draft),
                Err(rejection) => reading.rejected.push(rejection),
            }
        }
    }
    reading.records = reading.drafts.len() + reading.follow.len() + reading.rejected.len();
    reading
}

impl Found {
    fn refused(self, reason: Reason) -> Rejection {
        Rejection {
            reason,
            external_id: self.words.get("external_id").map(str::to_owned),
            record: self.record,
        }
    }
}

fn followable(spec: &Spec, page: &Page<'_>, found: &Found) -> Result<Url, Reason> {
    let link = found.link.as_deref().ok_or_else(|| Reason::MissingField("link".to_owned()))?;
    let bad = || Reason::BadUrl(link.chars().take(200).collect());
    let url = absolute(page.url, link).ok_or_else(bad)?;
    let own = url.host_str().is_some_and(|host| spec.hosts.iter().any(|own| own == host));
    if own { Ok(url) } else { Err(bad()) }
}

/// A link of a page as an absolute web address without fragment.
pub(crate) fn absolute(base: &Url, link: &str) -> Option<Url> {
    let mut url = base.join(link.trim()).ok()?;
    url.set_fragment(None);
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    (web && url.as_str().len() <= LONGEST_URL).then_some(url)
}

fn draft(stream: &Stream, page: &Page<'_>, found: Found) -> Result<Draft, Rejection> {
    if let Some(failed) = found.words.failed() {
        let reason = Reason::UnreadableRecord(failed.to_owned());
        return Err(found.refused(reason));
    }
    for name in &stream.required {
        if found.words.get(name).is_none() {
            let reason = match *name {
                "external_id" => Reason::NoIdentity,
                "title" => Reason::NoTitle,
                other => Reason::MissingField(other.to_owned()),
            };
            return Err(found.refused(reason));
        }
    }
    let mut draft = Draft::new(stream.kind, found.record);
    for (name, words) in found.words.into_iter() {
        // A relative address is one of the partner's.
        let words = if name == "url" { absolute(page.url, &words).map_or(words, Url::into) } else { words };
        if let Some(field) = draft.field_mut(name) {
            *field = Some(words);
        }
    }
    Ok(draft)
}

/// The address of the next page, where the page links one.
pub(crate) fn next_link(link: &Link, page: &Page<'_>) -> Option<Url> {
    let to = match link {
        Link::Css(css) => html::next_link(css, page)?,
        Link::Json(expr) => expr.words(&json::document(page).ok()?).ok()??,
    };
    absolute(page.url, &to)
}

/// An object of texts.
pub(crate) fn object<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    Value::Object(
        pairs.map(|(name, words)| (name.to_owned(), Value::String(words.to_owned()))).collect::<Map<_, _>>(),
    )
}

#[cfg(test)]
mod tests;

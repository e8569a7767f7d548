//! How a list is walked: the first request, and what each answer says of the next.

mod address;
mod decide;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::StreamName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::{Page, Response, Role, Spec, grammar::Pages};

/// Pages walked of one list at most: a list that never ends is a mistake, the partner's or ours.
pub(crate) const CAP: u32 = 5_000;

/// What part of a list is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    /// Only what is newer, where the stream's request has a place for it.
    pub since: Option<DateTime<Utc>>,
}

/// The body of a request that is a POST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestBody {
    /// A JSON document.
    Json(Value),
    /// A form (`application/x-www-form-urlencoded`).
    Form(Vec<(String, String)>),
}

impl RequestBody {
    /// Its media type and its bytes.
    pub fn encoded(&self) -> (&'static str, Vec<u8>) {
        match self {
            Self::Json(value) => ("application/json", value.to_string().into_bytes()),
            Self::Form(pairs) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(pairs);
                ("application/x-www-form-urlencoded", form.finish().into_bytes())
            }
        }
    }
}

/// A request of a walk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageRequest {
    /// The stream.
    pub stream: StreamName,
    /// Its place in the walk, from 0.
    pub ordinal: u32,
    /// The address.
    pub url: Url,
    /// Headers the spec asks for.
    pub headers: Vec<(String, String)>,
    /// Makes it a POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<RequestBody>,
    /// Whether the page before linked to this one, so that records are expected on it.
    #[serde(default)]
    pub promised: bool,
    /// Pages an index named that are still to be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Url>,
}

impl PageRequest {
    /// The page that answered. The first of a list must hold records, and so must one that the page before linked to.
    pub fn page<'a>(&'a self, response: Response<'a>) -> Page<'a> {
        let expected = self.ordinal == 0 || self.promised;
        Page { expected, ..Page::new(&self.stream, Role::List, &self.url, response) }
    }
}

/// Where a walk continues.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// With this request.
    Next(Box<PageRequest>),
    /// Nowhere, and why.
    End(End),
}

/// Why a walk is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The stream has one page.
    Single,
    /// The page has no records.
    Empty,
    /// The page has fewer records than one holds.
    Short,
    /// All that the partner announced is read.
    Total,
    /// There is no link to a next page, or no cursor.
    NoLink,
    /// The page shows what an earlier page showed.
    Repeated,
    /// The cap was met: the walk is not whole.
    Cap,
}

/// The pages a walk has seen, by what they show: a portal that answers page 99 with page 1 has no more.
#[derive(Debug, Clone, Default)]
pub struct Trail(HashSet<[u8; 32]>);

impl Trail {
    /// Resumes a trail that has already seen these pages.
    pub fn of(shown: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self(shown.into_iter().collect())
    }

    /// Where the walk continues after a page.
    pub fn after(&mut self, glance: Glance) -> Step {
        let is_new = glance.shown.is_none_or(|shown| self.0.insert(shown));
        match glance.next {
            Step::Next(_) if !is_new => Step::End(End::Repeated),
            next => next,
        }
    }
}

/// What a page of a walk shows, at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct Glance {
    /// Records on it.
    pub records: usize,
    /// A digest that identifies its records. `None` for a page without records, or if it does not matter.
    pub shown: Option<[u8; 32]>,
    /// Where the walk continues, unless the page was seen before.
    pub next: Step,
}

impl Spec {
    /// The first request of a walk; `None` for a stream that is not the spec's, or is not fetched.
    pub fn first(&self, stream: &StreamName, window: &Window) -> Option<PageRequest> {
        let stream = self.stream(stream)?;
        let request = address::first(&self.base_url, stream.request.as_ref()?, window.since)?;
        let first = |change: &[(&str, String)]| address::changed(request, change);
        let (url, body, headers) = match &stream.pages {
            Pages::Single
            | Pages::NextLink { .. }
            | Pages::LinkHeader
            | Pages::Sitemap
            | Pages::Cursor { .. } => first(&[]),
            Pages::Number { param, first: number, size, size_param, .. } => {
                let mut change = vec![(param.as_str(), number.to_string())];
                if let (Some(param), Some(size)) = (size_param, size) {
                    change.push((param, size.to_string()));
                }
                first(&change)
            }
            Pages::Range { param, size } => first(&[(param, decide::range(0, *size))]),
            Pages::Offset { offset, limit, size, .. } => {
                first(&[(limit, size.to_string()), (offset, "0".to_owned())])
            }
        };
        let stream = stream.name.clone();
        Some(PageRequest { stream, ordinal: 0, url, headers, body, promised: false, pending: Vec::new() })
    }

    /// What `page`, which answered `asked`, shows, and where the walk continues.
    pub fn glance(&self, asked: &PageRequest, page: &Page<'_>) -> Glance {
        let Some(stream) = self.stream(&asked.stream) else {
            return Glance { records: 0, shown: None, next: Step::End(End::Single) };
        };
        if matches!(stream.pages, Pages::Single) {
            return Glance { records: 0, shown: None, next: Step::End(End::Single) };
        }
        let identity =
            stream.shape.fields.iter().filter(|(name, _)| *name == "external_id").cloned().collect();
        let mut digest = Sha256::new();
        let records = crate::read::shown(stream, &identity, page, &mut |word| {
            digest.update(word);
            digest.update([0]);
        });
        let shown = (records > 0).then(|| digest.finalize().into());
        let next = match decide::decide(stream, asked, page, records) {
            Err(end) => Step::End(end),
            Ok(_) if asked.ordinal.saturating_add(1) >= CAP => Step::End(End::Cap),
            Ok(change) => Step::Next(Box::new(change.apply(asked))),
        };
        Glance { records, shown, next }
    }
}

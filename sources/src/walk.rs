//! How a list is walked: the first request, and what each answer says of the next.

use chrono::{DateTime, SecondsFormat, Utc};
use opportunity::StreamName;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Page, Reading, Spec, Stream, grammar::Pages};

/// Pages walked of one list at most: a list that never ends is a mistake, the partner's or ours.
pub(crate) const CAP: u32 = 5_000;

/// What part of a list is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    /// Only what is newer, where the stream's request has a place for it.
    pub since: Option<DateTime<Utc>>,
}

/// A request of a walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRequest {
    /// The stream.
    pub stream: StreamName,
    /// Its place in the walk, from 0.
    pub ordinal: u32,
    /// The address.
    pub url: Url,
    /// Headers the spec asks for.
    pub headers: Vec<(String, String)>,
    /// Whether the page before linked to this one, so that records are expected on it.
    #[serde(default)]
    pub promised: bool,
}

/// Where a walk goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// With this request.
    Next(PageRequest),
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
    /// There is no link to a next page.
    NoLink,
    /// The cap was met: the walk is not whole.
    Cap,
}

impl Spec {
    /// The first request of a walk; `None` for a stream that is not the spec's.
    pub fn first(&self, stream: &StreamName, window: &Window) -> Option<PageRequest> {
        let stream = self.stream(stream)?;
        let mut url = self.base_url.join(&stream.request.path).ok()?;
        let since = window.since.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        for (name, template) in &stream.request.query {
            let value = match (template.contains("{since}"), &since) {
                (false, _) => template.clone(),
                (true, Some(since)) => template.replace("{since}", since),
                (true, None) => continue,
            };
            url.query_pairs_mut().append_pair(name, &value);
        }
        let url = match &stream.pages {
            Pages::Single | Pages::NextLink { .. } => url,
            Pages::Number { param, first, .. } => with(&url, param, &first.to_string()),
            Pages::Range { param, size } => with(&url, param, &range(0, *size)),
            Pages::Offset { offset, limit, size } => with(&with(&url, limit, &size.to_string()), offset, "0"),
        };
        Some(PageRequest {
            stream: stream.name.clone(),
            ordinal: 0,
            url,
            headers: stream.request.headers.clone(),
            promised: false,
        })
    }

    /// Where the walk goes on after `page`, which answered `asked`.
    pub fn next(&self, asked: &PageRequest, page: &Page<'_>) -> Step {
        let Some(stream) = self.stream(&asked.stream) else { return Step::End(End::Single) };
        let ordinal = asked.ordinal.saturating_add(1);
        let read = self.read(page);
        let next = match decide(stream, ordinal, page, &read) {
            Ok(next) => next,
            Err(end) => return Step::End(end),
        };
        if ordinal >= CAP {
            return Step::End(End::Cap);
        }
        let promised = matches!(next, Change::Promised(..) | Change::To(_));
        let url = next.apply(&asked.url);
        Step::Next(PageRequest { ordinal, url, promised, ..asked.clone() })
    }
}

/// What changes in the address.
enum Change {
    To(Url),
    Param(String, String),
    /// The same, and the page itself links to it.
    Promised(String, String),
}

impl Change {
    fn apply(self, url: &Url) -> Url {
        match self {
            Self::To(url) => url,
            Self::Param(name, value) | Self::Promised(name, value) => with(url, &name, &value),
        }
    }
}

fn decide(stream: &Stream, ordinal: u32, page: &Page<'_>, read: &Reading) -> Result<Change, End> {
    let ordinal = u64::from(ordinal);
    match &stream.pages {
        Pages::Single => Err(End::Single),
        _ if read.records == 0 => Err(End::Empty),
        Pages::Number { param, first, size, next } => {
            let value = first.saturating_add(ordinal).to_string();
            // Where the markup tells of a next page, its word counts; a last page may be full.
            if let Some(next) = next {
                let linked = next.find(page).map(|_| Change::Promised(param.clone(), value));
                return linked.ok_or(End::NoLink);
            }
            let short = size.is_some_and(|size| read.records < usize::try_from(size).unwrap_or(0));
            if short { Err(End::Short) } else { Ok(Change::Param(param.clone(), value)) }
        }
        Pages::Range { param, size } => {
            let (last, total) = content_range(page);
            // The partner may give less than was asked for: the walk goes on after what came.
            let from = last.map_or(ordinal * size, |last| last.saturating_add(1));
            if total.is_some_and(|total| from >= total) {
                return Err(End::Total);
            }
            if page.status != 206 && total.is_none() {
                return Err(End::Total);
            }
            Ok(Change::Param(param.clone(), range(from, *size)))
        }
        Pages::Offset { offset, size, .. } => {
            if u64::try_from(read.records).unwrap_or(0) < *size {
                return Err(End::Short);
            }
            Ok(Change::Param(offset.clone(), (ordinal * size).to_string()))
        }
        Pages::NextLink { link } => {
            link.find(page).filter(|url| url != page.url).map(Change::To).ok_or(End::NoLink)
        }
    }
}

/// Last record and total of `Content-Range: offres 0-149/438` (RFC 9110, 14.4).
fn content_range(page: &Page<'_>) -> (Option<u64>, Option<u64>) {
    let Some((range, total)) = page.header("content-range").and_then(|value| value.split_once('/')) else {
        return (None, None);
    };
    let last = range.rsplit_once('-').and_then(|(_, last)| last.trim().parse().ok());
    (last, total.trim().parse().ok())
}

fn range(from: u64, size: u64) -> String {
    format!("{from}-{}", from.saturating_add(size).saturating_sub(1))
}

/// The address with one query parameter set.
fn with(url: &Url, name: &str, value: &str) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(known, _)| known != name)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
    url
}

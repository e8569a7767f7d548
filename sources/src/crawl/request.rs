//! The requests of a crawl.

use chrono::{DateTime, Utc};
use domain::StreamName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::{address, next};
use crate::{Page, Response, Role, Spec, grammar::Pages};

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

/// A request of a crawl.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageRequest {
    /// The stream.
    pub stream: StreamName,
    /// Its place in the crawl, from 0.
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
    /// Whether an index named more pages than a crawl follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
}

impl PageRequest {
    /// The page that answered. The first of a list must hold records, and so must one that the page before linked to.
    pub fn page<'a>(&'a self, response: Response<'a>) -> Page<'a> {
        let expected = self.ordinal == 0 || self.promised;
        Page { expected, ..Page::new(&self.stream, Role::List, &self.url, response) }
    }
}

impl Spec {
    /// The first request of a crawl; `None` for a stream that is not the spec's, or is not fetched.
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
            Pages::Range { param, size } => first(&[(param, next::range(0, *size))]),
            Pages::Offset { offset, limit, size } => {
                first(&[(limit, size.to_string()), (offset, "0".to_owned())])
            }
        };
        let stream = stream.name.clone();
        Some(PageRequest {
            stream,
            ordinal: 0,
            url,
            headers,
            body,
            promised: false,
            pending: Vec::new(),
            is_cut: false,
        })
    }
}

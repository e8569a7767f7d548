//! Reservations of text and data mining: the TDM Reservation Protocol of the W3C community group (`TDMRep`).
//!
//! A site says in `/.well-known/tdmrep.json`, and in the header `TDM-Reservation` of an answer, which pages may not be mined without its
//! agreement. Whatever a source file says of an agreement is the caller's: [`crate::Partner::reserves`].

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::Value;
use url::{Position, Url};

use crate::robots::pattern::{Path, Pattern};

/// Where a site says what it reserves.
pub(crate) const FILE: &str = "/.well-known/tdmrep.json";
/// The header that says it of one answer.
pub(crate) const HEADER: &str = "tdm-reservation";
/// How long a file holds, as that of robots.txt does.
const HOLDS: Duration = Duration::from_hours(24);
/// Largest file, in bytes. A larger one cannot be parsed, and a rule behind the limit may be the one that counts.
pub(crate) const MAX: u64 = 500 << 10;

/// Whether a value of the header reserves: `1`. The last of several lines counts no less than the first.
pub(crate) fn is_reserved<'a>(mut values: impl Iterator<Item = &'a str>) -> bool {
    values.any(|value| value.split(',').any(|value| value.trim() == "1"))
}

/// What a site reserves.
#[derive(Debug, Default)]
pub(crate) struct Reservations(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    location: Pattern,
    is_reserved: bool,
}

/// A rule as it is written. Policies are for people.
#[derive(Deserialize)]
struct Written {
    location: String,
    #[serde(rename = "tdm-reservation")]
    reservation: Value,
}

impl Reservations {
    /// Parses a file. `None` for text that is not one. A rule without a location or a reservation says nothing.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        let rules: Vec<Value> = serde_json::from_slice(text).ok()?;
        let rules = rules.into_iter().filter_map(|rule| {
            let written: Written = serde_json::from_value(rule).ok()?;
            let is_reserved = match &written.reservation {
                Value::Number(number) => number.as_i64().map(|number| number != 0),
                Value::String(text) => text.trim().parse::<i64>().ok().map(|number| number != 0),
                Value::Bool(is_reserved) => Some(*is_reserved),
                _ => None,
            };
            // A location without a slash before it is meant from the root.
            let path = written.location.trim().trim_start_matches('/');
            let location = Pattern::forbidding(format!("/{path}").as_bytes());
            Some(Rule { location, is_reserved: is_reserved? })
        });
        Some(Self(rules.collect()))
    }

    /// Whether a page is reserved. Of the rules that match, the first one counts and so does the longest: where they disagree, the
    /// page is reserved.
    pub(crate) fn reserve(&self, url: &Url) -> bool {
        let path = Path::new(&url[Position::BeforePath..Position::AfterQuery]);
        let matching: Vec<&Rule> = self.0.iter().filter(|rule| rule.location.matches(&path)).collect();
        let longest = matching.iter().map(|rule| rule.location.octets).max();
        let first = matching.first().map(|rule| rule.is_reserved);
        first == Some(true)
            || matching.iter().any(|rule| rule.is_reserved && Some(rule.location.octets) == longest)
    }
}

/// What was learnt of an origin, and when.
#[derive(Debug)]
pub(crate) struct Learnt {
    pub(crate) reservations: Arc<Reservations>,
    since: Instant,
}

impl Learnt {
    pub(crate) fn now(reservations: Reservations) -> Self {
        Self { reservations: Arc::new(reservations), since: Instant::now() }
    }

    /// Whether it still holds.
    pub(crate) fn holds(&self) -> bool {
        self.since.elapsed() < HOLDS
    }
}

/// The slot of an origin: locked while somebody asks, so that others wait for the same file.
type Slot = Arc<tokio::sync::Mutex<Option<Learnt>>>;

/// What is known of each origin.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<String, Slot>>);

impl Known {
    /// The slot of an origin, as one gateway shows it.
    pub(crate) fn slot(&self, url: &Url, via: Option<&Url>) -> Slot {
        let gateway = via.map(Url::as_str).unwrap_or_default();
        let origin = format!("{} {gateway}", url.origin().ascii_serialization());
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(origin).or_default())
    }
}

//! Commits of parsed pages. Rows, rejections, detail pages, counters and the end of the job commit together.
//!
//! Pages that were parsed at the same time commit as a group ([`Store::commit_pages`]): one transaction, one write to
//! disk. A large page commits in parts ([`PageCommit`]).
//!
//! [`Store::commit_pages`]: crate::Store::commit_pages

mod group;
mod parts;
mod relink;
mod repeats;
mod want;
mod write;

use domain::{Fingerprint, Opportunity, OpportunityId, Rejection};
use serde_json::Value;

use crate::Visit;

pub use group::{GROUP, ParsedPage};
pub use parts::PageCommit;
pub(crate) use relink::parse_details;

/// The action that failed, for the errors of this folder.
const WHAT: &str = "commit what a page held";

/// A detail page that a list page links to.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its address.
    pub url: String,
    /// The list record.
    pub card: Value,
    /// What tells whether it is worth a request.
    pub visit: Visit,
}

/// What was parsed from a page, in whole or in part.
#[derive(Debug, Default)]
pub struct Reading {
    /// Records that became opportunities.
    pub opportunities: Vec<Opportunity>,
    /// Records whose draft is known: their published row is up to date.
    pub unchanged: Vec<Unchanged>,
    /// Rejected records.
    pub rejections: Vec<Rejection>,
    /// Detail pages to fetch.
    pub wanted: Vec<Wanted>,
    /// Of a detail page: when it is due again.
    pub visit: Option<Visit>,
    /// Why the page as a whole cannot be trusted.
    pub alarm: Option<String>,
    /// Other remarks about the page.
    pub notes: Vec<String>,
}

/// A record whose draft is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchanged {
    /// The opportunity.
    pub id: OpportunityId,
    /// Its identifier at the partner.
    pub external_id: String,
    /// The fingerprint of its content.
    pub fingerprint: Fingerprint,
}

/// What became of the records of a page, as counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// New opportunities.
    pub created: usize,
    /// Known opportunities with other content, or reopened.
    pub changed: usize,
    /// Known opportunities with the same content.
    pub unchanged: usize,
    /// Rejected records.
    pub rejected: usize,
    /// Detail pages that the run had not requested before.
    pub wanted: usize,
    /// Detail pages that were not requested, because an earlier visit stands for them.
    pub spared: usize,
}

//! What is indexed, asked and found.

use chrono::{Datelike as _, NaiveDate};
use domain::OpportunityId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{VectorError, point::VERSION};

/// Days from year one beyond any last day: stands for "no last day" in a range filter.
const NEVER: i64 = 9_999_999;
/// Key of the last day as filters ask for it: [`Payload::open_until`], or [`NEVER`], so that one range finds both.
pub(crate) const CLOSES_BY: &str = "closes_by";
/// Keys of words that filters ask for.
pub(crate) const KEYWORDS: [&str; 3] = ["kind", "source", "regions"];
/// Keys of whole numbers that filters and conditions ask for.
pub(crate) const NUMBERS: [&str; 2] = [CLOSES_BY, VERSION];

/// What of an opportunity is kept beside its vectors: for filters, and to show a hit without asking PostgreSQL.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// The partner.
    pub source: String,
    /// The list.
    pub stream: String,
    /// Its kind, as stored.
    pub kind: String,
    /// Heading.
    pub title: String,
    /// Who offers.
    pub organization: Option<String>,
    /// Places, as one line.
    pub place: String,
    /// Regions (ISO 3166-2).
    pub regions: Vec<String>,
    /// Towns.
    pub localities: Vec<String>,
    /// Contracts, as stored.
    pub contracts: Vec<String>,
    /// Languages (ISO 639-1), as stored.
    pub languages: Vec<String>,
    /// Last day to answer, in days from year one (`NaiveDate::num_days_from_ce`).
    pub closes_on: Option<i64>,
    /// The day it ends, in the same days.
    #[serde(default)]
    pub ends_on: Option<i64>,
    /// The last day on which it is open (`domain::Kind::open_until`), in the same days.
    #[serde(default)]
    pub open_until: Option<i64>,
    /// Page for people.
    pub url: Option<String>,
}

impl Payload {
    /// As an index keeps it.
    pub(crate) fn kept(&self) -> Result<Value, VectorError> {
        let mut kept = serde_json::to_value(self).map_err(VectorError::doing("keep a payload"))?;
        if let Some(map) = kept.as_object_mut() {
            map.insert(CLOSES_BY.to_owned(), self.open_until.unwrap_or(NEVER).into());
        }
        Ok(kept)
    }
}

/// An opportunity to index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Also the id of the point.
    pub id: OpportunityId,
    /// What is embedded.
    pub text: String,
    /// What is kept beside the vectors.
    pub payload: Payload,
}

/// Which opportunities count. Empty lists allow all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Kinds.
    pub kinds: Vec<String>,
    /// Regions; one in common suffices.
    pub regions: Vec<String>,
    /// Partners.
    pub sources: Vec<String>,
    /// Still open on this day: its last day is this one or later, or it has none.
    pub open_on: Option<NaiveDate>,
}

impl Filter {
    /// The lists with the payload keys they ask for; those that allow all are left out.
    pub(crate) fn lists(&self) -> Vec<(&'static str, &[String])> {
        let lists: [(&'static str, &[String]); 3] =
            [("kind", &self.kinds), ("regions", &self.regions), ("source", &self.sources)];
        lists.into_iter().filter(|(_, values)| !values.is_empty()).collect()
    }

    /// The least [`CLOSES_BY`] asked for.
    pub(crate) fn closes_from(&self) -> Option<f64> {
        self.open_on.map(|day| f64::from(day.num_days_from_ce()))
    }
}

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The words, for the BM25 side.
    pub text: String,
    /// Their vector, for the dense side; without one, words alone decide.
    pub dense: Option<Vec<f32>>,
    /// What counts.
    pub filter: Filter,
    /// Hits wanted.
    pub limit: usize,
}

/// A hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The opportunity.
    pub id: OpportunityId,
    /// From 0, nothing in common, to 1, the same text: half from the dense side, half from BM25.
    pub score: f32,
    /// What was kept beside the vectors.
    pub payload: Payload,
}

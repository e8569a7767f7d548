//! What is indexed, asked and found.

use chrono::{Datelike as _, NaiveDate};
use domain::{OpportunityId, term::Term};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{VectorError, point::VERSION, words::folded};

/// Days from year one beyond any last day: stands for "no last day" in a range filter.
const NEVER: i64 = 9_999_999;
/// Key of the last day as filters ask for it: [`Payload::open_until`], or [`NEVER`], so that one range finds both.
pub(crate) const CLOSES_BY: &str = "closes_by";
/// Key of [`Payload::closes_on`] in days from year one. A range leaves out those that have none.
pub(crate) const CLOSES_DAY: &str = "closes_day";
/// The same of [`Payload::ends_on`].
pub(crate) const ENDS_DAY: &str = "ends_day";
/// Key of [`Payload::canonical`].
pub(crate) const CANONICAL: &str = "canonical";
/// Key of [`Payload::organization`] in small letters without accents.
pub(crate) const HOUSE: &str = "house";
/// Keys of whole numbers that filters and conditions ask for.
pub(crate) const NUMBERS: [&str; 4] = [CLOSES_BY, CLOSES_DAY, ENDS_DAY, VERSION];
/// Keys of words that filters ask for.
pub(crate) const KEYWORDS: [&str; 15] = [
    "kind",
    "source",
    "stream",
    "regions",
    "localities",
    "contracts",
    "languages",
    "sector",
    "occupation",
    "audiences",
    "education",
    "working_time",
    "amount_kind",
    "cluster",
    HOUSE,
];
/// Keys of yes or no that filters ask for.
pub(crate) const FLAGS: [&str; 1] = [CANONICAL];

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
    /// Sector, as stored.
    #[serde(default)]
    pub sector: Option<String>,
    /// Occupation (ISCO-08 unit group).
    #[serde(default)]
    pub occupation: Option<String>,
    /// Whom it is for, as stored.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The education that is asked for, as stored.
    #[serde(default)]
    pub education: Option<String>,
    /// Working time, as stored.
    #[serde(default)]
    pub working_time: Vec<String>,
    /// What its amount is (wage, tuition, principal or grant), as stored.
    #[serde(default)]
    pub amount_kind: Option<String>,
    /// The same for all that are one opportunity, published by several partners: the least of their ids.
    #[serde(default)]
    pub cluster: String,
    /// Whether it stands for its cluster.
    #[serde(default)]
    pub canonical: bool,
    /// Last day to answer.
    pub closes_on: Option<NaiveDate>,
    /// The day it ends.
    #[serde(default)]
    pub ends_on: Option<NaiveDate>,
    /// The last day on which it is open (`domain::Kind::open_until`).
    #[serde(default)]
    pub open_until: Option<NaiveDate>,
    /// Page for people.
    pub url: Option<String>,
}

impl Payload {
    /// As an index keeps it.
    pub(crate) fn kept(&self) -> Result<Value, VectorError> {
        let mut kept = serde_json::to_value(self).map_err(VectorError::doing("keep a payload"))?;
        if let Some(map) = kept.as_object_mut() {
            map.insert(CLOSES_BY.to_owned(), self.open_until.map_or(NEVER, number).into());
            map.insert(CLOSES_DAY.to_owned(), self.closes_on.map(number).into());
            map.insert(ENDS_DAY.to_owned(), self.ends_on.map(number).into());
            map.insert(HOUSE.to_owned(), self.organization.as_deref().map(house_key).into());
        }
        Ok(kept)
    }
}

/// A day in days from year one.
fn number(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce())
}

/// Characters of an organization's name that filters compare.
const HOUSE_LENGTH: usize = 200;

/// The name of an organization as filters compare it.
fn house_key(name: &str) -> String {
    let folded = folded(&name.chars().take(HOUSE_LENGTH).collect::<String>());
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// An opportunity to index.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Also the id of the point.
    pub id: OpportunityId,
    /// What is embedded. Its first line is the title.
    pub text: String,
    /// What it is about, in the controlled vocabularies.
    pub categories: Vec<Term>,
    /// What is kept beside the vectors.
    pub payload: Payload,
}

impl Document {
    /// The digest of its text, by which vectors that were made before are found. [`crate::Seal::text`] has the same in hexadecimal.
    pub fn text_digest(&self) -> [u8; 16] {
        crate::seal::text_bytes(&self.text)
    }

    /// Puts a text together, as it is embedded and as its words count: title, organization, places, description, a line each.
    pub fn text_of(
        title: &str,
        organization: Option<&str>,
        places: &str,
        description: Option<&str>,
    ) -> String {
        let parts = [Some(title), organization, Some(places), description];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

/// Days from one to another, both included; `None` is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Option<NaiveDate>,
    /// The last.
    pub to: Option<NaiveDate>,
}

/// Which opportunities count. Empty lists allow all; of a list one in common suffices.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Kinds.
    pub kinds: Vec<String>,
    /// Partners.
    pub sources: Vec<String>,
    /// Their lists.
    pub streams: Vec<String>,
    /// Regions (ISO 3166-2).
    pub regions: Vec<String>,
    /// Towns, as stored.
    pub localities: Vec<String>,
    /// Contracts, as stored.
    pub contracts: Vec<String>,
    /// Languages (ISO 639-1).
    pub languages: Vec<String>,
    /// Sectors, as stored.
    pub sectors: Vec<String>,
    /// Occupations (ISCO-08 unit groups).
    pub occupations: Vec<String>,
    /// Audiences, as stored.
    pub audiences: Vec<String>,
    /// Levels of education, as stored.
    pub education: Vec<String>,
    /// Working times, as stored.
    pub working_time: Vec<String>,
    /// Kinds of amounts, as stored.
    pub amount_kinds: Vec<String>,
    /// Clusters, by the least id of their members.
    pub clusters: Vec<String>,
    /// Only those that stand for their clusters, or only the others. Default: both.
    pub canonical: Option<bool>,
    /// Organizations; capitals and accents do not matter.
    pub organizations: Vec<String>,
    /// Still open on this day: its last day is this one or later, or it has none.
    pub open_on: Option<NaiveDate>,
    /// Its last day to answer. With either end, those without a last day do not count.
    pub closes: Days,
    /// The day it ends, in the same way.
    pub ends: Days,
    /// These opportunities alone.
    pub among: Vec<OpportunityId>,
    /// Any but these.
    pub but: Vec<OpportunityId>,
}

impl Filter {
    /// The lists with the payload keys they ask for; those that allow all are left out.
    pub(crate) fn lists(&self) -> Vec<(&'static str, Vec<String>)> {
        let lists: [(&'static str, &[String]); 14] = [
            ("kind", &self.kinds),
            ("source", &self.sources),
            ("stream", &self.streams),
            ("regions", &self.regions),
            ("localities", &self.localities),
            ("contracts", &self.contracts),
            ("languages", &self.languages),
            ("sector", &self.sectors),
            ("occupation", &self.occupations),
            ("audiences", &self.audiences),
            ("education", &self.education),
            ("working_time", &self.working_time),
            ("amount_kind", &self.amount_kinds),
            ("cluster", &self.clusters),
        ];
        let houses = self.organizations.iter().map(|name| house_key(name)).collect();
        lists
            .into_iter()
            .map(|(key, values)| (key, values.to_vec()))
            .chain([(HOUSE, houses)])
            .filter(|(_, values): &(_, Vec<String>)| !values.is_empty())
            .collect()
    }

    /// The yes or no asked for, by key.
    pub(crate) fn flags(&self) -> Vec<(&'static str, bool)> {
        self.canonical.map(|canonical| (CANONICAL, canonical)).into_iter().collect()
    }

    /// The ranges asked for, by key: least and greatest day from year one.
    pub(crate) fn ranges(&self) -> Vec<(&'static str, Option<f64>, Option<f64>)> {
        let day = |day: Option<NaiveDate>| day.map(|day| f64::from(day.num_days_from_ce()));
        let ranges = [
            (CLOSES_BY, day(self.open_on), None),
            (CLOSES_DAY, day(self.closes.from), day(self.closes.to)),
            (ENDS_DAY, day(self.ends.from), day(self.ends.to)),
        ];
        ranges.into_iter().filter(|(_, from, to)| from.is_some() || to.is_some()).collect()
    }
}

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Words and categories, for the BM25 side.
    pub terms: Vec<Term>,
    /// The vector of the question, for the dense side; without one, words and categories alone decide.
    pub dense: Option<Vec<f32>>,
    /// What counts.
    pub filter: Filter,
    /// Hits wanted.
    pub limit: usize,
    /// The share of the dense side in scores, from 0 to 1. Default: what was measured for the model.
    pub share: Option<f32>,
    /// Whether hits tell the parts of their scores.
    pub explain: bool,
}

/// A hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The opportunity.
    pub id: OpportunityId,
    /// From 0, nothing in common, to 1, all that was asked for.
    pub score: f32,
    /// What was kept beside the vectors.
    pub payload: Payload,
    /// What the score is the sum of, greatest first; asked for by [`Query::explain`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<Part>>,
}

/// A part of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What was found.
    pub of: PartOf,
    /// The word, or the name of the category; for `meaning` the model is not named.
    pub name: String,
    /// What it adds to the score.
    pub score: f32,
}

/// What a part of a score is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PartOf {
    /// A word of the question.
    Word,
    /// A category that the question names.
    Category,
    /// The likeness of meanings, as a model sees it.
    Meaning,
}

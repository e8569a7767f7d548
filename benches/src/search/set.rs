//! The questions, their grades and the opportunities.

use std::{collections::HashMap, fs, path::Path};

use domain::{Kind, OpportunityId, SourceSlug, places::Place};
use normalize::search::{Facts, categories};
use serde::{Deserialize, de::DeserializeOwned};
use vectors::{Document, Payload};

use crate::Outcome;

/// A question.
#[derive(Debug, Deserialize)]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Question {
    /// Returns whether its number is even: it belongs to the half that nobody looks at.
    pub(crate) fn is_shut(&self) -> bool {
        let number: u32 = self.id.trim_start_matches('q').parse().unwrap_or_default();
        number.is_multiple_of(2)
    }
}

/// A grade that one person gave: 0 is of no use, 3 is what was looked for.
#[derive(Debug, Deserialize)]
struct Grade {
    query: String,
    id: String,
    #[serde(rename = "grade")]
    value: u8,
}

/// An opportunity, as the database of the demo has it.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    /// `SOURCE/EXTERNAL_ID`.
    pub(crate) id: String,
    kind: Kind,
    title: String,
    organization: Option<String>,
    description: Option<String>,
    places: Vec<Place>,
    contracts: Vec<String>,
    working_time: Vec<String>,
    education: Option<String>,
    occupation: Option<String>,
    sector: Option<String>,
    audiences: Vec<String>,
    remote: bool,
    amount: Option<String>,
    fees: Option<String>,
}

impl Row {
    /// Returns the id that the program gives it.
    pub(crate) fn opportunity(&self) -> OpportunityId {
        let (source, external_id) = self.id.split_once('/').unwrap_or_default();
        let source = SourceSlug::new(source).unwrap_or_else(|error| panic!("{}: {error}", self.id));
        OpportunityId::of(&source, external_id)
    }

    /// Returns the document that the program would index.
    pub(crate) fn document(&self) -> Document {
        let places = self.places.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let facts = Facts {
            kind: self.kind,
            title: &self.title,
            description: self.description.as_deref(),
            occupation: self.occupation.as_deref(),
            sector: self.sector.as_deref(),
            audiences: &self.audiences,
            contracts: &self.contracts,
            working_time: &self.working_time,
            education: self.education.as_deref(),
            places: &self.places,
            remote: self.remote,
            prices: [self.amount.as_deref(), self.fees.as_deref()],
        };
        let (organization, description) = (self.organization.as_deref(), self.description.as_deref());
        Document {
            id: self.opportunity(),
            text: Document::text_of(&self.title, organization, &places, description),
            categories: categories(&facts),
            payload: Payload {
                kind: self.kind.to_string(),
                title: self.title.clone(),
                place: places,
                ..Payload::default()
            },
        }
    }
}

/// All of it.
pub(crate) struct Set {
    pub(crate) questions: Vec<Question>,
    pub(crate) rows: Vec<Row>,
    /// Grades of each person, by question and opportunity.
    pub(crate) people: Vec<HashMap<(String, String), u8>>,
}

impl Set {
    pub(crate) fn read() -> Outcome<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/search");
        let grades = |name: &str| -> Outcome<_> {
            let grades: Vec<Grade> = lines(&folder.join(name))?;
            Ok(grades.into_iter().map(|grade| ((grade.query, grade.id), grade.value)).collect())
        };
        Ok(Self {
            questions: lines(&folder.join("queries.jsonl"))?,
            rows: lines(&folder.join("records.jsonl"))?,
            people: vec![grades("grades-1.jsonl")?, grades("grades-2.jsonl")?],
        })
    }

    /// Returns the mean grade of each opportunity that somebody graded for a question. Any other is of no use to it.
    pub(crate) fn grades(&self, question: &str) -> HashMap<&str, f64> {
        let mut given: HashMap<&str, Vec<f64>> = HashMap::new();
        for ((_, id), grade) in self.people.iter().flatten().filter(|((of, _), _)| of == question) {
            given.entry(id).or_default().push(f64::from(*grade));
        }
        let mean = |grades: Vec<f64>| {
            grades.iter().sum::<f64>() / f64::from(u32::try_from(grades.len()).unwrap_or(1))
        };
        given.into_iter().map(|(id, grades)| (id, mean(grades))).collect()
    }
}

fn lines<T: DeserializeOwned>(file: &Path) -> Outcome<Vec<T>> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let parsed =
        text.lines().filter(|line| !line.is_empty()).map(serde_json::from_str).collect::<Result<_, _>>();
    Ok(parsed.map_err(|error| format!("{}: {error}", file.display()))?)
}

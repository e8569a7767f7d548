//! Labelled opportunities, normalized as if a partner had published them.

#![allow(dead_code, reason = "each program uses a part of it")]

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use domain::{Draft, Kind, Opportunity, Reason};
use normalize::{Context, normalize};
use serde_json::Value;

type Failure = Box<dyn std::error::Error>;

/// A pair, with its label.
pub(crate) struct Pair {
    /// Whether it is one opportunity.
    pub(crate) same: bool,
    /// Its class.
    pub(crate) why: String,
    /// The two rows.
    pub(crate) rows: [Opportunity; 2],
}

/// Labelled rows. Rows of one cluster are one opportunity.
pub(crate) struct Set {
    /// The name of its folder.
    pub(crate) name: String,
    /// The identifiers in the set, the clusters and the rows.
    pub(crate) rows: Vec<(String, String, Opportunity)>,
    /// Records in which a field was refused and left out.
    pub(crate) mended: usize,
}

/// Sets by other hands, from which the weights are learned. Another set is measured by its folder.
pub(crate) const SETS: [&str; 4] = ["a", "b", "c", "d"];

/// Returns the folder of the labels.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/data/duplicates")
}

/// Returns the pairs of a part: `tune`, for which the rules were made, or `held`, on which they are judged.
pub(crate) fn part(name: &str) -> Result<Vec<Pair>, Failure> {
    pairs(&folder().join(format!("{name}.jsonl")))
}

/// The pairs of a file: a line of JSON each.
pub(crate) fn pairs(file: &Path) -> Result<Vec<Pair>, Failure> {
    let mut pairs = Vec::new();
    for line in std::fs::read_to_string(file)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let part =
            |key: &str| line.get(key).ok_or_else(|| format!("a pair of {} has no {key}", file.display()));
        let same = part("same")?.as_bool().unwrap_or_default();
        let why = part("why")?.as_str().unwrap_or_default().to_owned();
        pairs.push(Pair { same, why, rows: [row(part("a")?)?, row(part("b")?)?] });
    }
    Ok(pairs)
}

fn row(record: &Value) -> Result<Opportunity, Failure> {
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let mut draft = Draft::new(text("kind").ok_or("no kind")?.parse()?, Value::Null);
    for name in Draft::FIELDS {
        if let (Some(words), Some(field)) = (text(name), draft.field_mut(name)) {
            // A field with several places.
            *field = Some(words.replace(" | ", " ; "));
        }
    }
    let context = context(text("source").ok_or("no source")?)?;
    normalize(draft, &context).map_err(|refused| format!("{}: {record}", refused.reason).into())
}

fn context(source: &str) -> Result<Context, Failure> {
    Ok(Context {
        source: source.replace('.', "-").parse()?,
        stream: "offres".parse()?,
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: "2026-11-21T10:00:00Z".parse()?,
    })
}

/// Reads a set: `records.jsonl` and `clusters.csv` in a folder.
pub(crate) fn set(folder: &Path) -> Result<Set, Failure> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut clusters = HashMap::new();
    for line in std::fs::read_to_string(folder.join("clusters.csv"))?.lines().skip(1) {
        if let Some((id, cluster)) = line.trim().split_once(',') {
            clusters.insert(id.to_owned(), cluster.to_owned());
        }
    }
    let (mut rows, mut mended) = (Vec::new(), 0);
    for line in std::fs::read_to_string(folder.join("records.jsonl"))?.lines() {
        let record: Value = serde_json::from_str(line)?;
        let id = record.get("id").and_then(Value::as_str).ok_or("a record has no id")?.to_owned();
        let cluster = clusters.get(&id).ok_or_else(|| format!("{id} is in no cluster"))?.clone();
        // What is not an opportunity is not served, so nobody sees it twice.
        let Some((row, is_mended)) = published(&record)? else { continue };
        mended += usize::from(is_mended);
        rows.push((id, cluster, row));
    }
    Ok(Set { name, rows, mended })
}

/// The fields of a set's records, and our names for them.
const NAMES: [(&str, &str); 14] = [
    ("id", "external_id"),
    ("title", "title"),
    ("organization", "organization"),
    ("place", "place"),
    ("contract", "contract"),
    ("published_on", "posted_at"),
    ("closes_on", "closes_at"),
    ("amount", "salary"),
    ("level", "education"),
    ("experience", "experience"),
    ("url", "url"),
    ("language", "language"),
    ("status", "status"),
    ("body", "description"),
];

/// Reads a record, and returns whether a field was refused. A refused field is left out, so that the row still takes part. None: it is
/// not an opportunity.
fn published(record: &Value) -> Result<Option<(Opportunity, bool)>, Failure> {
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let kind = match text("kind").ok_or("no kind")? {
        "job" | "internship" => Kind::Job,
        "training" => Kind::Training,
        "agr" | "project" => Kind::Agr,
        _ => Kind::Microfinance,
    };
    let mut draft = Draft::new(kind, Value::Null);
    for (theirs, ours) in NAMES {
        if let (Some(words), Some(field)) = (text(theirs), draft.field_mut(ours)) {
            *field = Some(words.to_owned());
        }
    }
    if let Some(contact) = text("contact") {
        draft.description = Some(format!("{}\nContact : {contact}", draft.description.unwrap_or_default()));
    }
    if text("kind") == Some("internship") && draft.contract.is_none() {
        draft.contract = Some("Stage".to_owned());
    }
    let context = context(text("source").ok_or("no source")?)?;
    let mut is_mended = false;
    loop {
        match normalize(draft.clone(), &context) {
            Ok(row) => return Ok(Some((row, is_mended))),
            Err(refused) => {
                let field = match &refused.reason {
                    Reason::UnknownPlace(_) => "place",
                    Reason::UnreadableAmount(_) => "salary",
                    Reason::BadUrl(_) => "url",
                    Reason::UnreadableDate(words) if words.starts_with("closes_at") => "closes_at",
                    Reason::NoOpportunity(_) => return Ok(None),
                    other => return Err(format!("{other}: {record}").into()),
                };
                match draft.field_mut(field) {
                    Some(words) if words.is_some() => *words = None,
                    _ => return Err(format!("{}: {record}", refused.reason).into()),
                }
                is_mended = true;
            }
        }
    }
}

//! The labelled pairs, read as a partner would have published them.

use std::path::Path;

use domain::{Draft, Opportunity};
use normalize::{Context, normalize};
use serde_json::Value;

/// A pair and what a person says of it.
pub(crate) struct Pair {
    /// Whether it is one opportunity.
    pub(crate) same: bool,
    /// Its class.
    pub(crate) why: String,
    /// The two rows.
    pub(crate) rows: [Opportunity; 2],
}

/// The pairs of a part: `tune`, on which rules are made, or `held`, on which they are judged.
pub(crate) fn part(name: &str) -> Result<Vec<Pair>, Box<dyn std::error::Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../benches/data/duplicates")
        .join(format!("{name}.jsonl"));
    let mut pairs = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let part = |key: &str| line.get(key).ok_or_else(|| format!("a pair of {name} has no {key}"));
        let same = part("same")?.as_bool().unwrap_or_default();
        let why = part("why")?.as_str().unwrap_or_default().to_owned();
        pairs.push(Pair { same, why, rows: [row(part("a")?)?, row(part("b")?)?] });
    }
    Ok(pairs)
}

fn row(record: &Value) -> Result<Opportunity, Box<dyn std::error::Error>> {
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let mut draft = Draft::new(text("kind").ok_or("no kind")?.parse()?, Value::Null);
    for name in Draft::FIELDS {
        if let (Some(words), Some(field)) = (text(name), draft.field_mut(name)) {
            // A field of several places.
            *field = Some(words.replace(" | ", " ; "));
        }
    }
    let context = Context {
        source: text("source").ok_or("no source")?.parse()?,
        stream: "offres".parse()?,
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: "2026-11-21T10:00:00Z".parse()?,
    };
    normalize(draft, &context).map_err(|refused| format!("{}: {record}", refused.reason).into())
}

/// How well pairs are told apart.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    /// Of those called the same, the share that is.
    pub(crate) precision: f64,
    /// Of those that are the same, the share called so.
    pub(crate) recall: f64,
    /// Of those that are the same, the share that blocking brings together.
    pub(crate) met: f64,
}

impl Score {
    /// The harmonic mean of precision and recall.
    pub(crate) fn f1(self) -> f64 {
        2.0 * self.precision * self.recall / (self.precision + self.recall)
    }

    /// The score over pairs.
    pub(crate) fn of(pairs: &[Pair]) -> Self {
        use dedupe::{Sketch, compare};
        let (mut right, mut called, mut same, mut met) = (0.0, 0.0, 0.0, 0.0);
        for pair in pairs {
            let [a, b] = pair.rows.each_ref().map(Sketch::of);
            let found = compare(&a, &b).is_same();
            called += f64::from(u8::from(found));
            if pair.same {
                same += 1.0;
                right += f64::from(u8::from(found));
                let keys = b.keys();
                met += f64::from(u8::from(a.keys().iter().any(|key| keys.contains(key))));
            }
        }
        Self { precision: right / called, recall: right / same, met: met / same }
    }
}

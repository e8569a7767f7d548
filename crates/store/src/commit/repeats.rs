//! Records that a page shows more than once.

use std::collections::HashMap;

use domain::{Fingerprint, Opportunity, OpportunityId, Reason, Rejection};
use serde_json::Value;

use super::{Reading, Unchanged, Wanted};
use crate::Visit;

/// The content of each record at its first occurrence on a page.
pub(super) type First = HashMap<OpportunityId, Fingerprint>;

/// A [`Reading`] in which no opportunity occurs twice.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) opportunities: Vec<Opportunity>,
    /// Records whose published row is up to date, or that repeat an earlier one of the page.
    pub(super) unchanged: usize,
    pub(super) rejections: Vec<Rejection>,
    pub(super) wanted: Vec<Wanted>,
    pub(super) visit: Option<Visit>,
    pub(super) alarm: Option<String>,
    pub(super) notes: Vec<String>,
}

impl Content {
    /// Takes the repeated records out. A repeated record counts as unchanged if its content is equal, and is rejected
    /// otherwise. `first`: what earlier parts of the page showed.
    pub(super) fn of(reading: Reading, first: &mut First) -> Self {
        let Reading { opportunities, unchanged, mut rejections, wanted, visit, alarm, notes } = reading;
        let (opportunities, repeats) = without_repeats(opportunities, &mut rejections, first);
        let unchanged = repeats + known_repeats(unchanged, &mut rejections, first);
        Self { opportunities, unchanged, rejections, wanted, visit, alarm, notes }
    }
}

/// Keeps one row per opportunity. Returns how many of the repeated records equal the first one.
fn without_repeats(
    all: Vec<Opportunity>,
    rejections: &mut Vec<Rejection>,
    first: &mut First,
) -> (Vec<Opportunity>, usize) {
    let mut repeats = 0;
    let mut kept = Vec::with_capacity(all.len());
    for opportunity in all {
        match first.get(&opportunity.id) {
            None => {
                first.insert(opportunity.id, opportunity.fingerprint);
                kept.push(opportunity);
            }
            Some(known) if *known == opportunity.fingerprint => repeats += 1,
            Some(_) => rejections.push(Rejection::with_clean_reason(
                Reason::RepeatedIdentity(opportunity.external_id.clone()),
                Some(opportunity.external_id.clone()),
                serde_json::to_value(&opportunity).unwrap_or(Value::Null),
            )),
        }
    }
    (kept, repeats)
}

/// Does the same for records whose draft is known. Returns how many of them count as unchanged.
fn known_repeats(all: Vec<Unchanged>, rejections: &mut Vec<Rejection>, first: &mut First) -> usize {
    let mut unchanged = 0;
    for record in all {
        if *first.entry(record.id).or_insert(record.fingerprint) == record.fingerprint {
            unchanged += 1;
        } else {
            let said = serde_json::json!({ "external_id": record.external_id });
            let reason = Reason::RepeatedIdentity(record.external_id.clone());
            rejections.push(Rejection::with_clean_reason(reason, Some(record.external_id), said));
        }
    }
    unchanged
}

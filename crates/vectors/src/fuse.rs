//! Joining the two sides of a search.
//!
//! score = 0.5 × cosine + 0.5 × BM25 / the best BM25 of this query. A hit of one side only has zero on the other. Reciprocal
//! ranks were tried against it: they forget how much better the first is than the second, and a person cannot read them.

use std::collections::HashMap;

use opportunity::OpportunityId;

use crate::{Hit, Payload};

/// Candidates taken from each side: beyond them a hit of one side cannot come among the first of both.
pub(crate) const CANDIDATES: usize = 64;

/// A candidate of one side.
pub(crate) struct Candidate {
    pub(crate) id: OpportunityId,
    pub(crate) score: f32,
    pub(crate) payload: Payload,
}

/// The best of both sides, at most `limit`; equal ones in the order of their ids.
pub(crate) fn fuse(dense: Vec<Candidate>, sparse: Vec<Candidate>, limit: usize) -> Vec<Hit> {
    let best = sparse.iter().map(|candidate| candidate.score).fold(0.0_f32, f32::max);
    let mut hits = HashMap::<OpportunityId, Hit>::new();
    let halves = dense
        .into_iter()
        .map(|candidate| (candidate, 1.0))
        .chain(sparse.into_iter().map(|candidate| (candidate, best)));
    for (candidate, scale) in halves {
        let share = if scale > 0.0 { (candidate.score / scale).clamp(0.0, 1.0) / 2.0 } else { 0.0 };
        hits.entry(candidate.id).and_modify(|hit| hit.score += share).or_insert(Hit {
            id: candidate.id,
            score: share,
            payload: candidate.payload,
        });
    }
    let mut hits: Vec<Hit> = hits.into_values().collect();
    hits.sort_by(|left, right| right.score.total_cmp(&left.score).then(left.id.cmp(&right.id)));
    hits.truncate(limit);
    hits
}

//! Joining the two sides of a search.
//!
//! score = share × likeness + (1 − share) × words
//!
//! *Words* is the BM25 score of the hit by the best that the question could get: the sum, over its terms, of the score of the best
//! document for each term alone. It is 1 if every term is met as well as anywhere in the index. *Likeness* is the cosine of the dense
//! vectors between the least (0) and the greatest (1) of the candidates. Cosines of a model lie close together and anywhere (those of
//! e5 between 0.75 and 0.9), so as they are they would drown the words or be drowned. A side that did not find the hit gives zero.
//! Without a dense side the share is 0. It is computed here, so every index gives the same answer.
//!
//! The share of a model is measured with `benches --bin search`.

use std::collections::HashMap;

use domain::OpportunityId;

use crate::{Hit, Payload};

/// Candidates taken from each side. A hit that is on one side only beyond them scores less than any that is on both before it.
const CANDIDATES: usize = 64;
/// Scores are rounded to this, so that sums made in another order on another machine are equal and not nearly equal.
const STEP: f32 = 10_000.0;
/// The share of models that were measured, by a part of their names.
const SHARES: [(&str, f32); 1] = [("e5", 0.1)];
/// The share of a model that was not.
const SHARE: f32 = 0.15;

/// A candidate of one side.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) id: OpportunityId,
    pub(crate) score: f32,
    pub(crate) payload: Payload,
}

/// The candidates of both sides, and what their scores are measured by.
pub(crate) struct Sides {
    pub(crate) dense: Vec<Candidate>,
    pub(crate) words: Vec<Candidate>,
    /// The best BM25 score that the question could get.
    pub(crate) ideal: f32,
    /// The share of the dense side.
    pub(crate) share: f32,
}

/// How many candidates of each side a search for `limit` hits needs.
pub(crate) fn candidates(limit: usize) -> usize {
    CANDIDATES.max(limit)
}

/// Returns how much the likeness of meanings counts beside words and categories, from 0 to 1, by the name of the model.
pub(crate) fn share_of(model: &str) -> f32 {
    // A digest may have any letters.
    let model = model.split('@').next().unwrap_or_default().to_ascii_lowercase();
    SHARES.iter().find(|(part, _)| model.contains(part)).map_or(SHARE, |(_, share)| *share)
}

/// A score as it is given.
pub(crate) fn rounded(score: f32) -> f32 {
    (score * STEP).round() / STEP
}

/// The part of the dense side in the score of each of its candidates.
pub(crate) fn likenesses(dense: &[Candidate], share: f32) -> HashMap<OpportunityId, f32> {
    let scores = || dense.iter().map(|candidate| candidate.score);
    let (least, best) = (scores().fold(f32::INFINITY, f32::min), scores().fold(f32::NEG_INFINITY, f32::max));
    let scaled = |score: f32| if best > least { (score - least) / (best - least) } else { 1.0 };
    dense.iter().map(|candidate| (candidate.id, share * scaled(candidate.score))).collect()
}

/// The best of both sides, at most `limit`; equal ones in the order of their ids.
pub(crate) fn fuse(sides: Sides, limit: usize) -> Vec<Hit> {
    let Sides { dense, words, ideal, share } = sides;
    let likenesses = likenesses(&dense, share);
    let by = |score: f32| if ideal > 0.0 { (1.0 - share) * (score / ideal).clamp(0.0, 1.0) } else { 0.0 };
    let mut hits = HashMap::<OpportunityId, Hit>::new();
    let dense = dense.into_iter().map(|candidate| {
        let part = likenesses.get(&candidate.id).copied().unwrap_or_default();
        (candidate, part)
    });
    let words = words.into_iter().map(|candidate| {
        let part = by(candidate.score);
        (candidate, part)
    });
    for (candidate, part) in dense.chain(words) {
        let Candidate { id, payload, .. } = candidate;
        hits.entry(id).or_insert(Hit { id, score: 0.0, payload, parts: None }).score += part;
    }
    let mut hits: Vec<Hit> = hits.into_values().collect();
    for hit in &mut hits {
        hit.score = rounded(hit.score);
    }
    hits.sort_by(|left, right| right.score.total_cmp(&left.score).then(left.id.cmp(&right.id)));
    hits.truncate(limit);
    hits
}

#[cfg(test)]
mod tests;

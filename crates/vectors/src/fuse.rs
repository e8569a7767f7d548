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
    let model = model.to_ascii_lowercase();
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
mod tests {
    use std::cmp::Ordering;

    use domain::SourceSlug;

    use super::*;

    fn id(name: &str) -> OpportunityId {
        OpportunityId::of(&SourceSlug::new("fne").unwrap(), name)
    }

    fn side(candidates: &[(&str, f32)]) -> Vec<Candidate> {
        let candidate = |(name, score): &(&str, f32)| Candidate {
            id: id(name),
            score: *score,
            payload: Payload { title: (*name).to_owned(), ..Payload::default() },
        };
        candidates.iter().map(candidate).collect()
    }

    fn fused(dense: &[(&str, f32)], words: &[(&str, f32)], share: f32, limit: usize) -> Vec<(String, f32)> {
        let sides = Sides { dense: side(dense), words: side(words), ideal: 20.0, share };
        fuse(sides, limit).into_iter().map(|hit| (hit.payload.title, hit.score)).collect()
    }

    #[test]
    fn each_side_is_measured_by_its_own_scale() {
        let hits = fused(&[("a", 0.88), ("b", 0.86), ("c", 0.78)], &[("b", 15.0), ("d", 5.0)], 0.4, 10);
        let wanted = [("b", 0.77), ("a", 0.4), ("d", 0.15), ("c", 0.0)];
        assert_eq!(hits, wanted.map(|(name, score)| (name.to_owned(), score)));
    }

    #[test]
    fn equal_hits_come_in_the_order_of_their_ids_whatever_the_order_they_were_found_in() {
        let mut names = ["a", "b", "c", "d", "e"];
        let mut wanted = names;
        wanted.sort_by_key(|name| id(name));
        for _ in 0..5 {
            names.rotate_left(1);
            let hits = fused(&names.map(|name| (name, 0.5)), &[], 0.5, 3);
            assert_eq!(hits.iter().map(|hit| hit.0.as_str()).collect::<Vec<_>>(), wanted[..3]);
        }
    }

    #[test]
    fn nearly_equal_is_equal() {
        let hits = fused(&[], &[("a", 5.000_01), ("b", 5.0)], 0.0, 2);
        assert_eq!(hits[0].1.total_cmp(&hits[1].1), Ordering::Equal);
    }

    #[test]
    fn scores_that_are_no_scores_do_no_harm() {
        assert!(fused(&[], &[], 0.5, 5).is_empty());
        assert_eq!(fused(&[], &[("a", 0.0)], 0.0, 5), [("a".to_owned(), 0.0)]);
        assert_eq!(fused(&[], &[("a", 20.000_01)], 0.0, 5), [("a".to_owned(), 1.0)]);
        let nothing = Sides { dense: Vec::new(), words: side(&[("a", 3.0)]), ideal: 0.0, share: 0.0 };
        assert_eq!(fuse(nothing, 5)[0].score.total_cmp(&0.0), Ordering::Equal);
        assert_eq!((candidates(10), candidates(200)), (64, 200));
    }

    #[test]
    fn a_model_has_the_share_it_was_measured_with() {
        for (model, share) in [("bge-m3:latest", SHARE), ("Multilingual-E5-small", 0.1)] {
            assert!((share_of(model) - share).abs() < f32::EPSILON, "{model}");
        }
    }
}

//! A search as lookups, which any index can do.
//!
//! First, in one request: the nearest by the dense vector, the best for all terms together, and the best for each term alone, whose
//! sum is what the question could get at most ([`crate::fuse`]). Where nothing that the question names is in any document, nothing is found. Then, if the parts of the scores are asked for: each term alone,
//! among the hits.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::{OpportunityId, term::TermKind};

use crate::{
    Filter, Hit, Part, PartOf, Query, Sparse, VectorError,
    bm25::{Feature, features},
    fuse::{Candidate, Sides, candidates, fuse, likenesses, rounded},
};

/// One lookup.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) near: Near,
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
}

/// What it looks for.
#[derive(Debug, Clone)]
pub(crate) enum Near {
    /// The nearest vectors.
    Dense(Vec<f32>),
    /// The best for words and categories.
    Words(Sparse),
}

/// What does lookups.
#[async_trait]
pub(crate) trait Looks: Sync {
    /// The candidates of each lookup, best first. An empty vector of words finds nothing.
    async fn look(&self, looks: Vec<Look>) -> Result<Vec<Vec<Candidate>>, VectorError>;
}

/// The hits of a search by an index whose model has this share.
pub(crate) async fn search(index: &impl Looks, share: f32, query: Query) -> Result<Vec<Hit>, VectorError> {
    let Query { terms, dense, filter, limit, share: given, explain } = query;
    let features = features(&terms);
    let share = match (&dense, features.is_empty()) {
        (None, _) => 0.0,
        (Some(_), true) => 1.0,
        (Some(_), false) => given.unwrap_or(share),
    };
    let is_by_words = dense.is_none();
    let mut looks = vec![look(Sparse::of_features(&features), filter.clone(), candidates(limit))];
    looks.extend(features.iter().map(|feature| look(alone(feature), Filter::default(), 1)));
    if let Some(dense) = dense {
        looks.push(Look { near: Near::Dense(dense), filter: filter.clone(), limit: candidates(limit) });
    }
    let mut found = index.look(looks).await?.into_iter();
    let words = found.next().unwrap_or_default();
    let best = found.by_ref().take(features.len()).map(|best| best.first().map(|best| best.score));
    let best: Vec<Option<f32>> = best.collect();
    let mut met = features.iter().zip(&best).filter(|(_, best)| best.is_some());
    if is_by_words && !met.any(|(feature, _)| feature.term.kind != TermKind::Assumed) {
        return Ok(Vec::new());
    }
    let ideal = best.iter().flatten().sum();
    let dense = found.next().unwrap_or_default();
    let likenesses = likenesses(&dense, share);
    let hits = fuse(Sides { dense, words, ideal, share }, limit);
    if !explain || hits.is_empty() {
        return Ok(hits);
    }
    let by = if ideal > 0.0 { (1.0 - share) / ideal } else { 0.0 };
    explained(index, &features, by, &likenesses, hits).await
}

/// The hits with the parts of their scores. `by` is what a point of BM25 adds to a score.
async fn explained(
    index: &impl Looks,
    features: &[Feature],
    by: f32,
    likenesses: &HashMap<OpportunityId, f32>,
    mut hits: Vec<Hit>,
) -> Result<Vec<Hit>, VectorError> {
    let among = Filter { among: hits.iter().map(|hit| hit.id).collect(), ..Filter::default() };
    let looks = features.iter().map(|feature| look(alone(feature), among.clone(), hits.len())).collect();
    let found = index.look(looks).await?;
    for hit in &mut hits {
        let of_term = |(feature, found): (&Feature, &Vec<Candidate>)| {
            let score = found.iter().find(|candidate| candidate.id == hit.id)?.score;
            let of = match feature.term.kind {
                TermKind::Word => PartOf::Word,
                TermKind::Category | TermKind::Assumed => PartOf::Category,
            };
            Some(Part { of, name: feature.term.name.clone(), score: rounded(score * by) })
        };
        let mut parts: Vec<Part> = features.iter().zip(&found).filter_map(of_term).collect();
        if let Some(score) = likenesses.get(&hit.id) {
            parts.push(Part { of: PartOf::Meaning, name: "meaning".to_owned(), score: rounded(*score) });
        }
        parts.retain(|part| part.score > 0.0);
        parts.sort_by(|left, right| right.score.total_cmp(&left.score));
        hit.parts = Some(parts);
    }
    Ok(hits)
}

fn look(words: Sparse, filter: Filter, limit: usize) -> Look {
    Look { near: Near::Words(words), filter, limit }
}

/// A term as the only one.
fn alone(feature: &Feature) -> Sparse {
    Sparse::of_features(std::slice::from_ref(feature))
}

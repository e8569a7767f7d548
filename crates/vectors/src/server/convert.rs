//! Between our types and Qdrant's.

use domain::OpportunityId;
use qdrant_client::{
    Payload as ServerPayload,
    qdrant::{
        Condition, Filter as ServerFilter, NamedVectors, PointId, PointStruct, Range, ScoredPoint, Vector,
        point_id::PointIdOptions,
    },
};
use serde_json::Value;

use crate::{
    BM25, DENSE, Document, Filter, Sparse, VectorError, document::CLOSES_BY, fuse::Candidate, words::Words,
};

/// The point of a document.
pub(super) fn point(
    words: &mut Words,
    document: &Document,
    dense: Vec<f32>,
) -> Result<PointStruct, VectorError> {
    let sparse = Sparse::document(words, &document.text);
    let vectors = NamedVectors::default()
        .add_vector(DENSE, Vector::new_dense(dense))
        .add_vector(BM25, Vector::new_sparse(sparse.indices, sparse.values));
    let payload =
        ServerPayload::try_from(document.payload.kept()?).map_err(VectorError::doing("keep a payload"))?;
    Ok(PointStruct::new(document.id.to_string(), vectors, payload))
}

/// Qdrant's filter, where ours leaves anything out.
pub(super) fn filter(filter: &Filter) -> Option<ServerFilter> {
    let mut must: Vec<Condition> =
        filter.lists().into_iter().map(|(key, values)| Condition::matches(key, values.to_vec())).collect();
    if let Some(day) = filter.closes_from() {
        must.push(Condition::range(CLOSES_BY, Range { gte: Some(day), ..Range::default() }));
    }
    (!must.is_empty()).then(|| ServerFilter::must(must))
}

/// The opportunity of a point; points of ours have no other ids.
pub(super) fn id(id: &PointId) -> Option<OpportunityId> {
    match id.point_id_options.as_ref()? {
        PointIdOptions::Uuid(id) => id.parse().ok(),
        PointIdOptions::Num(_) => None,
    }
}

/// A point found, if it is one of ours.
pub(super) fn candidate(point: ScoredPoint) -> Option<Candidate> {
    let id = id(point.id.as_ref()?)?;
    let map = point.payload.into_iter().map(|(key, value)| (key, value.into_json())).collect();
    let payload = serde_json::from_value(Value::Object(map)).ok()?;
    Some(Candidate { id, score: point.score, payload })
}

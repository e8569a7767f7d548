//! Between our types and the engine's.

use std::collections::HashMap;

use domain::OpportunityId;
use qdrant_edge::{
    AnyVariants, Condition, Distance, EdgeConfig, EdgeSparseVectorParams, EdgeVectorParams, FieldCondition,
    Filter as EdgeFilter, JsonPath, Match, MatchAny, Modifier, PointId, PointStruct, PointStructPersisted,
    Range, ScoredPoint, Vector, Vectors, external::ordered_float::OrderedFloat,
};
use serde_json::Value;

use crate::{
    BM25, DENSE, Document, Filter, Sparse, VectorError, document::CLOSES_BY, fuse::Candidate, words::Words,
};

/// Two vectors a point: dense by cosine, BM25 with document frequencies by the engine.
pub(super) fn config(dimensions: usize) -> EdgeConfig {
    let dense = EdgeVectorParams::builder(dimensions, Distance::Cosine).build();
    let sparse = EdgeSparseVectorParams { modifier: Some(Modifier::Idf), ..Default::default() };
    EdgeConfig {
        on_disk_payload: true,
        vectors: HashMap::from([(DENSE.into(), dense)]),
        sparse_vectors: HashMap::from([(BM25.into(), sparse)]),
        ..Default::default()
    }
}

/// The point of a document.
pub(super) fn point(
    words: &mut Words,
    document: &Document,
    dense: Vec<f32>,
) -> Result<PointStructPersisted, VectorError> {
    let sparse = Sparse::document(words, &document.text);
    let sparse = Vector::new_sparse(sparse.indices, sparse.values)
        .map_err(|error| VectorError::doing("take a text's words")(error.to_string()))?;
    let vectors = Vectors::new_named([(DENSE, Vector::from(dense)), (BM25, sparse)]);
    Ok(PointStruct::new(PointId::Uuid(document.id.uuid()), vectors, document.payload.kept()?).into())
}

/// A key of the payload, as the engine names it.
pub(super) fn field(key: &str) -> Result<JsonPath, VectorError> {
    key.try_into().map_err(|()| VectorError::doing("name a field")(key))
}

/// The engine's filter, where ours leaves anything out.
pub(super) fn condition(filter: &Filter) -> Result<Option<EdgeFilter>, VectorError> {
    let mut must = Vec::new();
    for (key, values) in filter.lists() {
        let any = AnyVariants::Strings(values.iter().cloned().collect());
        must.push(Condition::Field(FieldCondition::new_match(field(key)?, Match::Any(MatchAny { any }))));
    }
    if let Some(day) = filter.closes_from() {
        let range = Range { gte: Some(OrderedFloat(day)), lt: None, gt: None, lte: None };
        must.push(Condition::Field(FieldCondition::new_range(field(CLOSES_BY)?, range)));
    }
    Ok((!must.is_empty()).then(|| EdgeFilter { must: Some(must), ..EdgeFilter::default() }))
}

/// The opportunity of a point; points of ours have no other ids.
pub(super) fn opportunity(id: &PointId) -> Option<OpportunityId> {
    match id {
        PointId::Uuid(id) => Some(OpportunityId::from(*id)),
        PointId::NumId(_) => None,
    }
}

/// A point found, if it is one of ours.
pub(super) fn candidate(point: ScoredPoint) -> Option<Candidate> {
    let payload = serde_json::from_value(Value::Object(point.payload?.0)).ok()?;
    Some(Candidate { id: opportunity(&point.id)?, score: point.score, payload })
}

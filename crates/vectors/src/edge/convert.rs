//! Between our types and the engine's.

use std::collections::HashMap;

use domain::OpportunityId;
use qdrant_edge::{
    AnyVariants, Condition, Distance, EdgeConfig, EdgeSparseVectorParams, EdgeVectorParams, FieldCondition,
    Filter as EdgeFilter, JsonPath, Match, MatchAny, Modifier, PointId, PointStruct, PointStructPersisted,
    Range, Record, ScoredPoint, Vector, VectorInternal, VectorStructInternal, Vectors,
    external::ordered_float::OrderedFloat,
};
use serde_json::Value;

use crate::{BM25, DENSE, Depth, Filter, Held, Key, Point, VectorError, fuse::Candidate};

/// Two vectors a point: dense by cosine, if there are any, and BM25 with document frequencies by the engine.
pub(super) fn config(dimensions: usize) -> EdgeConfig {
    let dense = || EdgeVectorParams::builder(dimensions, Distance::Cosine).build();
    let sparse = EdgeSparseVectorParams { modifier: Some(Modifier::Idf), ..Default::default() };
    EdgeConfig {
        on_disk_payload: true,
        vectors: (dimensions > 0).then(|| (DENSE.into(), dense())).into_iter().collect(),
        sparse_vectors: HashMap::from([(BM25.into(), sparse)]),
        ..Default::default()
    }
}

/// A point, as the engine takes it.
pub(super) fn point(point: Point) -> Result<PointStructPersisted, VectorError> {
    let sparse = Vector::new_sparse(point.words.indices, point.words.values)
        .map_err(|error| VectorError::doing("take a text's words")(error.to_string()))?;
    let dense = (!point.dense.is_empty()).then(|| (DENSE, Vector::from(point.dense)));
    let vectors = Vectors::new_named(dense.into_iter().chain([(BM25, sparse)]));
    Ok(PointStruct::new(PointId::Uuid(point.id.uuid()), vectors, point.payload).into())
}

/// The engine's name of a point.
pub(super) fn id(key: Key) -> PointId {
    match key {
        Key::Number(number) => PointId::NumId(number),
        Key::Opportunity(id) => PointId::Uuid(id.uuid()),
    }
}

/// Our name of a point.
pub(super) fn key(id: &PointId) -> Key {
    match id {
        PointId::NumId(number) => Key::Number(*number),
        PointId::Uuid(id) => Key::Opportunity(OpportunityId::from(*id)),
    }
}

/// A point as the engine holds it.
pub(super) fn held(record: Record, depth: Depth) -> Held {
    let payload = record.payload.map(|payload| payload.0).unwrap_or_default();
    let named = match &record.vector {
        Some(VectorStructInternal::Named(named)) => Some(named),
        _ => None,
    };
    let dense = named.and_then(|named| named.get(DENSE)).and_then(|vector| match vector {
        VectorInternal::Dense(dense) => Some(dense.as_slice()),
        _ => None,
    });
    let words = named.and_then(|named| named.get(BM25)).and_then(|vector| match vector {
        VectorInternal::Sparse(words) => Some((words.indices.as_slice(), words.values.as_slice())),
        _ => None,
    });
    Held::read(key(&record.id), payload, dense, words, depth)
}

/// A key of the payload, as the engine names it.
pub(super) fn field(key: &str) -> Result<JsonPath, VectorError> {
    key.try_into().map_err(|()| VectorError::doing("name a field")(key))
}

/// The engine's filter, where ours leaves anything out.
pub(super) fn condition(filter: &Filter) -> Result<Option<EdgeFilter>, VectorError> {
    let mut must = Vec::new();
    for (key, values) in filter.lists() {
        let any = AnyVariants::Strings(values.into_iter().collect());
        must.push(Condition::Field(FieldCondition::new_match(field(key)?, Match::Any(MatchAny { any }))));
    }
    for (key, wanted) in filter.flags() {
        let is = Match::from(wanted);
        must.push(Condition::Field(FieldCondition::new_match(field(key)?, is)));
    }
    for (key, from, to) in filter.ranges() {
        let range = Range { gte: from.map(OrderedFloat), lte: to.map(OrderedFloat), lt: None, gt: None };
        must.push(Condition::Field(FieldCondition::new_range(field(key)?, range)));
    }
    must.extend(these(&filter.among));
    let must_not: Vec<_> = these(&filter.but).into_iter().collect();
    let given = |list: Vec<Condition>| (!list.is_empty()).then_some(list);
    let filter = EdgeFilter { must: given(must), must_not: given(must_not), ..EdgeFilter::default() };
    Ok((filter != EdgeFilter::default()).then_some(filter))
}

/// A condition on the ids of points, if any are named.
fn these(ids: &[OpportunityId]) -> Option<Condition> {
    (!ids.is_empty()).then(|| Condition::HasId(ids.iter().map(|id| PointId::Uuid(id.uuid())).collect()))
}

/// A point found, if it is one of ours.
pub(super) fn candidate(point: ScoredPoint) -> Option<Candidate> {
    let payload = serde_json::from_value(Value::Object(point.payload?.0)).ok()?;
    Some(Candidate { id: key(&point.id).opportunity()?, score: point.score, payload })
}

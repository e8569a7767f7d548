//! Between our types and Qdrant's.

use domain::OpportunityId;
use qdrant_client::{
    Payload as ServerPayload,
    qdrant::{
        Condition, Filter as ServerFilter, NamedVectors, PointId, PointStruct, Range, RetrievedPoint,
        ScoredPoint, Vector, VectorOutput, point_id::PointIdOptions, vector_output,
        vectors_output::VectorsOptions,
    },
};
use serde_json::Value;

use crate::{BM25, DENSE, Depth, Filter, Held, Key, Point, VectorError, fuse::Candidate, point::VERSION};

/// A point, as the server takes it.
pub(super) fn point(point: Point) -> Result<PointStruct, VectorError> {
    let words = Vector::new_sparse(point.words.indices, point.words.values);
    let mut vectors = NamedVectors::default().add_vector(BM25, words);
    if !point.dense.is_empty() {
        vectors = vectors.add_vector(DENSE, Vector::new_dense(point.dense));
    }
    let payload = ServerPayload::try_from(point.payload).map_err(VectorError::doing("keep a payload"))?;
    Ok(PointStruct::new(point.id.to_string(), vectors, payload))
}

/// What a write with this number may replace: points of earlier ones, and those that name none.
pub(super) fn not_after(version: i64) -> ServerFilter {
    #[allow(clippy::cast_precision_loss, reason = "a sequence does not come to 2^53")]
    let later = Range { gt: Some(version as f64), ..Range::default() };
    ServerFilter::must_not([Condition::range(VERSION, later)])
}

/// The same of these points alone.
pub(super) fn these_not_after(keys: &[Key], version: i64) -> ServerFilter {
    let these = Condition::has_id(keys.iter().map(|key| point_id(*key)));
    ServerFilter { must: vec![these], ..not_after(version) }
}

/// The server's name of a point.
pub(super) fn point_id(key: Key) -> PointId {
    match key {
        Key::Number(number) => number.into(),
        Key::Opportunity(id) => id.to_string().into(),
    }
}

/// A point as the server holds it.
pub(super) fn held(point: RetrievedPoint, depth: Depth) -> Option<Held> {
    let key = key(point.id.as_ref()?)?;
    let payload = point.payload.into_iter().map(|(key, value)| (key, value.into_json())).collect();
    let mut named = match point.vectors.and_then(|vectors| vectors.vectors_options) {
        Some(VectorsOptions::Vectors(named)) => named.vectors,
        _ => std::collections::HashMap::default(),
    };
    let dense = match named.remove(DENSE).map(VectorOutput::into_vector) {
        Some(vector_output::Vector::Dense(dense)) => Some(dense.data),
        _ => None,
    };
    let words = match named.remove(BM25).map(VectorOutput::into_vector) {
        Some(vector_output::Vector::Sparse(words)) => Some(words),
        _ => None,
    };
    let words = words.as_ref().map(|words| (words.indices.as_slice(), words.values.as_slice()));
    Some(Held::read(key, payload, dense.as_deref(), words, depth))
}

/// Qdrant's filter, where ours leaves anything out.
pub(super) fn filter(filter: &Filter) -> Option<ServerFilter> {
    let mut must: Vec<Condition> =
        filter.lists().into_iter().map(|(key, values)| Condition::matches(key, values)).collect();
    must.extend(filter.flags().into_iter().map(|(key, wanted)| Condition::matches(key, wanted)));
    for (key, gte, lte) in filter.ranges() {
        must.push(Condition::range(key, Range { gte, lte, ..Range::default() }));
    }
    must.extend(these(&filter.among));
    let must_not: Vec<Condition> = these(&filter.but).into_iter().collect();
    let filter = ServerFilter { must, must_not, ..ServerFilter::default() };
    (filter != ServerFilter::default()).then_some(filter)
}

/// A condition on the ids of points, if any are named.
fn these(ids: &[OpportunityId]) -> Option<Condition> {
    (!ids.is_empty()).then(|| Condition::has_id(ids.iter().map(ToString::to_string)))
}

/// Our name of a point.
pub(super) fn key(id: &PointId) -> Option<Key> {
    match id.point_id_options.as_ref()? {
        PointIdOptions::Uuid(id) => id.parse().ok().map(Key::Opportunity),
        PointIdOptions::Num(number) => Some(Key::Number(*number)),
    }
}

/// A point found, if it is one of ours.
pub(super) fn candidate(point: ScoredPoint) -> Option<Candidate> {
    let id = key(point.id.as_ref()?)?.opportunity()?;
    let map = point.payload.into_iter().map(|(key, value)| (key, value.into_json())).collect();
    let payload = serde_json::from_value(Value::Object(map)).ok()?;
    Some(Candidate { id, score: point.score, payload })
}

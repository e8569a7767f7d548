//! Between our types and Qdrant's.

use opportunity::OpportunityId;
use qdrant_client::{
    Payload as ServerPayload,
    qdrant::{
        Condition, Filter as ServerFilter, NamedVectors, PointId, PointStruct, Range, ScoredPoint, Vector,
        point_id::PointIdOptions,
    },
};

use super::{BM25, DENSE};
use crate::{Document, Filter, Payload, Sparse, VectorError, document::NEVER, fuse::Candidate};

pub(super) fn point(document: &Document, dense: Vec<f32>) -> Result<PointStruct, VectorError> {
    let words = Sparse::of_document(&document.text);
    let vectors = NamedVectors::default()
        .add_vector(DENSE, Vector::new_dense(dense))
        .add_vector(BM25, Vector::new_sparse(words.indices, words.values));
    let mut payload =
        serde_json::to_value(&document.payload).map_err(VectorError::doing("keep a payload"))?;
    if let Some(map) = payload.as_object_mut() {
        map.insert("closes_by".to_owned(), document.payload.closes_on.unwrap_or(NEVER).into());
    }
    let payload = ServerPayload::try_from(payload)
        .map_err(|error| VectorError::doing("keep a payload")(super::boxed(error)))?;
    Ok(PointStruct::new(document.id.to_string(), vectors, payload))
}

pub(super) fn filter(filter: &Filter) -> Option<ServerFilter> {
    let mut must: Vec<Condition> =
        filter.lists().into_iter().map(|(key, values)| Condition::matches(key, values.to_vec())).collect();
    if let Some(day) = filter.closes_from() {
        #[allow(clippy::cast_precision_loss, reason = "days are far below 2^52")]
        must.push(Condition::range("closes_by", Range { gte: Some(day as f64), ..Range::default() }));
    }
    (!must.is_empty()).then(|| ServerFilter::must(must))
}

pub(super) fn id(id: &PointId) -> Option<OpportunityId> {
    match id.point_id_options.as_ref()? {
        PointIdOptions::Uuid(id) => id.parse().ok(),
        PointIdOptions::Num(_) => None,
    }
}

pub(super) fn candidate(point: ScoredPoint) -> Option<Candidate> {
    let id = id(point.id.as_ref()?)?;
    let map = point.payload.into_iter().map(|(key, value)| (key, value.into_json())).collect();
    let payload: Payload = serde_json::from_value(serde_json::Value::Object(map)).ok()?;
    Some(Candidate { id, score: point.score, payload })
}

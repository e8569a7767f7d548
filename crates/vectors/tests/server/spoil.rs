//! What somebody does to a collection who knows Qdrant and not us.

use domain::OpportunityId;
use qdrant_edge as edge;
use serde_json::{Value, json};

use super::engine::Collection;

/// A number of a write that no database has counted to.
const AHEAD: i64 = 7_000_000;

/// Spoils so many points: in their payload, vector, words or version, or so that nothing can be read of them; or adds some that are
/// nobody's. Points are taken in the order of their ids, `from` that place on.
pub(crate) fn spoil(collection: &Collection, kind: &str, count: usize, from: usize) {
    let shard = &collection.shard;
    let set = |id: &edge::PointId, payload: &Value, whole: bool| {
        let payload = edge::Payload(payload.as_object().unwrap().clone());
        let set = edge::SetPayloadOp { payload, points: Some(vec![*id]), filter: None, key: None };
        let whole =
            if whole { edge::PayloadOps::OverwritePayload(set) } else { edge::PayloadOps::SetPayload(set) };
        shard.update(edge::UpdateOperation::PayloadOperation(whole)).unwrap();
    };
    if kind == "orphaned" {
        for number in 0..count {
            let words = edge::Vector::new_sparse(vec![7], vec![1.0]).unwrap();
            let id = OpportunityId::of(&"nobody".parse().unwrap(), &number.to_string());
            let id = edge::PointId::Uuid(id.uuid());
            let point = edge::PointStruct::new(id, edge::Vectors::new_named([("bm25", words)]), json!({}));
            let insert = edge::PointInsertOperations::PointsList(vec![point.into()]);
            collection.change(edge::PointOperations::UpsertPoints(insert)).unwrap();
        }
        return;
    }
    for record in points(shard).iter().skip(from).take(count) {
        match kind {
            "payload" => set(&record.id, &json!({"title": "Ministre, 900 000 FCFA"}), false),
            "unreadable" => set(&record.id, &json!({"title": "only that"}), true),
            "newer" => set(&record.id, &json!({ "version": AHEAD }), false),
            "vector" => {
                let words = edge::SparseVector { indices: vec![1, 2], values: vec![0.5, 0.5] };
                let words = [("bm25".into(), edge::VectorPersisted::Sparse(words))];
                let vector = edge::VectorStructPersisted::Named(words.into());
                let points = vec![edge::PointVectorsPersisted { id: record.id, vector }];
                let update = edge::UpdateVectorsOp { points, update_filter: None };
                let update = edge::VectorOperations::UpdateVectors(update);
                shard.update(edge::UpdateOperation::VectorOperation(update)).unwrap();
            }
            other => panic!("{other}"),
        }
    }
}

fn points(shard: &edge::EdgeShard) -> Vec<edge::Record> {
    let all = edge::ScrollRequest {
        offset: None,
        limit: Some(usize::MAX >> 1),
        filter: None,
        with_payload: None,
        with_vector: edge::WithVector::Bool(false),
        order_by: None,
    };
    shard.scroll(all).unwrap().0
}

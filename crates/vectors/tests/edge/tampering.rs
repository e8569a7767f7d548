//! Somebody writes to the index who knows Qdrant and not us: every kind of drift is found, and what repairs do to it works.

use qdrant_edge::{
    EdgeShard, Payload, PayloadOps, PointId, PointInsertOperations, PointOperations, PointStruct,
    PointVectorsPersisted, SetPayloadOp, SparseVector, UpdateOperation, UpdateVectorsOp, Vector,
    VectorOperations, VectorPersisted, VectorStructPersisted, Vectors,
};
use serde_json::{Value, json};
use vectors::{Depth, Document, Drift, EdgeIndex, Held, Index as _, Key, Written};

use crate::support::{ads, key, keys, points};

struct Tampering(EdgeShard);

impl Tampering {
    fn payload(&self, ad: &Document, payload: &Value, whole: bool) {
        let payload = Payload(payload.as_object().unwrap().clone());
        let set = SetPayloadOp { payload, points: Some(vec![id(ad)]), filter: None, key: None };
        let operation = if whole { PayloadOps::OverwritePayload(set) } else { PayloadOps::SetPayload(set) };
        self.0.update(UpdateOperation::PayloadOperation(operation)).unwrap();
    }

    fn vector(&self, ad: &Document, name: &str, vector: VectorPersisted) {
        let vector = VectorStructPersisted::Named([(name.into(), vector)].into());
        let points = vec![PointVectorsPersisted { id: id(ad), vector }];
        let update = VectorOperations::UpdateVectors(UpdateVectorsOp { points, update_filter: None });
        self.0.update(UpdateOperation::VectorOperation(update)).unwrap();
    }

    fn stranger(&self, id: PointId) {
        let sparse = Vector::new_sparse(vec![7], vec![1.0]).unwrap();
        let vectors = Vectors::new_named([("dense", Vector::from(unit(3))), ("bm25", sparse)]);
        let point = PointStruct::new(id, vectors, json!({"title": "not ours"})).into();
        let insert = PointOperations::UpsertPoints(PointInsertOperations::PointsList(vec![point]));
        self.0.update(UpdateOperation::PointOperation(insert)).unwrap();
    }
}

fn id(ad: &Document) -> PointId {
    PointId::Uuid(ad.id.uuid())
}

/// A vector of length one along one axis.
fn unit(at: usize) -> Vec<f32> {
    (0..1_024).map(|axis| if axis == at { 1.0 } else { 0.0 }).collect()
}

async fn held(index: &EdgeIndex, ad: &Document) -> Held {
    index.held(&[ad.id], Depth::Vectors).await.unwrap().remove(0)
}

#[tokio::test]
async fn every_kind_of_drift_is_told_and_can_be_healed() {
    let folder = tempfile::tempdir().unwrap();
    let open = async || EdgeIndex::open(folder.path(), "bge-m3", 1_024).await.unwrap();
    let (ads, index) = (ads(), open().await);
    let written = points(&ads, 7).await;
    let seals: Vec<Written> =
        written.iter().map(|point| Written { version: 7, seal: point.seal.clone() }).collect();
    index.upsert(written).await.unwrap();
    drop(index);

    let shard = Tampering(EdgeShard::load(&folder.path().join("shard"), None).unwrap());
    let seal = json!({"text": "0", "payload": "0", "words": "0", "vector": []});
    shard.payload(&ads[0], &json!({"title": "Chef de chantier, 900 000 FCFA"}), false);
    shard.payload(&ads[1], &json!({ "seal": seal }), false);
    shard.payload(&ads[2], &json!({"surprise": 1}), false);
    shard.vector(&ads[3], "dense", VectorPersisted::Dense(unit(5)));
    let words = SparseVector { indices: vec![1, 2], values: vec![0.5, 0.5] };
    shard.vector(&ads[4], "bm25", VectorPersisted::Sparse(words));
    shard.payload(&ads[5], &json!({"title": "only that"}), true);
    shard.payload(&ads[6], &json!({"kind": 7}), false);
    shard.payload(&ads[7], &json!({"version": "nine"}), false);
    shard.payload(&ads[8], &json!({"version": i64::MAX}), false);
    shard.payload(&ads[9], &json!({"version": 0}), false);
    shard.payload(&ads[10], &json!({"version": 5_000_000}), false);
    shard.stranger(PointId::NumId(7));
    shard.0.flush();
    drop(shard);

    let index = open().await;
    let kinds = [
        (0..3, Some(Drift::Payload)),
        (3..5, Some(Drift::Vector)),
        (5..9, Some(Drift::Unreadable)),
        (9..10, Some(Drift::Stale)),
        (10..11, Some(Drift::Newer)),
        (11..22, None),
    ];
    for (range, wanted) in kinds {
        for at in range {
            let found = held(&index, &ads[at]).await.drift(&ads[at], Some(&seals[at]), 100).unwrap();
            assert_eq!(found, wanted, "{at}");
        }
    }
    let strangers: Vec<Key> =
        keys(&index).await.into_iter().filter(|key| key.opportunity().is_none()).collect();
    assert_eq!(strangers, [Key::Number(7)]);

    // What a repair does: points that name no write go, and everything is written anew with a greater number.
    let unreadable: Vec<Key> = ads[5..9].iter().map(key).chain(strangers).collect();
    index.withdraw(&unreadable, i64::MAX).await.unwrap();
    assert_eq!(index.count().await.unwrap(), 18);
    index.upsert(points(&ads, 5_000_001).await).await.unwrap();
    for (ad, seal) in ads.iter().zip(seals) {
        let written = Written { version: 5_000_001, ..seal };
        assert_eq!(held(&index, ad).await.drift(ad, Some(&written), 6_000_000).unwrap(), None);
    }
}

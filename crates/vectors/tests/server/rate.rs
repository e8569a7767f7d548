//! Points a second through [`ServerIndex`] beside the bare client, into a stub that takes them and keeps none. A measurement, so it runs
//! only where it is asked for:
//!
//! ```text
//! cargo test --release --workspace --test server -- --ignored --nocapture rate
//! ```

use std::time::{Duration, Instant};

use domain::OpportunityId;
use qdrant_client::{
    Payload, Qdrant,
    qdrant::{
        Condition, Filter as ServerFilter, NamedVectors, PointStruct, Range, UpsertPointsBuilder, Vector,
        point_id::PointIdOptions, vector, vectors::VectorsOptions,
    },
};
use vectors::{Index as _, Point, ServerIndex, index_name};

use crate::{
    fake::Fake,
    support::{ads, dense},
};

/// Points of a message, as many as the program sends at most.
const PART: usize = 256;
const PARTS: usize = 40;
/// Each way takes turns with the other, so that a load of the machine meets both.
const ROUNDS: usize = 5;

fn part(at: usize) -> Vec<Point> {
    let source = "bench".parse().unwrap();
    let documents: Vec<_> = (0..PART)
        .map(|number| {
            let mut ad = ads().remove(number % 22);
            ad.id = OpportunityId::of(&source, &(at * PART + number).to_string());
            ad
        })
        .collect();
    let vectors = documents.iter().map(|ad| dense(&ad.text)).collect();
    Point::all(&documents, vectors, 1).unwrap()
}

/// What a point is made of.
#[derive(Clone)]
struct Raw {
    id: String,
    dense: Vec<f32>,
    words: (Vec<u32>, Vec<f32>),
    payload: serde_json::Map<String, serde_json::Value>,
}

/// Takes a message apart that the program has sent.
fn raw(sent: PointStruct) -> Raw {
    let id = match sent.id.unwrap().point_id_options.unwrap() {
        PointIdOptions::Uuid(id) => id,
        PointIdOptions::Num(number) => panic!("{number}"),
    };
    let Some(VectorsOptions::Vectors(named)) = sent.vectors.unwrap().vectors_options else {
        panic!("no names")
    };
    let mut raw =
        Raw { id, dense: Vec::new(), words: (Vec::new(), Vec::new()), payload: serde_json::Map::default() };
    for vector in named.vectors.into_values() {
        match vector.vector.unwrap() {
            vector::Vector::Dense(dense) => raw.dense = dense.data,
            vector::Vector::Sparse(words) => raw.words = (words.indices, words.values),
            other => panic!("{other:?}"),
        }
    }
    raw.payload = sent.payload.into_iter().map(|(key, value)| (key, value.into_json())).collect();
    raw
}

/// What anybody would write who has the same points: the same vectors and payload, the same condition, and waiting for the disk.
async fn bare(client: &Qdrant, collection: &str, points: Vec<Raw>) {
    let points: Vec<PointStruct> = points
        .into_iter()
        .map(|Raw { id, dense, words: (indices, values), payload }| {
            let vectors = NamedVectors::default()
                .add_vector("bm25", Vector::new_sparse(indices, values))
                .add_vector("dense", Vector::new_dense(dense));
            PointStruct::new(id, vectors, Payload::try_from(serde_json::Value::Object(payload)).unwrap())
        })
        .collect();
    let later = Range { gt: Some(1.0), ..Range::default() };
    let filter = ServerFilter::must_not([Condition::range("version", later)]);
    let upsert = UpsertPointsBuilder::new(collection, points).update_filter(filter).wait(true);
    client.upsert_points(upsert).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "it prints what it measures")]
async fn rate_beside_the_bare_client() {
    let (fake, url) = Fake::start(None).await;
    let index = ServerIndex::connect(&url, None, "opportunities", "toy-2", 1_024).await.unwrap();
    let client =
        Qdrant::from_url(url.as_str().trim_end_matches('/')).skip_compatibility_check().build().unwrap();
    let collection = index_name("opportunities", "toy-2", 1_024);
    fake.keeps_nothing();
    let mut parts = Vec::new();
    for at in 0..PARTS {
        let points = part(at);
        index.upsert(points.clone()).await.unwrap();
        parts.push((points, fake.last_sent().into_iter().map(raw).collect::<Vec<_>>()));
    }
    let (mut ours, mut theirs) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..ROUNDS {
        for points in &parts {
            let points = points.clone();
            let begun = Instant::now();
            index.upsert(points.0).await.unwrap();
            ours += begun.elapsed();
            let begun = Instant::now();
            bare(&client, &collection, points.1).await;
            theirs += begun.elapsed();
        }
    }
    let rate = |time: Duration| (PART * PARTS * ROUNDS) as f64 / time.as_secs_f64();
    println!(
        "{:.0} points/s, {:.2} of the bare client's {:.0}",
        rate(ours),
        theirs.as_secs_f64() / ours.as_secs_f64(),
        rate(theirs)
    );
}

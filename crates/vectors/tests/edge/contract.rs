//! `docs/VECTORS.md` says what others may rely on. Here the code is held to it.

use std::collections::BTreeMap;

use qdrant_edge::{
    EdgeShard, ScrollRequest, VectorInternal, VectorStructInternal, WithPayloadInterface, WithVector,
};
use serde_json::Value;

use crate::support::{ads, points};
use vectors::{ByWords, Drift, EdgeIndex, Index as _, index_name};

const PAGE: &str = include_str!("../../../../docs/VECTORS.md");

/// The rows of the table with this first heading: the first cell without backticks, and the others.
fn table(heading: &str) -> Vec<(String, Vec<String>)> {
    let start = format!("| {heading} |");
    let lines = PAGE.lines().map(str::trim).skip_while(move |line| !line.starts_with(&start)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|')).map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        (cells.next().unwrap().replace('`', ""), cells.collect())
    });
    rows.collect()
}

/// The name of a JSON type, as the page has it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The payload and the vectors of points, as Qdrant itself gives them.
async fn written() -> Vec<qdrant_edge::Record> {
    let folder = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(folder.path(), "bge-m3", 1_024).await.unwrap();
    let mut ads = ads();
    ads[0].payload.closes_on = None;
    ads[0].payload.open_until = None;
    ads[0].payload.organization = None;
    ads[0].payload.url = None;
    let day = chrono::NaiveDate::from_num_days_from_ce_opt;
    ads[1].payload.closes_on = day(739_000);
    ads[1].payload.ends_on = day(739_100);
    ads[1].payload.open_until = day(739_000);
    ads[1].payload.sector = Some("manufacturing".to_owned());
    ads[1].payload.occupation = Some("7212".to_owned());
    ads[1].payload.education = Some("vocational".to_owned());
    ads[1].payload.amount_kind = Some("wage".to_owned());
    ads[1].payload.url = Some("https://example.org".to_owned());
    ads[1].payload.organization = Some("Atelier".to_owned());
    index.upsert(points(&ads, 7).await).await.unwrap();
    drop(index);
    let shard = EdgeShard::load(&folder.path().join("shard"), None).unwrap();
    let request = ScrollRequest {
        offset: None,
        limit: Some(100),
        filter: None,
        with_payload: Some(WithPayloadInterface::Bool(true)),
        with_vector: WithVector::Bool(true),
        order_by: None,
    };
    shard.scroll(request).unwrap().0
}

#[tokio::test]
async fn the_payload_is_the_table_of_the_page() {
    let promised: BTreeMap<String, Vec<String>> = table("payload").into_iter().collect();
    let mut seen = BTreeMap::<String, Vec<&str>>::new();
    for record in written().await {
        let payload = record.payload.unwrap().0;
        let keys: Vec<&String> = promised.keys().collect();
        let mut found: Vec<&String> = payload.keys().collect();
        found.sort();
        assert_eq!(found, keys);
        for (key, value) in &payload {
            seen.entry(key.clone()).or_default().push(kind(value));
        }
    }
    for (key, cells) in &promised {
        for kind in &seen[key] {
            assert!(
                cells[0].split(" or ").any(|promised| promised == *kind),
                "{key} is {kind}, not {}",
                cells[0]
            );
        }
        for promised in cells[0].split(" or ") {
            assert!(seen[key].contains(&promised), "no {key} is {promised}: {:?}", seen[key]);
        }
    }
}

#[tokio::test]
async fn the_vectors_are_those_of_the_page() {
    let promised: Vec<String> = table("vector").into_iter().map(|(name, _)| name).collect();
    for record in written().await {
        let Some(VectorStructInternal::Named(named)) = record.vector else { panic!("vectors without names") };
        let mut found: Vec<String> = named.keys().map(ToString::to_string).collect();
        found.sort_by_key(|name| promised.iter().position(|promised| promised == name));
        assert_eq!(found, promised);
        for (name, vector) in &named {
            match (name.as_str(), vector) {
                ("dense", VectorInternal::Dense(dense)) => {
                    let length: f32 = dense.iter().map(|v| v * v).sum();
                    assert_eq!(dense.len(), 1_024);
                    assert!((length - 1.0).abs() < 1e-4, "{length}");
                }
                ("bm25", VectorInternal::Sparse(words)) => {
                    assert_eq!(words.indices.len(), words.values.len());
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn the_name_and_the_kinds_of_drift_are_those_of_the_page() {
    let name = index_name("opportunities", ByWords::MODEL, ByWords::DIMENSIONS);
    assert!(PAGE.contains(&format!("such as `{name}`")), "{name}");
    let told: Vec<String> = table("kind").into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(told, Drift::ALL.map(Drift::as_str));
}

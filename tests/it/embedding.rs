//! Several requests to the embedder at a time, up to a limit, and none for what is outside a text.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, extract::State, routing::post};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{Bin, Road, count, terminate, wait_until};

/// The limit.
const MOST: usize = 3;
/// Texts of a request.
const BATCH: i64 = 32;

/// An Ollama that answers the first request for texts at once, holds all others until the gate is open, and counts them.
#[derive(Clone)]
pub(crate) struct Gate {
    asked: Arc<AtomicUsize>,
    held: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    open: watch::Receiver<bool>,
}

/// Starts it. Returns what opens the gate, and the address.
pub(crate) async fn gate(is_open: bool) -> (watch::Sender<bool>, Gate, String) {
    let (open, gate) = watch::channel(is_open);
    let gate = Gate { asked: Arc::default(), held: Arc::default(), most: Arc::default(), open: gate };
    let router = Router::new().route("/api/embed", post(embed)).with_state(gate.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (open, gate, url)
}

async fn embed(State(gate): State<Gate>, Json(ask): Json<Value>) -> Json<Value> {
    let texts: Vec<String> = serde_json::from_value(ask["input"].clone()).unwrap();
    // Probes and questions are one line.
    if texts.iter().any(|text| text.contains('\n')) {
        let now = gate.held.fetch_add(1, Ordering::SeqCst) + 1;
        gate.most.fetch_max(now, Ordering::SeqCst);
        if gate.asked.fetch_add(1, Ordering::SeqCst) > 0 {
            gate.open.clone().wait_for(|is_open| *is_open).await.unwrap();
        }
        gate.held.fetch_sub(1, Ordering::SeqCst);
    }
    let vector = |text: &String| {
        let mut vector = vec![0.01_f32; 64];
        text.bytes().for_each(|letter| vector[usize::from(letter) % 64] += 1.0);
        vector
    };
    Json(json!({ "embeddings": texts.iter().map(vector).collect::<Vec<_>>() }))
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_requests_as_allowed_are_in_flight_and_no_more() {
    let mut road = Road::new().await;
    for source in ["fne", "mc2", "minefop"] {
        road.bin(&["ingest", source]).run().await;
    }
    let (open, gate, url) = gate(false).await;
    road.settings.extend([format!("ollama_url={url}"), format!("embedder_requests={MOST}")]);
    let store = road.database.store().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("as many requests as allowed are in flight", async || {
        gate.held.load(Ordering::SeqCst) == MOST
    })
    .await;
    let (claimed, waiting): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE claim IS NOT NULL), count(*) FILTER (WHERE claim IS NULL) FROM ingest.outbox",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert!(claimed <= BATCH * i64::try_from(MOST).unwrap(), "{claimed} are claimed");
    assert!(waiting > 0, "nothing was left for one request more");
    open.send(true).unwrap();
    wait_until("the index is filled", async || {
        let overview = store.overview(0).await.unwrap();
        overview.outbox == 0 && overview.indexed >= claimed + waiting
    })
    .await;
    assert_eq!(gate.most.load(Ordering::SeqCst), MOST);
    terminate(&mut worker).await;
    let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(count(&verified, "total"), 0, "{verified}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_uses_the_embedder_that_is_set_and_does_without_one_that_is_dead() {
    let folder = tempfile::Builder::new().prefix("oim-demo-").tempdir().unwrap();
    let demo = || Bin::new(folder.path(), &["demo", "--output", "json"]);
    let (_open, gate, url) = gate(true).await;
    let first = demo().env("OLLAMA_URL", &url).run().await.expect(0).json();
    let asked = gate.asked.load(Ordering::SeqCst);
    assert!(asked > 3 && !first["searches"][0]["hits"].as_array().unwrap().is_empty(), "{asked} {first}");
    let index = folder.path().join(".oim-etl/demo/vectors/demo-bge-m3-64-s6t1/shard");
    assert!(index.is_dir(), "the index of the model is not there");
    let second = demo().env("OLLAMA_URL", "http://127.0.0.1:1").run().await.expect(0).json();
    assert!(!second["searches"][0]["hits"].as_array().unwrap().is_empty(), "{second}");
    assert_eq!(gate.asked.load(Ordering::SeqCst), asked);
}

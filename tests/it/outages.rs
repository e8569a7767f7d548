//! An outage of the embedder or of Qdrant costs nothing but time, and is reported.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use futures::StreamExt as _;
use serde_json::{Value, json};
use store::Store;

use crate::support::{Road, Running, client, terminate, wait_until};

/// What the embedder does.
const WORKS: usize = 0;
const DOWN: usize = 1;
const HANGS: usize = 2;
/// Begins an answer and does not end it.
const BEGINS: usize = 3;

/// An Ollama that answers as the test says, refuses one text for ever, and counts what it is asked.
#[derive(Clone, Default)]
struct Embedder {
    mode: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

/// A word of the text that is refused.
const POISON: &str = "tuyauteur";

impl Embedder {
    async fn start() -> (Self, String) {
        let embedder = Self::default();
        let router = Router::new()
            .route("/api/embed", post(answer))
            .route("/api/tags", get(tags))
            .with_state(embedder.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (embedder, url)
    }

    fn does(&self, mode: usize) {
        self.mode.store(mode, Ordering::SeqCst);
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// How often each letter occurs in the text, in a vector of the length that bge-m3 has.
fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.01; 1_024];
    for letter in text.bytes() {
        vector[usize::from(letter)] += 1.0;
    }
    vector
}

/// It tells no digests. As long as it works, it says so.
async fn tags(State(embedder): State<Embedder>) -> Response {
    match embedder.mode.load(Ordering::SeqCst) {
        HANGS => std::future::pending().await,
        BEGINS => beginning(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn beginning() -> Response {
    let begun = futures::stream::once(async { Ok::<_, std::io::Error>("{\"embeddings\": [[0.1") });
    Body::from_stream(begun.chain(futures::stream::pending())).into_response()
}

async fn answer(State(embedder): State<Embedder>, Json(ask): Json<Value>) -> Response {
    embedder.calls.fetch_add(1, Ordering::SeqCst);
    match embedder.mode.load(Ordering::SeqCst) {
        DOWN => {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", "2".parse().unwrap());
            return (StatusCode::SERVICE_UNAVAILABLE, headers).into_response();
        }
        HANGS => std::future::pending::<()>().await,
        BEGINS => return beginning(),
        _ => (),
    }
    let texts: Vec<String> = serde_json::from_value(ask["input"].clone()).unwrap();
    if texts.iter().any(|text| text.to_lowercase().contains(POISON)) {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "input is not valid"}))).into_response();
    }
    Json(json!({ "embeddings": texts.iter().map(|text| vector(text)).collect::<Vec<_>>() })).into_response()
}

async fn road() -> (Road, Embedder) {
    let mut road = Road::new().await;
    let (embedder, url) = Embedder::start().await;
    road.settings.push(format!("ollama_url={url}"));
    (road, embedder)
}

/// Starts a worker, and waits until it is there.
async fn worker(road: &Road, store: &Store) -> Running {
    let worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the worker is alive", async || !store.queue().workers().await.unwrap().is_empty()).await;
    worker
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedder_that_is_down_is_probed_by_one_job_and_caught_up_with() {
    let (road, embedder) = road().await;
    embedder.does(DOWN);
    let store = road.database.store().await;
    let mut worker = worker(&road, &store).await;
    let runs = road.bin(&["ingest", "fne", "--full", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(runs[0]["state"], "complete", "{runs}");
    wait_until("the embedder has failed twice", async || store.targets().await.unwrap()[0].failures >= 2)
        .await;
    let state = store.targets().await.unwrap().remove(0);
    assert!(embedder.calls() <= usize::try_from(state.failures).unwrap() + 1, "{} calls", embedder.calls());
    assert!(state.failure.as_deref().is_some_and(|why| why.contains("answered 503")), "{state:?}");
    assert!(state.outbox > 100 && state.oldest_seconds.is_some(), "{state:?}");
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM queue.jobs WHERE kind = 'embed_opportunities'")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert!(jobs <= 1, "{jobs} embed jobs");
    let told = road.bin(&["status"]).run().await.expect(0).out;
    assert!(told.contains("failing") && told.contains("answered 503"), "{told}");

    embedder.does(WORKS);
    wait_until("the index has caught up", async || store.overview(0).await.unwrap().outbox == 0).await;
    let state = store.targets().await.unwrap().remove(0);
    assert_eq!((state.failures, state.failure), (0, None));
    terminate(&mut worker).await;

    // The text that no embedder takes holds nobody up, and is listed by name.
    let refused: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM ingest.opportunities WHERE status = 'open' AND concat(title, organization, description) ILIKE '%tuyauteur%'",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert!(refused > 0 && state.set_aside == refused, "{refused} {}", state.set_aside);
    let list = road.bin(&["vectors", "list"]).run().await.expect(0).out;
    assert!(
        list.contains("set aside") && list.contains("answered 400") && !list.contains("not valid"),
        "{list}"
    );
    let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(verified["total"], 0, "{verified}");
    let found = road.bin(&["search", POISON, "--output", "json"]).run().await.expect(0).json();
    assert!(
        found[0]["payload"]["title"].as_str().is_some_and(|title| title.to_lowercase().contains(POISON)),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_answered_whatever_the_embedder_does() {
    let (road, embedder) = road().await;
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    for mode in [DOWN, HANGS] {
        embedder.does(mode);
        let ended = road.bin(&["search", "soudeur à Douala", "--output", "json"]).run().await.expect(0);
        assert!(ended.err.contains("degraded: found by words and categories alone"), "{}", ended.err);
        let hits = ended.json();
        assert!(hits[0]["payload"]["title"].as_str().unwrap().to_lowercase().contains("soud"), "{hits}");
    }
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    let mut address = String::new();
    wait_until("the worker holds the index", async || {
        let workers = store.queue().workers().await.unwrap();
        address = workers.iter().find(|w| w.indexes).and_then(|w| w.http_address.clone()).unwrap_or_default();
        !address.is_empty()
    })
    .await;
    for (mode, degraded) in [(HANGS, true), (WORKS, false)] {
        embedder.does(mode);
        let answer = client().get(format!("http://{address}/v1/search?q=soudeur")).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("degraded")), (200, degraded));
        let hits: Value = answer.json().await.unwrap();
        assert_eq!(hits[0]["degraded"] == true, degraded, "{hits}");
    }
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_embedder_that_hangs_holds_up_no_start_no_run_and_no_search() {
    let (road, embedder) = road().await;
    embedder.does(HANGS);
    let store = road.database.store().await;
    // Nobody knows the model yet, and the worker starts without it.
    let mut worker = worker(&road, &store).await;
    road.bin(&["ingest", "camccul"]).run().await;
    let failure = async || store.targets().await.unwrap().remove(0).failure.unwrap_or_default();
    wait_until("it is reported", async || failure().await.contains("does not answer it")).await;
    embedder.does(WORKS);
    let is_filled = async || {
        let state = store.targets().await.unwrap().remove(0);
        state.dimensions == Some(1_024) && state.outbox == 0 && state.indexed > 0
    };
    wait_until("the index is filled", async || is_filled().await).await;
    let address = store.queue().workers().await.unwrap()[0].http_address.clone().unwrap();
    let get = async |path: &str| client().get(format!("http://{address}{path}")).send().await.unwrap();
    for mode in [HANGS, BEGINS] {
        embedder.does(mode);
        sqlx::query(
            "UPDATE ingest.opportunities SET title = 'Brodeur ' || title, fingerprint = sha256(fingerprint)",
        )
        .execute(store.pool())
        .await
        .unwrap();
        sqlx::query("SELECT ingest.request_embedding()").execute(store.pool()).await.unwrap();
        let told = "accepts a question and does not answer it in 5 s";
        wait_until("the failure is reported", async || failure().await.contains(told)).await;
        let runs = road.bin(&["ingest", "mc2", "--output", "json"]).run().await.json();
        assert_ne!(runs[0]["state"], "failed", "{runs}");
        let found = get("/v1/search?q=caisse").await;
        assert_eq!((found.status().as_u16(), found.headers().contains_key("degraded")), (200, true));
        assert!(get("/health/ready").await.text().await.unwrap().contains(told));
        let status = road.bin(&["status"]).run().await.expect(0).out;
        assert!(status.contains("failing") && status.contains(told), "{status}");
        embedder.does(WORKS);
        wait_until("the index has caught up", async || is_filled().await).await;
    }
    terminate(&mut worker).await;
    let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(verified["total"], 0, "{verified}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_ingests_without_qdrant_and_says_so() {
    let mut road = Road::new().await;
    road.settings.push("qdrant_url=http://127.0.0.1:1".to_owned());
    let store = road.database.store().await;
    let mut worker = worker(&road, &store).await;
    let runs = road.bin(&["ingest", "fne", "--full", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(runs[0]["state"], "complete", "{runs}");
    let state = store.targets().await.unwrap().remove(0);
    assert!(state.outbox > 100 && state.failures > 0, "{state:?}");
    let address = store.queue().workers().await.unwrap()[0].http_address.clone().unwrap();
    let ready = client().get(format!("http://{address}/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let said = ready.text().await.unwrap();
    assert!(said.contains("does not answer") && said.contains("oldest_seconds"), "{said}");
    let metrics =
        client().get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("oim_index_failures") && metrics.contains("oim_index_oldest_change_seconds"),
        "{metrics}"
    );
    let told = road.bin(&["status"]).run().await.expect(0).out;
    assert!(told.contains("Qdrant at http://127.0.0.1:1") && told.contains("failing"), "{told}");
    terminate(&mut worker).await;
}

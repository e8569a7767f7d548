//! Another model: its index fills beside the one that is served, searches never fail meanwhile, and no text is embedded twice.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use store::{Store, TargetState};

use crate::support::{Held, Qdrant, Road, Running, client, count, terminate, wait_until};

/// An Ollama with two models, `first` of 64 numbers and `second` of 96. It counts the texts that it embeds.
#[derive(Clone, Default)]
struct Ollama {
    /// What it calls the files of `first`.
    digest: Arc<Mutex<String>>,
    texts: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
}

impl Ollama {
    async fn start() -> (Self, String) {
        let ollama = Self::default();
        ollama.pull("1111");
        let router = Router::new()
            .route("/api/embed", post(embed))
            .route("/api/tags", get(tags))
            .with_state(ollama.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (ollama, url)
    }

    /// Replaces the files of `first`.
    fn pull(&self, digest: &str) {
        digest.clone_into(&mut self.digest.lock().unwrap());
    }

    fn texts(&self) -> usize {
        self.texts.load(Ordering::SeqCst)
    }

    fn is_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

async fn tags(State(ollama): State<Ollama>) -> Json<Value> {
    let digest = ollama.digest.lock().unwrap().clone();
    Json(json!({"models": [
        {"name": "first:latest", "digest": digest}, {"name": "second:latest", "digest": "2222"}]}))
}

async fn embed(State(ollama): State<Ollama>, Json(ask): Json<Value>) -> Response {
    if ollama.is_down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let length = if ask["model"] == "first" { 64 } else { 96 };
    let texts: Vec<String> = serde_json::from_value(ask["input"].clone()).unwrap();
    // Questions and probes are one line.
    let count = texts.iter().filter(|text| text.contains('\n')).count();
    ollama.texts.fetch_add(count, Ordering::SeqCst);
    let vector = |text: &String| {
        let mut vector = vec![0.01_f32; length];
        text.bytes().for_each(|letter| vector[usize::from(letter) % length] += 1.0);
        vector
    };
    Json(json!({ "embeddings": texts.iter().map(vector).collect::<Vec<_>>() })).into_response()
}

async fn road() -> (Road, Ollama, Held) {
    let mut road = Road::new().await;
    let (ollama, url) = Ollama::start().await;
    road.settings.extend([format!("ollama_url={url}"), "ollama_model=first".to_owned()]);
    let store = road.database.store().await;
    (road, ollama, store)
}

async fn served(store: &Store) -> TargetState {
    store.targets().await.unwrap().into_iter().find(|target| target.is_served).unwrap()
}

/// Starts a worker, and returns it with its address once it holds an index.
async fn worker(road: &Road, store: &Store) -> (Running, String) {
    let worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let mut address = String::new();
    wait_until("the worker holds an index", async || {
        let workers = store.queue().workers().await.unwrap();
        address = workers.iter().find(|w| w.indexes).and_then(|w| w.http_address.clone()).unwrap_or_default();
        !address.is_empty()
    })
    .await;
    (worker, address)
}

async fn finds(address: &str) -> bool {
    let answer = client().get(format!("http://{address}/v1/search?q=soudeur")).send().await.unwrap();
    let (status, hits) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!(status, 200, "{hits}");
    hits[0]["payload"]["title"].as_str().is_some_and(|title| title.to_lowercase().contains("soud"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_is_embedded_twice() {
    let (road, ollama, store) = road().await;
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let first = ollama.texts();
    assert!(first > 100, "{first} texts");
    // A change outside the text, a repair of what somebody spoiled, and an index that is lost.
    sqlx::query("UPDATE ingest.opportunities SET url = 'https://elsewhere.example/' || id, fingerprint = sha256(fingerprint) WHERE status = 'open'")
        .execute(store.pool())
        .await
        .unwrap();
    sqlx::query("UPDATE ingest.embeddings SET version = version - 1").execute(store.pool()).await.unwrap();
    road.bin(&["vectors", "repair"]).run().await.expect(0);
    let hits = road.bin(&["search", "soudeur", "--output", "json"]).run().await.expect(0).json();
    assert!(hits[0]["payload"]["url"].as_str().unwrap().starts_with("https://elsewhere.example/"), "{hits}");
    // Two that become one opportunity.
    sqlx::query(
        "INSERT INTO ingest.clusters SELECT id, min(id::text) OVER ()::uuid, row_number() OVER (ORDER BY id) = 2
           FROM (SELECT id FROM ingest.opportunities o WHERE status = 'open' AND NOT EXISTS (SELECT FROM ingest.clusters WHERE opportunity = o.id) LIMIT 2) o",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let differs = road.bin(&["vectors", "repair", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(differs["report"]["drift"]["stale"]["count"], 2, "{differs}");
    let (cluster, canonical): (String, String) =
        sqlx::query_as("SELECT cluster::text, opportunity::text FROM ingest.clusters WHERE canonical AND opportunity IN (SELECT max(opportunity::text)::uuid FROM ingest.clusters GROUP BY cluster HAVING count(*) = 2)")
            .fetch_one(store.pool())
            .await
            .unwrap();
    let search = ["search", "offre", "--output", "json", "--cluster", &cluster];
    let hits = road.bin(&search).run().await.expect(0).json();
    assert_eq!((hits[0]["id"] == canonical, hits.as_array().unwrap().len()), (true, 1), "{hits}");
    let member = road.bin(&[&search[..], &["--canonical", "false"]].concat()).run().await.expect(0).json();
    assert_eq!(
        (&member[0]["id"], &member[0]["payload"]["canonical"]),
        (&json!(cluster), &json!(false)),
        "{member}"
    );
    std::fs::remove_dir_all(road.data().join("data/vectors")).unwrap();
    road.bin(&["vectors", "repair"]).run().await.expect(0);
    let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert!(verified["report"]["points"].as_u64().unwrap() > 100, "{verified}");
    assert_eq!(ollama.texts(), first);
    // A text that changes is another one.
    sqlx::query(
        "UPDATE ingest.opportunities SET title = 'Zythologue', fingerprint = sha256(fingerprint)
          WHERE id = (SELECT id FROM ingest.opportunities WHERE status = 'open' LIMIT 1)",
    )
    .execute(store.pool())
    .await
    .unwrap();
    road.bin(&["vectors", "repair"]).run().await.expect(0);
    assert_eq!(ollama.texts(), first + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_pulled_again_gets_an_index_of_its_own() {
    let (road, ollama, store) = road().await;
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let old = served(&store).await;
    assert_eq!((old.model.as_deref(), old.dimensions), (Some("first@1111"), Some(64)));
    ollama.pull("3333");
    let (mut worker, address) = worker(&road, &store).await;
    wait_until("the index of the new files is served", async || {
        assert!(finds(&address).await, "a search finds nothing while the index is filled");
        served(&store).await.model.as_deref() == Some("first@3333")
    })
    .await;
    let new = served(&store).await;
    assert_eq!((new.outbox, new.indexed), (0, old.indexed));
    let targets = store.targets().await.unwrap();
    let before = targets.iter().find(|target| target.target == old.target).unwrap();
    assert_eq!(before.indexed, old.indexed, "the old index is touched");
    assert!(finds(&address).await);
    terminate(&mut worker).await;
    assert_eq!(
        count(&road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json(), "total"),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_switches_when_it_is_complete_and_back() {
    switches(None).await;
}

/// Whoever reads the alias finds the one collection or the other, and all points in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_on_a_server_moves_the_alias_when_it_is_complete_and_back() {
    switches(Some(Qdrant::start())).await;
}

/// Changes a title, and waits until both indexes have it. Returns how many texts were embedded until then.
async fn both_follow(store: &Store, ollama: &Ollama) -> usize {
    sqlx::query(
        "UPDATE ingest.opportunities SET title = 'Zythologue', fingerprint = sha256(fingerprint)
          WHERE id = (SELECT id FROM ingest.opportunities WHERE status = 'open' LIMIT 1)",
    )
    .execute(store.pool())
    .await
    .unwrap();
    sqlx::query("SELECT ingest.request_embedding()").execute(store.pool()).await.unwrap();
    wait_until("both have the change", async || {
        store.targets().await.unwrap().iter().all(|target| target.outbox == 0)
    })
    .await;
    ollama.texts()
}

/// Returns the names of the indexes that there are.
fn left(road: &Road, server: Option<&Qdrant>) -> String {
    if let Some(server) = server {
        return server.tell("names").to_string();
    }
    let folders = std::fs::read_dir(road.data().join("data/vectors")).unwrap().flatten();
    format!("{:?}", folders.map(|folder| folder.file_name()).collect::<Vec<_>>())
}

async fn switches(server: Option<Qdrant>) {
    let (mut road, ollama, store) = road().await;
    road.settings.extend(server.as_ref().map(Qdrant::setting));
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let old = served(&store).await;
    let by_alias = || server.as_ref().map(|server| server.tell("count opportunities"));
    let names = |model: &str| {
        let alias = server.as_ref().map(|server| server.tell("alias opportunities").to_string());
        alias.is_none_or(|alias| alias.contains(model))
    };
    let rebuild = ["vectors", "rebuild", "--model", "second"];
    // A name that the server does not have makes nothing.
    let typo = road.bin(&["vectors", "rebuild", "--model", "secnod"]).run().await;
    assert!(typo.code != 0 && typo.err.contains("ollama pull secnod"), "{}", typo.err);
    assert_eq!(store.targets().await.unwrap().len(), 1);
    let (mut worker, address) = worker(&road, &store).await;
    let command = road.bin(&rebuild).run();
    let searches = async {
        while served(&store).await.target == old.target {
            assert!(finds(&address).await, "a search finds nothing while the index is rebuilt");
            assert!(by_alias().is_none_or(|points| points == old.indexed), "the alias names half an index");
        }
    };
    let (ended, ()) = tokio::join!(command, searches);
    let ended = ended.expect(0);
    assert!(ended.out.contains("served") && ended.out.contains("second@2222"), "{}", ended.out);
    let new = served(&store).await;
    assert_eq!((new.indexed, new.dimensions, new.kept), (old.indexed, Some(96), true));
    assert!(names("second_2222") && by_alias().is_none_or(|points| points == old.indexed));
    let texts = both_follow(&store, &ollama).await;
    let back = old.target.0.to_string();
    road.bin(&["vectors", "use", &back]).run().await.expect(0);
    assert_eq!(served(&store).await.target, old.target);
    assert!(names("first_1111"));
    wait_until("the index has the change", async || {
        let answer = client().get(format!("http://{address}/v1/search?q=zythologue")).send().await.unwrap();
        let hits: Value = answer.json().await.unwrap();
        hits[0]["payload"]["title"] == "Zythologue"
    })
    .await;
    assert_eq!(ollama.texts(), texts, "going back embeds nothing");
    let refused = road.bin(&["vectors", "drop", &back]).run().await;
    assert_ne!(refused.code, 0, "the served index is dropped");
    road.bin(&["vectors", "drop", &new.target.0.to_string()]).run().await.expect(0);
    assert!(store.targets().await.unwrap().iter().all(|target| target.target != new.target));
    let left = left(&road, server.as_ref());
    assert!(left.contains("first") && !left.contains("second"), "{left}");
    assert!(finds(&address).await);
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_is_interrupted_continues() {
    continues(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_on_a_server_that_is_interrupted_continues() {
    continues(Some(Qdrant::start())).await;
}

async fn continues(server: Option<Qdrant>) {
    let (mut road, ollama, store) = road().await;
    road.settings.extend(server.as_ref().map(Qdrant::setting));
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let old = served(&store).await;
    let rebuild = ["vectors", "rebuild", "--model", "second"];
    let mut begun = road.bin(&rebuild).start();
    wait_until("some of it is embedded", async || {
        store.targets().await.unwrap().iter().any(|target| target.target != old.target && target.indexed > 0)
    })
    .await;
    begun.kill();
    // Who opens the folder of a dead process has its jobs too. On a server they are free when its lease ends.
    sqlx::query("UPDATE queue.leases SET until = now() - interval '1 s'")
        .execute(store.pool())
        .await
        .unwrap();
    ollama.is_down(true);
    let failed = road.bin(&rebuild).run().await.expect(1);
    assert!(
        failed.err.contains("answered 503") || failed.err.contains("is not filled yet"),
        "{}",
        failed.err
    );
    assert_eq!(served(&store).await.target, old.target, "what is not complete is served");
    ollama.is_down(false);
    road.bin(&rebuild).run().await.expect(0);
    assert_eq!(served(&store).await.model.as_deref(), Some("second@2222"));
    let (texts, rows) = (ollama.texts(), usize::try_from(old.indexed).unwrap());
    // But for what was in flight when it died: four requests of 32 texts.
    assert!((2 * rows..=2 * rows + 4 * 32).contains(&texts), "{texts} texts for {rows} rows and two models");
}

/// A rolling change of the model: an old worker and a new one beside each other, and the new one is only tried.
#[tokio::test(flavor = "multi_thread")]
async fn workers_with_two_models_fill_two_indexes_and_a_trial_costs_the_first_nothing() {
    let (mut road, ollama, store) = road().await;
    let (mut old, address) = worker(&road, &store).await;
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let first = served(&store).await;
    road.settings.push("ollama_model=second".to_owned());
    let mut new = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let of = async |model: &str| {
        let targets = store.targets().await.unwrap();
        targets.into_iter().find(|target| target.model_name.as_deref() == Some(model))
    };
    wait_until("both are filled", async || {
        assert!(finds(&address).await, "a search finds nothing meanwhile");
        of("second").await.is_some_and(|second| second.outbox == 0 && second.indexed == first.indexed)
    })
    .await;
    let (texts, rows) = (ollama.texts(), usize::try_from(first.indexed).unwrap());
    assert_eq!(texts, 2 * rows, "a text was embedded twice by a model");
    terminate(&mut new).await;
    assert_eq!(of("first").await.unwrap().indexed, first.indexed);
    sqlx::query("UPDATE ingest.served SET since = now() - interval '61 s'")
        .execute(store.pool())
        .await
        .unwrap();
    wait_until("searches go to the model of the worker that is left", async || {
        assert!(finds(&address).await);
        served(&store).await.target == first.target
    })
    .await;
    assert_eq!(ollama.texts(), texts, "going back embeds nothing");
    terminate(&mut old).await;
    road.settings.pop();
    let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(count(&verified, "total"), 0, "{verified}");
}

//! A Qdrant server with every fault that it can have: the index waits, nothing else does, and what somebody did to it is healed.

use serde_json::Value;

use crate::support::{Held, Qdrant, Road, client, count, terminate, wait_until};

/// Faults, what reports say of them, and what ends them.
const FAULTS: &[(&str, &str, &str)] = &[
    ("status 1", "answered Acknowledged", "status 2"),
    ("fails 14", "does not answer", "fails 0"),
    ("fails 16", "API key", "fails 0"),
    ("fails 12", "1.16 or later", "fails 0"),
    ("most 0", "message length too large", "most 9999"),
    ("nothing", "does not answer", "all"),
    ("beginnings", "does not answer", "all"),
];

async fn road() -> (Road, Qdrant, Held) {
    let mut road = Road::new().await;
    let qdrant = Qdrant::start();
    road.settings.push(qdrant.setting());
    let store = road.database.store().await;
    (road, qdrant, store)
}

/// Ends the pause before the next attempt, as time would.
async fn hurry(store: &Held) {
    for pause in [
        "UPDATE ingest.targets SET retry_at = now() WHERE retry_at > now()",
        "UPDATE queue.jobs SET run_at = now() WHERE kind = 'embed_opportunities' AND state = 'ready'",
    ] {
        sqlx::query(pause).execute(store.pool()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_server_holds_up_the_index_alone_and_is_over_when_it_ends() {
    let (road, qdrant, store) = road().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let state = async || store.targets().await.unwrap().into_iter().find(|target| target.is_served);
    let mut address = String::new();
    wait_until("the worker keeps the index", async || {
        let workers = store.queue().workers().await.unwrap();
        address = workers.iter().find(|w| w.indexes).and_then(|w| w.http_address.clone()).unwrap_or_default();
        !address.is_empty() && state().await.is_some()
    })
    .await;
    road.bin(&["ingest", "camccul"]).run().await;
    let get = async |path: &str| client().get(format!("http://{address}{path}")).send().await.unwrap();
    for (at, (fault, told, end)) in FAULTS.iter().enumerate() {
        qdrant.tell(fault);
        sqlx::query(
            "UPDATE ingest.opportunities SET title = 'Zythologue ' || $1, fingerprint = sha256(fingerprint)
              WHERE id = (SELECT id FROM ingest.opportunities WHERE status = 'open' ORDER BY id LIMIT 1)",
        )
        .bind(at.to_string())
        .execute(store.pool())
        .await
        .unwrap();
        sqlx::query("SELECT ingest.request_embedding()").execute(store.pool()).await.unwrap();
        wait_until(&format!("{fault} is reported"), async || {
            hurry(&store).await;
            state().await.unwrap().failure.is_some_and(|why| why.contains(told))
        })
        .await;
        let runs = road.bin(&["ingest", "camccul", "--output", "json"]).run().await.json();
        assert_ne!(runs[0]["state"], "failed", "{fault}: {runs}");
        let ready = get("/health/ready").await.text().await.unwrap();
        assert!(ready.contains(told) && ready.contains("\"database\":\"ready\""), "{fault}: {ready}");
        let status = road.bin(&["status"]).run().await.expect(0).out;
        assert!(status.contains("failing") && status.contains(told), "{fault}: {status}");
        // What is only written to may be searched; of the others a search says at once that they are away.
        let is_away = !["status 1", "most 0"].contains(fault);
        assert_eq!(get("/v1/search?q=caisse").await.status(), if is_away { 503 } else { 200 }, "{fault}");
        assert!(worker.ended().is_none(), "{fault}: the worker ended");
        qdrant.tell(end);
        wait_until(&format!("{fault} is over"), async || {
            hurry(&store).await;
            let now = state().await.unwrap();
            (now.outbox, now.failures) == (0, 0)
        })
        .await;
    }
    let hits: Value = get("/v1/search?q=zythologue").await.json().await.unwrap();
    let newest = format!("Zythologue {}", FAULTS.len() - 1);
    assert_eq!(hits[0]["payload"]["title"], newest.as_str(), "{hits}");
    terminate(&mut worker).await;
    let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(count(&verified, "total"), 0, "{verified}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_did_to_a_collection_is_found_and_healed() {
    let (road, qdrant, _store) = road().await;
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let points = qdrant.tell("count opportunities");
    let collection = qdrant.tell("alias opportunities");
    let wanted = [("payload", 50), ("vector", 50), ("unreadable", 10), ("newer", 100), ("orphaned", 20)];
    let mut from = 0;
    for (kind, count) in wanted {
        qdrant.tell(&format!("spoil {} {kind} {count} {from}", collection.as_str().unwrap()));
        from += count;
    }
    let found = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(1).json();
    for (kind, count) in wanted {
        assert_eq!(found["report"]["drift"][kind]["count"], count, "{kind}: {found}");
    }
    road.bin(&["vectors", "repair"]).run().await.expect(0);
    let healed = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!((count(&healed, "total"), qdrant.tell("count opportunities")), (0, points), "{healed}");
}

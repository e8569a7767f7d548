//! The vector index is the shadow of the database: whatever happens to it is found, told and healed.

use serde_json::{Value, json};

use crate::support::{Bin, Road, count, points_of, terminate, wait_until};

async fn loaded() -> (Road, Vec<String>) {
    let road = Road::new().await;
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let ids = points_of(&road).await.into_iter().collect();
    (road, ids)
}

/// Runs `vectors verify` or `repair`, and returns what it prints as JSON.
async fn compare(road: &Road, what: &str, code: i32) -> Value {
    road.bin(&["vectors", what, "--output", "json"]).run().await.expect(code).json()
}

fn found(report: &Value, kind: &str) -> i64 {
    report["report"]["drift"][kind]["count"].as_i64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_found_told_and_healed() {
    let (road, ids) = loaded().await;
    let before = points_of(&road).await;
    let clean = compare(&road, "verify", 0).await;
    assert_eq!((count(&clean, "total"), &clean["report"]["points"]), (0, &json!(ids.len())), "{clean}");
    let store = road.database.store().await;
    // Changes behind the back of the triggers. To the index it is all the same which of the two was changed.
    for sql in [
        "ALTER TABLE ingest.opportunities DISABLE TRIGGER USER",
        "UPDATE ingest.opportunities SET url = 'https://elsewhere.example/' || id
          WHERE id IN (SELECT id FROM ingest.opportunities WHERE status = 'open' ORDER BY id LIMIT 3)",
        "UPDATE ingest.opportunities SET status = 'closed', closed_why = 'absent'
          WHERE id IN (SELECT id FROM ingest.opportunities WHERE status = 'open' ORDER BY id OFFSET 3 LIMIT 2)",
        "ALTER TABLE ingest.opportunities ENABLE TRIGGER USER",
        "UPDATE ingest.embeddings SET version = version - 1
          WHERE opportunity IN (SELECT id FROM ingest.opportunities WHERE status = 'open' ORDER BY id OFFSET 3 LIMIT 4)",
        "UPDATE ingest.embeddings SET seal = jsonb_set(seal, '{payload}', '\"0\"')
          WHERE opportunity IN (SELECT id FROM ingest.opportunities WHERE status = 'open' ORDER BY id OFFSET 7 LIMIT 1)",
    ] {
        sqlx::query(sql).execute(store.pool()).await.unwrap();
    }
    let wanted = [("stale", 4), ("orphaned", 2), ("newer", 4)];
    let told = road.bin(&["vectors", "verify"]).run().await.expect(1).out;
    for (kind, count) in wanted {
        let line =
            told.lines().find(|line| line.starts_with(kind)).unwrap_or_else(|| panic!("{kind}: {told}"));
        assert!(line.contains(&format!(" {count}: ")), "{line}");
    }
    assert!(told.contains("such as") && told.contains("`oim-etl vectors repair`"), "{told}");
    for what in ["verify", "repair"] {
        let report = compare(&road, what, i32::from(what == "verify")).await;
        for (kind, count) in wanted {
            assert_eq!(found(&report, kind), count, "{what} {kind}: {report}");
        }
    }
    assert_eq!(count(&compare(&road, "verify", 0).await, "total"), 0);
    assert_eq!(points_of(&road).await.len(), before.len() - 2);
    let status = road.bin(&["status"]).run().await.expect(0).out;
    assert!(status.contains("verified") && status.contains("in step"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_database_gets_its_index_back() {
    let (road, ids) = loaded().await;
    let store = road.database.store().await;
    // What a backup of yesterday looks like: other titles, fewer rows, no ledger, and numbers that begin again.
    for sql in [
        "ALTER TABLE ingest.opportunities DISABLE TRIGGER USER",
        "UPDATE ingest.opportunities SET title = 'Zythologue ' || external_id, fingerprint = sha256(convert_to(title, 'UTF8'))
          WHERE id IN (SELECT id FROM ingest.opportunities WHERE status = 'open' ORDER BY id LIMIT 100)",
        "DELETE FROM ingest.opportunities WHERE id = (SELECT max(id::text)::uuid FROM ingest.opportunities WHERE status = 'open')",
        "ALTER TABLE ingest.opportunities ENABLE TRIGGER USER",
        "DELETE FROM ingest.embeddings",
        "SELECT setval('ingest.outbox_version', 1)",
    ] {
        sqlx::query(sql).execute(store.pool()).await.unwrap();
    }
    let report = compare(&road, "verify", 1).await;
    assert_eq!(found(&report, "newer"), i64::try_from(ids.len()).unwrap() - 1, "{report}");
    assert_eq!(found(&report, "orphaned"), 1, "{report}");
    // No command has to be known for it: whoever takes the index next heals it.
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the index is written again", async || {
        let overview = store.overview(0).await.unwrap();
        overview.outbox == 0 && usize::try_from(overview.indexed).unwrap() == ids.len() - 1
    })
    .await;
    // The worker holds the index now, and does the comparison.
    assert_eq!(count(&compare(&road, "verify", 0).await, "total"), 0);
    terminate(&mut worker).await;
    let hits = road.bin(&["search", "zythologue", "--output", "json"]).run().await.expect(0).json();
    assert!(hits[0]["payload"]["title"].as_str().unwrap().starts_with("Zythologue"), "{hits}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_fills_beside_the_first_and_costs_it_nothing() {
    let (road, _) = loaded().await;
    let store = road.database.store().await;
    let ledger = async || -> Vec<(i32, i64)> {
        sqlx::query_as("SELECT target, count(*) FROM ingest.embeddings GROUP BY target ORDER BY target")
            .fetch_all(store.pool())
            .await
            .unwrap()
    };
    let before = ledger().await;
    // An embedder that does not exist: a typo in a name, tried for a moment.
    let mut other = road
        .bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"])
        .env("OLLAMA_URL", "http://127.0.0.1:1")
        .env("OLLAMA_MODEL", "bge-m4")
        .start();
    wait_until("the other model is registered and fails", async || {
        store
            .targets()
            .await
            .unwrap()
            .iter()
            .any(|target| target.model.as_deref() == Some("bge-m4") && target.failures > 0)
            && !store.queue().workers().await.unwrap().is_empty()
    })
    .await;
    terminate(&mut other).await;
    assert_eq!(ledger().await, before, "the ledger of the first model is touched");
    let runs = road.bin(&["ingest", "fne", "--full", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(count(&runs[0], "embedded"), 0, "{runs}");
    assert_eq!(count(&compare(&road, "verify", 0).await, "total"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_of_the_demo_serves_nobody_else() {
    let mut road = Road::new().await;
    let data = road.data().join("demo").display().to_string();
    let demo = Bin::new(road.data(), &["demo", "--data", &data]).run().await;
    assert_eq!(demo.code, 0, "{}", demo.err);
    assert!(road.data().join("demo/vectors/demo-words-1-0-s6t1/shard").is_dir());
    road.settings.push(format!("data_dir={data}"));
    let search = road.bin(&["search", "soudeur à Douala", "--output", "json"]).run().await.expect(0);
    assert_eq!(search.json(), json!([]), "a search in the folder of the demo finds its rows");
}

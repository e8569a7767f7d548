//! The demo, as a newcomer runs it.

use crate::support::{Bin, Road, points_of, terminate, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_the_road_and_a_second_one_finds_all_unchanged() {
    let folder = tempfile::Builder::new().prefix("oim-demo-").tempdir().unwrap();
    let first = Bin::new(folder.path(), &["demo"]).run().await.expect(0);
    for word in [
        "source",
        "req/s held/allowed",
        "fne",
        "emploicameroun",
        "rejected: fne",
        "search \"soudeur à Douala\"",
        "search \"accountant in Buea\"",
    ] {
        assert!(first.out.contains(word), "{word} is not shown:\n{}", first.out);
    }
    let second = Bin::new(folder.path(), &["demo", "--output", "json"]).run().await.expect(0).json();
    for run in second["runs"].as_array().unwrap() {
        assert_eq!(
            (run["created"].as_i64(), run["changed"].as_i64(), run["embedded"].as_i64()),
            (Some(0), Some(0), Some(0)),
            "{run}"
        );
        assert!(run["unchanged"].as_i64() > Some(20), "{run}");
    }
    let hits = &second["searches"][0]["hits"];
    assert!(hits[0]["payload"]["localities"].as_array().unwrap().contains(&"Douala".into()), "{hits}");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [".oim-etl"], "the demo left something behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_demo_on_a_folder_in_use_is_refused_and_leaves_the_first_alone() {
    let folder = tempfile::Builder::new().prefix("oim-demo-").tempdir().unwrap();
    let data = folder.path().join("anywhere else");
    let args = ["demo", "--data", data.to_str().unwrap()];
    let mut first = Bin::new(folder.path(), &[&args[..], &["--keep"]].concat()).start();
    let lock = data.join("postgres/owner.lock");
    wait_until("the first one owns its folder", async || {
        std::fs::read_to_string(&lock).is_ok_and(|pid| !pid.is_empty())
    })
    .await;
    let pid = std::fs::read_to_string(&lock).unwrap();
    let refused = Bin::new(folder.path(), &args).run().await.expect(2);
    assert!(refused.err.contains(&format!("is in use by process {pid}")), "{}", refused.err);
    assert!(refused.err.contains("--data DIR"), "{}", refused.err);
    let server = data.join("postgres/data/postmaster.pid");
    wait_until("the first one's server runs", async || server.exists()).await;
    terminate(&mut first).await;
    assert!(!server.exists(), "it stops what it started");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_the_demo_are_never_served_by_a_real_worker_of_the_same_folder() {
    let road = Road::new().await;
    // The worst case: the demo uses the folder in which a real worker keeps its index.
    let data = road.data().join("data");
    Bin::new(road.data(), &["demo", "--data", data.to_str().unwrap()]).run().await.expect(0);
    let found = road.bin(&["search", "soudeur à Douala", "--output", "json"]).run().await.expect(0);
    assert_eq!(found.json(), serde_json::json!([]), "the real database holds nothing");
    road.bin(&["ingest", "mc2"]).run().await;
    let ids: Vec<String> = points_of(&road).await.into_iter().collect();
    let known: Vec<String> =
        sqlx::query_scalar("SELECT id::text FROM ingest.opportunities WHERE status = 'open'")
            .fetch_all(road.database.store().await.pool())
            .await
            .unwrap();
    assert!(
        !ids.is_empty() && ids.iter().all(|id| known.contains(id)),
        "{} of {} points",
        known.len(),
        ids.len()
    );
}

//! The whole pipeline through the binary: from each trigger to rows and points, and a second time.

use serde_json::Value;

use crate::support::{Ended, Road, archive_of, count, points_of, rows_of, wait_until};

fn of<'a>(runs: &'a Value, source: &str) -> &'a Value {
    runs.as_array().unwrap().iter().find(|run| run["source"] == source).unwrap()
}

async fn ingest_all(road: &Road) -> Ended {
    road.bin(&["ingest", "--all", "--full", "--output", "json"]).run().await.expect(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_ingest_loads_everything_and_the_second_finds_it_unchanged() {
    let road = Road::new().await;
    let first = ingest_all(&road).await;
    assert!(first.err.contains("no worker is alive: this command works the queue itself"), "{}", first.err);
    let store = road.database.store().await;
    let (rows, points, archive) = (rows_of(&store).await, points_of(&road).await, archive_of(road.data()));
    for source in ["fne", "emploicameroun"] {
        let first = first.json();
        let run = of(&first, source);
        assert_eq!(run["state"], "complete", "{run}");
        assert_eq!(
            count(run, "seen"),
            count(run, "created") + count(run, "unchanged") + count(run, "rejected"),
            "{run}"
        );
        assert!(count(run, "created") > 40 && count(run, "rejected") > 0, "{run}");
        // A point is written again when its row turns out to be one post with another.
        assert!(count(run, "embedded") >= count(run, "created"), "{run}");
    }
    let open = rows.iter().filter(|row| row["status"] == "open").count();
    assert_eq!(points.len(), open, "points and open rows differ");
    assert!(!archive.is_empty());

    let second = ingest_all(&road).await.json();
    for source in ["fne", "emploicameroun"] {
        let run = of(&second, source);
        assert_eq!(
            (count(run, "created"), count(run, "changed"), count(run, "embedded"), count(run, "closed")),
            (0, 0, 0, 0),
            "{run}"
        );
        assert!(count(run, "unchanged") > 40, "{run}");
    }
    assert_eq!(rows_of(&store).await, rows);
    assert_eq!(points_of(&road).await, points);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_reads_the_archive_and_asks_the_partner_nothing() {
    let road = Road::new().await;
    ingest_all(&road).await;
    let store = road.database.store().await;
    let rows = rows_of(&store).await;
    let asked = road.replay.arrivals().len();
    for source in ["fne", "emploicameroun"] {
        let dry = road.bin(&["replay", source, "--dry-run", "--output", "json"]).run().await.expect(0).json();
        assert_eq!(
            (&dry["would_be"]["created"], &dry["would_be"]["changed"]),
            (&Value::from(0), &Value::from(0)),
            "{dry}"
        );
        let runs = road.bin(&["replay", source, "--output", "json"]).run().await.expect(0).json();
        let run = of(&runs, source);
        assert_eq!((count(run, "created"), count(run, "changed")), (0, 0), "{run}");
        assert!(count(run, "unchanged") > 40, "{run}");
    }
    assert_eq!(road.replay.arrivals().len(), asked, "a replay visited the partner");
    assert_eq!(rows_of(&store).await, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_spec_is_a_replay() {
    let road = Road::new().await;
    ingest_all(&road).await;
    // The newest run has almost nothing, so the replay needs the last whole walk.
    road.bin(&["ingest", "fne"]).run().await.expect(0);
    let folder = road.data().join("specs");
    std::fs::create_dir(&folder).unwrap();
    let spec = include_str!("../../sources/partners/fne.toml")
        .replace("title = \".intitule\"", "title = '\"Offre : \" + .intitule'");
    std::fs::write(folder.join("fne.toml"), spec).unwrap();
    let asked = road.replay.arrivals().len();
    let runs = road
        .bin(&["replay", "fne", "--sources", folder.to_str().unwrap(), "--output", "json"])
        .run()
        .await
        .expect(0)
        .json();
    let run = of(&runs, "fne");
    assert_eq!(
        (count(run, "created"), count(run, "unchanged")),
        (2, 0),
        "two had no title of their own: {run}"
    );
    assert!(count(run, "changed") > 400 && count(run, "embedded") > 400, "{run}");
    assert_eq!(road.replay.arrivals().len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_loads_so_many_records_and_closes_nothing() {
    let road = Road::new().await;
    let runs = road
        .bin(&["ingest", "fne", "emploicameroun", "--limit", "7", "--output", "json"])
        .run()
        .await
        .expect(0)
        .json();
    for source in ["fne", "emploicameroun"] {
        assert_eq!(count(of(&runs, source), "seen"), 7, "{runs}");
        assert_eq!(count(of(&runs, source), "closed"), 0, "{runs}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing() {
    let road = Road::new().await;
    let shown = road
        .bin(&["ingest", "fne", "--dry-run", "--limit", "3", "--output", "json"])
        .run()
        .await
        .expect(0)
        .json();
    assert_eq!(
        shown["opportunities"].as_array().unwrap().len() + shown["rejected"].as_array().unwrap().len(),
        3
    );
    let store = road.database.store().await;
    assert!(rows_of(&store).await.is_empty() && store.runs(None, 5).await.unwrap().is_empty());
    assert!(archive_of(road.data()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trigger_takes_the_same_road() {
    let mut road = Road::new().await;
    road.settings.push("api_token=let-me-in".to_owned());
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    let address = store.queue().workers().await.unwrap()[0].http_address.clone().unwrap();

    let cli = road.bin(&["ingest", "fne", "--output", "json"]).run().await.expect(0);
    assert!(!cli.err.contains("no worker is alive"), "{}", cli.err);
    let http = crate::support::client();
    let ask = |token: &'static str, body: &'static str| {
        http.post(format!("http://{address}/v1/ingest"))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    assert_eq!(ask("wrong", r#"{"source":"fne"}"#).await.unwrap().status(), 401);
    assert_eq!(ask("let-me-in", r#"{"source":"fne","colour":1}"#).await.unwrap().status(), 400);
    assert_eq!(ask("let-me-in", r#"{"source":"nobody"}"#).await.unwrap().status(), 422);
    let future = r#"{"source":"fne","since":"2999-01-01T00:00:00Z"}"#;
    assert_eq!(ask("let-me-in", future).await.unwrap().status(), 422);
    assert_eq!(ask("let-me-in", r#"{"source":"fne","idempotency_key":"k"}"#).await.unwrap().status(), 202);
    assert_eq!(ask("let-me-in", r#"{"source":"fne","idempotency_key":"k"}"#).await.unwrap().status(), 200);
    let ended = async || store.runs(None, 9).await.unwrap().iter().all(|run| run.state.ended());
    wait_until("the HTTP run has ended", ended).await;
    sqlx::query("SELECT api.request_ingest('fne')").execute(store.pool()).await.unwrap();
    wait_until("the queued run has ended", async || {
        ended().await && store.runs(None, 9).await.unwrap().len() == 3
    })
    .await;

    let triggers: Vec<&str> =
        store.runs(None, 9).await.unwrap().iter().rev().map(|run| run.trigger.as_str()).collect();
    assert_eq!(triggers, ["cli", "http", "sql"]);
    let found = road.bin(&["search", "soudeur à Douala", "--output", "json"]).run().await.expect(0).json();
    assert!(found[0]["payload"]["title"].as_str().unwrap().to_lowercase().contains("soud"), "{found}");
    for (path, word) in
        [("health/live", "alive"), ("health/ready", "ready"), ("metrics", "oim_records_total")]
    {
        let answer = http.get(format!("http://{address}/{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(answer.text().await.unwrap().contains(word), "{path}");
    }
    crate::support::terminate(&mut worker).await;
    assert!(store.queue().workers().await.unwrap().is_empty(), "the worker did not sign off");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_partner_no_longer_shows_is_closed_and_its_point_withdrawn() {
    let road = Road::new().await;
    ingest_all(&road).await;
    let before = points_of(&road).await;
    let gone = replay::CannedResponse {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: shrunk().into(),
    };
    road.replay.replace("api.fnecm.org", "/v2/offres/search", gone);
    let runs = road.bin(&["ingest", "fne", "--full", "--output", "json"]).run().await.expect(0).json();
    let run = of(&runs, "fne");
    assert!(count(run, "closed") > 50, "{run}");
    let store = road.database.store().await;
    wait_until("the points are withdrawn", async || store.overview(0).await.unwrap().outbox == 0).await;
    let after = points_of(&road).await;
    assert_eq!(i64::try_from(before.len() - after.len()).unwrap(), count(run, "closed"));
}

/// Returns FNE's offers without the last hundred, in one answer.
fn shrunk() -> String {
    let all: Value = serde_json::from_str(include_str!("../../fixtures/fne/offres.json")).unwrap();
    let offers = all["resultats"].as_array().unwrap();
    serde_json::json!({ "resultats": offers[..offers.len() - 100] }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_value_of_a_row_is_explained_by_the_partners_words() {
    let road = Road::new().await;
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let store = road.database.store().await;
    let (id, url, words): (String, String, String) = sqlx::query_as(
        "SELECT external_id, url, amount_text FROM ingest.opportunities WHERE amount_min IS NOT NULL AND url IS NOT NULL ORDER BY id LIMIT 1",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    for asked in [format!("fne/{id}"), url] {
        let told = road.bin(&["explain", &asked]).run().await.expect(0).out;
        for sign in [
            "amount_min",
            "[money]",
            "regions CM-",
            "archived as fne/",
            "source file",
            words.split(' ').next().unwrap(),
        ] {
            assert!(told.contains(sign), "{sign}: {told}");
        }
        let json = road.bin(&["explain", &asked, "--output", "json"]).run().await.expect(0).json();
        assert_eq!(json["words"]["external_id"], id.as_str());
        assert_eq!(json["life"]["row"]["external_id"], id.as_str());
    }
    let nobody = road.bin(&["explain", "fne/nothing"]).run().await.expect(2).err;
    assert!(nobody.contains("there is no opportunity \"fne/nothing\": name an id"), "{nobody}");
}

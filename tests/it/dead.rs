//! Dead letters: listed, retried and discarded; their pages and runs come back as they were.

use replay::{Behavior, CannedResponse};
use serde_json::{Value, json};
use store::{RunState, Store, WhichDead};

use crate::support::{
    Road, count,
    opportunities::fresh,
    rows_of,
    runs::{self, next, open, read},
    terminate, wait_until,
};

const HOST: &str = "www.emploicameroun.cm";

fn refused() -> CannedResponse {
    CannedResponse { status: 403, headers: Vec::new(), body: "no".into() }
}

async fn ended(store: &Store, run: &str) -> RunState {
    let run = run.parse::<uuid::Uuid>().unwrap().into();
    wait_until("the run ends", async || store.run(run).await.unwrap().state.ended()).await;
    store.run(run).await.unwrap().state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_cause_retries_all_of_it_and_asks_for_nothing_else() {
    let behavior = Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() };
    let road = Road::with(behavior, "200/s").await;
    road.bin(&["ingest", "emploicameroun", "--full"]).run().await.expect(0);
    let store = road.database.store().await;
    let before = rows_of(&store).await;
    let details: Vec<String> =
        sqlx::query_scalar("SELECT url FROM ingest.pages WHERE role = 'detail' ORDER BY id LIMIT 2")
            .fetch_all(store.pool())
            .await
            .unwrap();
    for url in &details {
        road.replay.replace(HOST, url.split(HOST).nth(1).unwrap(), refused());
    }
    // What was parsed before from the same bytes is asked for again: every detail page is visited.
    let partial =
        road.bin(&["ingest", "emploicameroun", "--full", "-o", "json"]).run().await.expect(1).json();
    assert_eq!(partial[0]["state"], "partial", "{partial}");
    let letters =
        road.bin(&["dead", "list", "--source", "emploicameroun", "-o", "json"]).run().await.expect(0).json();
    let letters = letters.as_array().unwrap().clone();
    assert!(
        !letters.is_empty() && letters.iter().all(|letter| letter["run"] == partial[0]["id"]),
        "{letters:?}"
    );
    assert!(
        letters.iter().all(|letter| details.contains(&letter["url"].as_str().unwrap().to_owned())),
        "{letters:?}"
    );
    let shown = road.bin(&["dead", "show", &letters[0]["id"].to_string()]).run().await.expect(0).out;
    assert!(shown.contains("answered 403") && shown.contains("oim-etl dead retry"), "{shown}");
    let none = road.bin(&["dead", "retry", "--reason", "no such reason"]).run().await.expect(0).out;
    assert!(none.contains("there is nothing to retry"), "{none}");

    road.replay.restore(HOST);
    let asked = road.replay.arrivals().len();
    let retried =
        road.bin(&["dead", "retry", "--reason", "ANSWERED 403", "-o", "json"]).run().await.expect(0).json();
    assert_eq!(retried["letters"], json!(letters.len()), "{retried}");
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let run = retried["runs"][0]["run"].as_str().unwrap();
    assert_eq!(ended(&store, run).await, RunState::Complete);
    let row = json!(store.run(run.parse::<uuid::Uuid>().unwrap().into()).await.unwrap());
    assert_eq!((&row["mode"], count(&row, "closed")), (&json!("pages"), 0), "{row}");
    let asked: Vec<String> =
        road.replay.arrivals().split_off(asked).into_iter().map(|arrival| arrival.path).collect();
    let of_the_site = ["/robots.txt", "/.well-known/tdmrep.json"];
    let is_wanted = |path: &str| details.iter().any(|url| url.ends_with(path));
    assert!(
        asked.iter().all(|path| of_the_site.contains(&path.as_str()) || is_wanted(path)),
        "more was asked for than the dead letters: {asked:?}"
    );
    assert_eq!(rows_of(&store).await.len(), before.len());
    assert_eq!(road.bin(&["dead", "list", "-o", "json"]).run().await.expect(0).json(), json!([]));
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_was_given_up_is_asked_for_again() {
    let road = Road::new().await;
    road.replay.down("api.fnecm.org", true);
    let horizon = ["--set", "fetch.max_attempts=1", "--set", "fetch.give_up_hours=0"];
    let args = [&["ingest", "fne", "--full", "--output", "json"][..], &horizon].concat();
    let failed = road.bin(&args).run().await.expect(1).json();
    road.replay.down("api.fnecm.org", false);
    let retried = road.bin(&["dead", "retry", "--all", "-o", "json"]).run().await.expect(0).json();
    let run = retried["runs"][0]["run"].as_str().unwrap().to_owned();
    assert_ne!(Value::from(run.clone()), failed[0]["id"]);
    let store = road.database.store().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    assert_eq!(ended(&store, &run).await, RunState::Complete);
    let row = json!(store.run(run.parse::<uuid::Uuid>().unwrap().into()).await.unwrap());
    assert_eq!(row["mode"], "full");
    terminate(&mut worker).await;
}

#[tokio::test]
async fn the_wrong_thing_is_told() {
    let road = Road::new().await;
    road.bin(&["migrate"]).run().await.expect(0);
    let run = async |args: &[&str], code| road.bin(args).run().await.expect(code);
    assert!(run(&["dead", "retry"], 2).await.err.contains("--all"));
    assert!(run(&["dead", "retry", "7"], 2).await.err.contains("there is no dead letter 7"));
    assert!(run(&["dead", "discard", "--all"], 0).await.out.contains("there is nothing to discard"));
    let letter = "INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
                  VALUES (489, 'fetch_source', 'fetch:fne', '{}', 6, 'broken', now())";
    sqlx::query(letter).execute(road.database.store().await.pool()).await.unwrap();
    let gone = run(&["dead", "discard", "48"], 2).await.err;
    assert!(gone.contains("there is no dead letter 48; these numbers begin with it: 489"), "{gone}");
    run(&["dead", "discard", "489"], 0).await;
    assert!(run(&["dead", "list", "--source", "fnee"], 2).await.err.contains("did you mean fne?"));
    assert!(run(&["dead", "list", "--older-than", "soon"], 2).await.err.contains("such as 30min or 7d"));
    assert!(run(&["dead", "list", "--older-than", "99999999999999d"], 2).await.err.contains("such as 30min"));
}

#[tokio::test]
async fn a_run_that_could_not_be_ended_is_ended() {
    let store = fresh().await;
    let (run, close) = read(&store, &["1", "2"], true, |_| ()).await;
    store.discard_job(close.lease, "broken").await.unwrap();
    assert_eq!(store.run(run).await.unwrap().state, RunState::Failed);
    let retried = store.retry_dead(&WhichDead::default(), "awa").await.unwrap();
    assert_eq!((retried.letters, retried.jobs, retried.runs.len()), (1, 1, 0));
    let close = next(&store, "finish_run").await;
    store.finish_run(close.lease, run).await.unwrap();
    assert_eq!(store.run(run).await.unwrap().state, RunState::Complete);
    assert_eq!(open(&store).await, ["1", "2"]);
    // A newer run knows better: the newest archived answers are parsed instead.
    let (old, close) = read(&store, &["1"], true, |_| ()).await;
    store.discard_job(close.lease, "broken").await.unwrap();
    runs::run(&store, &["1", "2", "3"], true, |_| ()).await;
    let retried = store.retry_dead(&WhichDead::default(), "awa").await.unwrap();
    assert_eq!(store.run(old).await.unwrap().state, RunState::Failed);
    assert_eq!(store.run(retried.runs[0].0).await.unwrap().mode, store::Mode::Replay);
}

#[tokio::test]
async fn a_page_comes_back_to_its_run_while_that_is_ending() {
    let store = fresh().await;
    let (run, close) = read(&store, &["1"], true, |_| ()).await;
    let page: i64 =
        sqlx::query_scalar("SELECT max(id) FROM ingest.pages").fetch_one(store.pool()).await.unwrap();
    // As if its parsing had been given up before the run began to end.
    sqlx::query("UPDATE ingest.pages SET state = 'failed', alarm = 'broken' WHERE id = $1")
        .bind(page)
        .execute(store.pool())
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
         VALUES (121, 'parse_page', 'read:fne', jsonb_build_object('page', $1::bigint), 6, 'broken', now()),
                (12, 'parse_page', 'read:fne', '{\"page\": \"three\"}', 6, 'broken', now())",
    )
    .bind(page)
    .execute(store.pool())
    .await
    .unwrap();
    assert_eq!(store.dead_like("12").await.unwrap(), [12], "an id counts before what begins with it");
    assert_eq!(store.dead_like("1").await.unwrap(), [12, 121]);
    let (rows, all) = store.dead(&WhichDead::default(), None, 1).await.unwrap();
    assert_eq!((rows.len(), all, rows[0].source.as_deref()), (1, 2, Some("fne")));
    let retried = store.retry_dead(&WhichDead::default(), "awa").await.unwrap();
    assert_eq!((retried.letters, retried.jobs, retried.moot), (2, 1, 1));
    assert_eq!(store.run(run).await.unwrap().state, RunState::Running);
    assert!(store.finish_run(close.lease, run).await.unwrap_err().is_fenced(), "its end was in hand");
    assert_eq!(next(&store, "parse_page").await.payload, json!({ "page": page }));
}

#[tokio::test]
async fn a_discarded_letter_leaves_its_page_failed() {
    let store = fresh().await;
    let (run, close) = read(&store, &["1"], true, |_| ()).await;
    store.discard_job(close.lease, "broken").await.unwrap();
    let other = WhichDead { reason: Some("whole".to_owned()), ..WhichDead::default() };
    assert_eq!(store.discard_dead(&other, "awa").await.unwrap(), 0);
    let old = WhichDead { older_than: Some(std::time::Duration::from_hours(1)), ..WhichDead::default() };
    assert_eq!(store.discard_dead(&old, "awa").await.unwrap(), 0);
    assert_eq!(store.discard_dead(&WhichDead::default(), "awa").await.unwrap(), 1);
    assert_eq!(store.run(run).await.unwrap().state, RunState::Failed);
    assert_eq!(store.retry_dead(&WhichDead::default(), "awa").await.unwrap().letters, 0);
}

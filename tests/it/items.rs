//! One opportunity again: its page alone, at once, beside whatever else is under way.

use std::fmt::Write as _;

use replay::{CannedResponse, MockServer};
use serde_json::Value;
use store::Store;

use crate::support::{Road, html, rows_of, wait_until, with_partner};

const HOST: &str = "www.portail.cm";

const SPEC: &str = "name = 'Portail'
base_url = 'https://www.portail.cm'
rate = '50/s'
robots = false
[streams.offres]
kind = 'job'
format = 'html'
request = { path = '/offres' }
records = 'li'
[streams.offres.fields]
external_id = { css = 'a', attr = 'href', regex = '/(\\d+)$' }
[streams.offres.detail]
link = 'a'
[streams.offres.detail.fields]
title = 'h1'
";

fn answer(status: u16) -> CannedResponse {
    CannedResponse { status, headers: Vec::new(), body: Vec::new().into() }
}

/// Returns a portal with twenty posts, each with a page of its own, all loaded.
async fn loaded() -> (Road, MockServer) {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", SPEC, &behavior, &[]).await;
    let mut list = String::new();
    for id in 10..30 {
        write!(list, "<li><a href=/offre/{id}>Poste {id}</a></li>").unwrap();
        replay.replace(HOST, &format!("/offre/{id}"), html(&format!("<h1>Soudeur de l'atelier {id}</h1>")));
    }
    replay.replace(HOST, "/offres", html(&list));
    road.bin(&["ingest", "portail", "--full"]).run().await.expect(0);
    (road, replay)
}

/// Requests items and returns their runs.
async fn ingest(road: &Road, items: &[&str]) -> Value {
    road.bin(&[&["ingest", "--output", "json"], items].concat()).run().await.expect(0).json()
}

async fn count(store: &Store, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(store.pool()).await.unwrap()
}

async fn row(store: &Store, id: &str) -> Value {
    rows_of(store).await.into_iter().find(|row| row["external_id"] == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_updated_alone_and_closes_when_a_second_look_finds_its_page_gone() {
    let (road, replay) = loaded().await;
    let store = road.database.store().await;
    let before = rows_of(&store).await;
    replay.replace(HOST, "/offre/17", html("<h1>Chaudronnier de l'atelier 17</h1>"));
    replay.replace(HOST, "/offre/18", html("<h1>Menuisier de l'atelier 18</h1>"));
    let visits = replay.arrivals().len();
    let runs = ingest(&road, &["portail/17"]).await;
    assert_eq!((&runs[0]["state"], &runs[0]["mode"]), (&"complete".into(), &"item".into()), "{runs}");
    assert_eq!(
        (&runs[0]["changed"], &runs[0]["closed"], &runs[0]["seen"]),
        (&1.into(), &0.into(), &1.into())
    );
    assert_eq!(replay.arrivals().len() - visits, 1, "it asked for more than the item");
    let after = rows_of(&store).await;
    let changed: Vec<&Value> = after.iter().zip(&before).filter(|(a, b)| a != b).map(|(a, _)| a).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0]["title"], "Chaudronnier de l'atelier 17");

    // Two at once: one by the address of its page, one by its id.
    let id = row(&store, "19").await["id"].as_str().unwrap().to_owned();
    let runs = ingest(&road, &["https://www.portail.cm/offre/18", &id]).await;
    assert_eq!((&runs[0]["changed"], &runs[1]["unchanged"]), (&1.into(), &1.into()), "{runs}");

    // A 404 may pass: the first one closes nothing, and a second look is due later.
    replay.replace(HOST, "/offre/17", answer(404));
    let runs = ingest(&road, &["portail/17"]).await;
    assert_eq!((&runs[0]["rejected"], &runs[0]["closed"]), (&1.into(), &0.into()), "{runs}");
    assert_eq!(row(&store, "17").await["status"], "open");
    let later = "SELECT count(*) FROM queue.jobs WHERE kind = 'look_again' AND lane = 'item:portail' AND run_at > now()";
    assert_eq!(count(&store, later).await, 1);
    let runs = ingest(&road, &["portail/17"]).await;
    assert_eq!(runs[0]["closed"], 1, "{runs}");
    let closed = row(&store, "17").await;
    assert_eq!((&closed["status"], &closed["closed_why"]), (&"closed".into(), &"partner".into()));
    // 410 says for good that it is gone.
    replay.replace(HOST, "/offre/20", answer(410));
    assert_eq!(ingest(&road, &["portail/20"]).await[0]["closed"], 1);
    // It is back with the same words: it opens again.
    replay.replace(HOST, "/offre/17", html("<h1>Chaudronnier de l'atelier 17</h1>"));
    ingest(&road, &["portail/17"]).await;
    assert_eq!(row(&store, "17").await["status"], "open");
    let open = "SELECT count(*) FROM ingest.opportunities WHERE status = 'open'";
    assert_eq!(count(&store, open).await, 19, "nothing else was closed");
    // An item moves no cursor, and does not count as a visit of the list.
    let covering =
        "SELECT count(*) FROM ingest.runs WHERE mode = 'item' AND (covers <> '{}' OR cursors_before <> '{}')";
    assert_eq!(count(&store, covering).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_item_is_an_error_that_names_the_nearest_one() {
    let (road, _replay) = loaded().await;
    for (words, told) in [
        ("portail/177", "did you mean portail/17?"),
        ("portial/17", "there is no source \"portial\"; did you mean portail?"),
        ("https://www.portail.cm/offre/99", "there is no opportunity and no rejected record"),
        ("00000000-0000-0000-0000-000000000000", "there is no opportunity and no rejected record"),
    ] {
        let err = road.bin(&["ingest", words]).run().await.expect(2).err;
        assert!(err.contains(told), "{words}: {err}");
    }
    let err = road.bin(&["ingest", "portail/17", "--full"]).run().await.expect(2).err;
    assert!(err.contains("--full has no effect on a single opportunity (portail/17)"), "{err}");
    road.bin(&["sources", "pause", "portail"]).run().await.expect(0);
    let err = road.bin(&["ingest", "portail/17"]).run().await.expect(2).err;
    assert!(err.contains("source portail is paused"), "{err}");
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let store = road.database.store().await;
    let listed: String = sqlx::query_scalar(
        "SELECT 'fne/' || external_id FROM ingest.opportunities WHERE source = 'fne' LIMIT 1",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    let err = road.bin(&["ingest", &listed]).run().await.expect(2).err;
    assert!(err.contains("fne shows it in a list") && err.contains("oim-etl ingest fne"), "{err}");
}

/// A crawl under way with 100,000 pages to fetch. Those that a test has time for exist; the partner answers them with 404.
const CROWD: &str = "
WITH run AS (
  INSERT INTO ingest.runs (source, mode, trigger, state, started_at) VALUES ('portail', 'full', 'cli', 'running', now()) RETURNING id),
pages AS (
  INSERT INTO ingest.pages (run, stream, role, ordinal, url, request, state)
  SELECT run.id, 'offres', 'detail', n, 'https://www.portail.cm/autre/' || n, '{}', 'wanted' FROM run, generate_series(1, 2000) n
  RETURNING id)
INSERT INTO queue.jobs (kind, lane, payload)
SELECT 'fetch_page', 'fetch:portail', jsonb_build_object('page', id) FROM pages
UNION ALL SELECT 'fetch_page', 'fetch:portail', '{\"page\": 9000000000}' FROM generate_series(1, 98000)";

#[tokio::test(flavor = "multi_thread")]
async fn an_item_waits_for_no_other_job() {
    let (road, replay) = loaded().await;
    let store = road.database.store().await;
    sqlx::query(CROWD).execute(store.pool()).await.unwrap();
    let most = 4;
    let limit = format!("worker.fetch_at_once={most}");
    let args = ["worker", "--http", "127.0.0.1:0", "--no-scheduler", "--set", &limit];
    let mut worker = road.bin(&args).start();
    let path = |arrival: &replay::Arrival| arrival.path.clone();
    wait_until("the crowd is served", async || {
        replay.arrivals().iter().filter(|arrival| path(arrival).starts_with("/autre/")).count() > 10
    })
    .await;
    let waiting = "SELECT count(*) FROM queue.jobs WHERE lane = 'fetch:portail'";
    assert!(count(&store, waiting).await > 97_000);
    // Enqueued while we look, so that nothing is counted that left before.
    let item = store.find_item("portail/17").await.unwrap();
    let entered = store.request_item(&item, store::Trigger::Cli, "test").await.unwrap();
    let before = replay.arrivals().len();
    assert_eq!(
        store.request_item(&item, store::Trigger::Cli, "test").await.unwrap().run,
        entered.run,
        "asked twice, fetched once"
    );
    wait_until("the item is loaded", async || store.run(entered.run).await.unwrap().state.ended()).await;
    worker.kill();
    let arrivals: Vec<String> = replay.arrivals().iter().map(path).collect();
    let between = arrivals.iter().skip(before).position(|path| path == "/offre/17").unwrap();
    // A few hold a slot of the rate already, and some answers may come between two claims.
    assert!(between <= 10 * most, "{between} requests of other jobs left first");
    assert_eq!(store.run(entered.run).await.unwrap().state, store::RunState::Complete);
}

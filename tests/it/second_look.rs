//! The second look: if a walk through a shifting list misses an opportunity, its own page is fetched.

use std::fmt::Write as _;

use replay::{CannedResponse, MockServer};
use serde_json::Value;
use store::Store;

use crate::support::{Road, html, rows_of, terminate, wait_until, with_partner};

const HOST: &str = "www.portail.cm";

const SPEC: &str = "name = 'Portail'
base_url = 'https://www.portail.cm'
rate = '50/s'
robots = false
[streams.offres]
kind = 'job'
format = 'html'
request = { path = '/offres' }
pages = { kind = 'number', param = 'page', first = 1, next = 'a.suite' }
records = 'li'
[streams.offres.fields]
external_id = { css = 'a', attr = 'href', regex = '/(\\d+)$' }
[streams.offres.detail]
link = 'a'
[streams.offres.detail.fields]
title = 'h1'
";

fn gone() -> CannedResponse {
    CannedResponse { status: 404, headers: Vec::new(), body: Vec::new().into() }
}

/// Returns two pages of ten posts, without these posts. Each post has its own page.
fn serve(replay: &MockServer, without: &[usize]) {
    replay.restore(HOST);
    for page in 1..=2 {
        let mut list = String::new();
        for id in (page * 10..page * 10 + 10).filter(|id| !without.contains(id)) {
            write!(list, "<li><a href=/offre/{id}>Poste {id}</a></li>").unwrap();
        }
        if page == 1 {
            list += "<a class=suite href=/offres?page=2>suite</a>";
        }
        replay.replace(HOST, &format!("/offres?page={page}"), html(&list));
    }
    for id in 10..30 {
        replay.replace(HOST, &format!("/offre/{id}"), html(&format!("<h1>Soudeur de l'atelier {id}</h1>")));
    }
}

async fn ingest(road: &Road) -> Value {
    road.bin(&["ingest", "portail", "--full", "--output", "json"]).run().await.expect(0).json()[0].clone()
}

/// Returns external ids and reasons of what is closed.
async fn closed(store: &Store) -> Vec<(String, String)> {
    let text = |row: &Value, column: &str| row[column].as_str().unwrap_or_default().to_owned();
    let rows = rows_of(store).await;
    let closed = rows.iter().filter(|row| row["status"] == "closed");
    closed.map(|row| (text(row, "external_id"), text(row, "closed_why"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_walk_misses_closes_at_once_if_its_own_page_is_gone_and_stays_if_it_is_not() {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", SPEC, &behavior, &[]).await;
    serve(&replay, &[]);
    assert_eq!(ingest(&road).await["created"], 20);
    let store = road.database.store().await;
    // The list may have shifted: one walk alone closes nothing.
    serve(&replay, &[17, 18]);
    replay.replace(HOST, "/offre/17", gone());
    let run = ingest(&road).await;
    assert_eq!(run["state"], "complete", "{run}");
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let waiting = "SELECT count(*) FROM queue.jobs WHERE kind = 'look_again'";
    wait_until("both pages are looked at", async || {
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(store.pool()).await.unwrap();
        // The command that requested the run may have run the job already.
        waiting == 0 && !store.queue().workers().await.unwrap().is_empty()
    })
    .await;
    terminate(&mut worker).await;
    assert_eq!(closed(&store).await, [("17".to_owned(), "partner".to_owned())]);
    let told: i32 = sqlx::query_scalar("SELECT closed FROM ingest.runs ORDER BY created_at DESC LIMIT 1")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(told, 1, "the run that missed it tells of it");
    // The second walk that misses the other one closes it too.
    let run = ingest(&road).await;
    assert_eq!(run["closed"], 1, "{run}");
    assert_eq!(
        closed(&store).await,
        [("17".to_owned(), "partner".to_owned()), ("18".to_owned(), "absent".to_owned())]
    );
    // Reverting the first run reopens what its second look closed.
    let first: String = sqlx::query_scalar(
        "SELECT id::text FROM ingest.runs WHERE mode = 'full' ORDER BY created_at OFFSET 1 LIMIT 1",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    road.bin(&["runs", "revert", &first]).run().await.expect(0);
    assert_eq!(closed(&store).await, [("18".to_owned(), "absent".to_owned())]);
    // A post that is back in the list is open again, with the same text.
    ingest(&road).await;
    serve(&replay, &[]);
    ingest(&road).await;
    assert_eq!(closed(&store).await, []);
}

//! How a crawl ends: only an ending that proves the list whole may close what the list does not show.

use std::{fmt::Write as _, ops::Range};

use replay::{CannedResponse, MockServer};
use serde_json::{Value, json};

use crate::support::{Road, rows_of, terminate, wait_until, with_partner};

const HOST: &str = "www.liste.cm";

/// Returns a source file whose list has that format and pagination.
fn spec(format: &str, pages: &str) -> String {
    let fields = if format == "html" {
        "records = 'li'\n[streams.offres.fields]\nexternal_id = { css = 'a', attr = 'href', regex = '/(\\d+)$' }\ntitle = 'a'\n"
    } else {
        "records = '.offres[]'\n[streams.offres.fields]\nexternal_id = '.id'\ntitle = '.titre'\n"
    };
    format!(
        "name = 'Liste'\nbase_url = 'https://{HOST}'\nrate = '5/s'\nrobots = false\n[streams.offres]\nkind = 'job'\n\
         format = '{format}'\nrequest = {{ path = '/offres' }}\npages = {pages}\n{fields}"
    )
}

async fn listed(format: &str, pages: &str) -> (Road, MockServer) {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    with_partner("liste", &spec(format, pages), &behavior, &[]).await
}

fn answer(content_type: &str, body: String) -> CannedResponse {
    CannedResponse {
        status: 200,
        headers: vec![("content-type".into(), content_type.into())],
        body: body.into(),
    }
}

fn json_page(ids: Range<usize>, rest: Value) -> CannedResponse {
    let mut page = rest;
    page["offres"] = ids.map(|id| json!({"id": id, "titre": format!("Soudeur de l'atelier {id}")})).collect();
    answer("application/json", page.to_string())
}

fn html_page(ids: Range<usize>, rest: &str) -> String {
    let mut page = String::from("<html><body><ul>");
    ids.for_each(|id| {
        write!(page, "<li><a href=/offre/{id}>Soudeur de l'atelier {id}</a></li>").unwrap();
    });
    format!("{page}</ul>{rest}</body></html>")
}

/// Serves these pages. Each has what follows `/offres` in its address, and its answer.
fn serve(replay: &MockServer, pages: Vec<(&str, CannedResponse)>) {
    replay.restore(HOST);
    for (target, page) in pages {
        replay.replace(HOST, &format!("/offres{target}"), page);
    }
}

/// Ingests the list, and returns the run.
async fn ingest(road: &Road) -> Value {
    let ended = road.bin(&["ingest", "liste", "--full", "--output", "json"]).run().await;
    ended.json()[0].clone()
}

/// Checks that the run closed nothing, because the crawl did not prove the list whole for that reason.
async fn is_partial(road: &Road, why: &str) -> Value {
    let run = ingest(road).await;
    assert_eq!((run["state"].as_str(), run["closed"].as_i64()), (Some("partial"), Some(0)), "{run}");
    assert_eq!(run["message"], why, "{run}");
    run
}

async fn is_complete(road: &Road, closed: i64) {
    let run = ingest(road).await;
    assert_eq!((run["state"].as_str(), run["closed"].as_i64()), (Some("complete"), Some(closed)), "{run}");
}

async fn open(road: &Road) -> usize {
    let rows = rows_of(&*road.database.store().await).await;
    rows.iter().filter(|row| row["status"] == "open").count()
}

/// Returns the pages, of fifty records each, of a list with so many records that promises so many.
fn promised(total: usize, has: usize) -> Vec<(&'static str, CannedResponse)> {
    let targets = ["?page=1", "?page=2", "?page=3", "?page=4", "?page=5"];
    let page = |(at, target): (usize, &'static str)| {
        let ids = (at * 50).min(has)..((at + 1) * 50).min(has);
        (target, json_page(ids, json!({"total": total})))
    };
    targets.into_iter().enumerate().map(page).collect()
}

/// Returns ending, promised records, records, whether it is a snapshot, and whether it is proven.
type Ending = (String, Option<i64>, Option<i64>, bool, bool);

const COUNTED: &str = "{ kind = 'number', param = 'page', first = 1, size = 50, total = '.total' }";

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_ends_before_its_total_closes_nothing() {
    let (road, replay) = listed("json", COUNTED).await;
    serve(&replay, promised(245, 245));
    is_complete(&road, 0).await;
    serve(&replay, promised(245, 160));
    let run = is_partial(&road, "stream offres: 160 of 245 promised records came").await;
    assert_eq!((run["unchanged"].as_i64(), open(&road).await), (Some(160), 245), "{run}");
    serve(&replay, promised(240, 240));
    is_complete(&road, 5).await;
    let store = road.database.store().await;
    let walks: Vec<Ending> = sqlx::query_as(
        "SELECT w.ending, w.promised, w.records, w.is_snapshot, w.unproven IS NULL
           FROM ingest.walks w JOIN ingest.runs r ON r.id = w.run ORDER BY r.created_at",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    let walk = |ending: &str, promised, records, is_proven| {
        (ending.to_owned(), Some(promised), Some(records), is_proven, is_proven)
    };
    let expected =
        [walk("total", 245, 245, true), walk("empty", 245, 160, false), walk("total", 240, 240, true)];
    assert_eq!(walks, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_whose_second_page_is_the_first_again_closes_nothing() {
    let (road, replay) = listed("html", "{ kind = 'number', param = 'page', first = 1 }").await;
    let page = |ids| answer("text/html", html_page(ids, ""));
    serve(&replay, vec![("?page=1", page(0..20)), ("?page=2", page(20..30)), ("?page=3", page(0..0))]);
    is_complete(&road, 0).await;
    serve(&replay, vec![("?page=", page(0..20))]);
    is_partial(&road, "stream offres: page 2 shows the same as an earlier page").await;
    assert_eq!(open(&road).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_a_page_without_records_closes_nothing() {
    let (road, replay) = listed("json", "{ kind = 'next_link', link = '.suite' }").await;
    let first = || json_page(0..20, json!({"suite": "/offres?page=2"}));
    serve(&replay, vec![("", first()), ("?page=2", json_page(20..30, json!({})))]);
    is_complete(&road, 0).await;
    serve(&replay, vec![("", first()), ("?page=2", json_page(0..0, json!({})))]);
    is_partial(&road, "stream offres: page 2 has no records, and a link promised some").await;
    assert_eq!(open(&road).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_off_closes_nothing() {
    let (road, replay) =
        listed("html", "{ kind = 'number', param = 'page', first = 1, next = 'a.suite' }").await;
    let first = || answer("text/html", html_page(0..20, "<a class=suite href=/offres?page=2>suite</a>"));
    let second = html_page(20..40, "");
    serve(&replay, vec![("?page=1", first()), ("?page=2", answer("text/html", second.clone()))]);
    is_complete(&road, 0).await;
    let cut = second.split_once("<li><a href=/offre/36>").unwrap().0.to_owned();
    serve(&replay, vec![("?page=1", first()), ("?page=2", answer("text/html", cut))]);
    is_partial(&road, "stream offres: page 2 breaks off").await;
    assert_eq!(open(&road).await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_list_whose_total_came_closes_what_is_gone() {
    let pages = "{ kind = 'offset', offset = 'de', limit = 'n', size = 20, total = '.total' }";
    let (road, replay) = listed("json", pages).await;
    let page = |ids, total: usize| json_page(ids, json!({"total": format!("{total} offres")}));
    let whole =
        |total: usize| vec![("?n=20&de=0", page(0..20, total)), ("?n=20&de=20", page(20..total, total))];
    serve(&replay, whole(40));
    is_complete(&road, 0).await;
    serve(&replay, whole(38));
    is_complete(&road, 2).await;
    assert_eq!(open(&road).await, 38);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ending_the_list_never_had_is_believed_once_it_repeats() {
    let (road, replay) = listed("json", "{ kind = 'number', param = 'page', first = 1, size = 20 }").await;
    let show = |last: usize| {
        let pages = [("?page=1", 0..20), ("?page=2", 20..last), ("?page=3", 40..40)];
        serve(&replay, pages.map(|(target, ids)| (target, json_page(ids, json!({})))).into());
    };
    show(39);
    for _ in 0..3 {
        is_complete(&road, 0).await;
    }
    show(40);
    let why = "stream offres ended by an empty page, which it never did before in 3 runs; nothing was closed";
    for _ in 0..3 {
        is_partial(&road, why).await;
    }
    is_complete(&road, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_was_interrupted_proves_the_list_whole() {
    let (mut road, replay) = listed("json", COUNTED).await;
    road.settings.push("worker.lease_seconds=2".to_owned());
    serve(&replay, promised(245, 245));
    let busy = CannedResponse { status: 503, headers: Vec::new(), body: Vec::new().into() };
    replay.replace(HOST, "/offres?page=4", busy);
    road.bin(&["migrate"]).run().await.expect(0);
    let store = road.database.store().await;
    sqlx::query("SELECT api.request_ingest('liste', 'full')").execute(store.pool()).await.unwrap();
    let asked = |page: usize| {
        let target = format!("page={page}");
        replay.arrivals().iter().filter(|arrival| arrival.path.contains(&target)).count()
    };
    let worker = || road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let mut first = worker();
    wait_until("the fourth page is asked for", async || asked(4) > 0).await;
    first.kill();
    serve(&replay, promised(245, 245));
    let mut second = worker();
    wait_until("the run has ended", async || {
        store.runs(None, 1).await.unwrap().iter().all(|run| run.state.ended())
    })
    .await;
    terminate(&mut second).await;
    let run = store.runs(None, 1).await.unwrap().remove(0);
    assert_eq!((run.state, run.covers.as_slice()), (store::RunState::Complete, &["offres".to_owned()][..]));
    assert_eq!((asked(1), run.created), (1, 245), "{run:?}");
    let walk: (String, Option<i64>, bool) =
        sqlx::query_as("SELECT ending, records, is_snapshot FROM ingest.walks")
            .fetch_one(store.pool())
            .await
            .unwrap();
    assert_eq!(walk, ("total".to_owned(), Some(245), true));
}

/// The ending proves the list whole, and the list is a part of the usual one all the same: an export that ran into a limit, say.
#[tokio::test]
async fn a_list_that_was_cut_closes_nothing_and_the_next_good_day_heals_it() {
    let (road, replay) = listed("json", "{ kind = 'single' }").await;
    let show = |ids: Range<usize>| serve(&replay, vec![("", json_page(ids, json!({})))]);
    // One goes and one comes, day by day.
    for day in 0..4 {
        show(day..day + 60);
        is_complete(&road, i64::from(day > 0)).await;
    }
    show(4..41);
    let cut = ingest(&road).await;
    assert_eq!((cut["state"].as_str(), cut["closed"].as_i64()), (Some("complete"), Some(0)), "{cut}");
    let told =
        "23 open opportunities are missing, more than usual: they close if the next run misses them too";
    assert!(cut["message"].as_str().is_some_and(|why| why.ends_with(told)), "{cut}");
    assert_eq!(open(&road).await, 60);
    show(5..65);
    is_complete(&road, 2).await;
    assert_eq!(open(&road).await, 60);
    // What is really gone is missing the next time too.
    show(5..45);
    is_complete(&road, 0).await;
    let gone = ingest(&road).await;
    assert_eq!((gone["state"].as_str(), gone["closed"].as_i64()), (Some("complete"), Some(20)), "{gone}");
    assert!(gone["message"].is_null(), "nothing of it stays open: {gone}");
}

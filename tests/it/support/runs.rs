//! Runs taken through the store's own steps, without a worker and without a partner.

use std::time::Duration;

use domain::{Fingerprint, RunId, SourceSlug};
use queue::{Job, Lease, WorkerId};
use serde_json::json;
use store::{
    Archived, Mode, NewListPage, PageRow, ParsedPage, Reading, RunRequest, Store, StreamWalk, Trigger,
};

use super::{
    Held,
    opportunities::{fresh, noon, opportunity},
};

/// The address of every list page.
pub(crate) const LIST: &str = "https://api.fnecm.org/";

/// A request for a run, from the command line.
pub(crate) fn request(source: &SourceSlug, mode: Mode) -> RunRequest {
    RunRequest {
        source: source.clone(),
        mode,
        trigger: Trigger::Cli,
        since: None,
        limit: None,
        idempotency_key: None,
        requested_by: "test".to_owned(),
        replay_of: None,
        only_stale: false,
        file: None,
    }
}

/// Claims the next job of a kind.
pub(crate) async fn next(store: &Store, kind: &str) -> Job {
    let jobs = store
        .queue()
        .claim(WorkerId::new(), &[kind.to_owned()], None, 1, None, Duration::from_secs(30))
        .await
        .unwrap();
    jobs.into_iter().next().unwrap_or_else(|| panic!("no {kind} waits"))
}

/// Requests a full run of the source and begins its crawl. Returns the run and the job of the crawl.
pub(crate) async fn begin(store: &Store) -> (RunId, Lease) {
    let run = store.request_run(&request(&"fne".parse().unwrap(), Mode::Full)).await.unwrap().run;
    let crawl = next(store, "fetch_source").await;
    store.begin_run(run, &"0".repeat(64)).await.unwrap();
    (run, crawl.lease)
}

/// Enters an archived list page of a run.
pub(crate) async fn enter_list_page(store: &Store, crawl: Lease, run: RunId, ordinal: u32) {
    let archived = Archived {
        status: 200,
        headers: Vec::new(),
        archive_key: "k".to_owned(),
        sha256: [0; 32],
        bytes: 2,
        fetched_at: noon(),
        requests: 1,
        etag: None,
        last_modified: None,
    };
    let page = NewListPage {
        run,
        source: &"fne".parse().unwrap(),
        stream: "offres",
        ordinal,
        url: LIST,
        request: json!({}),
        take: None,
        is_file: false,
        shown: &[],
        promised: None,
        read_by: "test",
        archived: &archived,
    };
    store.list_page_archived(crawl, &page).await.unwrap();
}

/// Claims the next page that waits to be parsed.
pub(crate) async fn next_page(store: &Store) -> (Lease, PageRow) {
    let parse = next(store, "parse_page").await;
    (parse.lease, store.page(parse.payload["page"].as_i64().unwrap()).await.unwrap())
}

/// Commits a page and ends the job that parsed it.
pub(crate) async fn commit(store: &Store, lease: Lease, page: PageRow, reading: Reading) {
    let page = ParsedPage::new(lease, page, None, String::new(), reading);
    for outcome in store.commit_pages(&[page]).await {
        outcome.unwrap();
    }
}

/// Commits the next page. It shows these ids, after `spoil` has changed what was parsed.
pub(crate) async fn commit_next(store: &Store, shows: &[&str], spoil: impl FnOnce(&mut Reading)) {
    let (lease, page) = next_page(store).await;
    let opportunities = shows.iter().map(|id| opportunity(id, "Soudeur", None)).collect();
    let mut reading = Reading { opportunities, ..Reading::default() };
    spoil(&mut reading);
    commit(store, lease, page, reading).await;
}

/// Ends the crawl of the one stream.
pub(crate) async fn end_crawl(store: &Store, crawl: Lease, run: RunId, covers_all: bool) {
    store.end_walk(crawl, run, &[StreamWalk::of_file("offres", covers_all)], &[]).await.unwrap();
}

/// A run of one page that shows the given ids.
pub(crate) async fn run(
    store: &Store,
    shows: &[&str],
    covers_all: bool,
    spoil: impl FnOnce(&mut Reading),
) -> RunId {
    let (run, finish) = read(store, shows, covers_all, spoil).await;
    store.finish_run(finish.lease, run).await.unwrap();
    run
}

/// The same up to the job that ends the run.
pub(crate) async fn read(
    store: &Store,
    shows: &[&str],
    covers_all: bool,
    spoil: impl FnOnce(&mut Reading),
) -> (RunId, Job) {
    let (run, crawl) = begin(store).await;
    enter_list_page(store, crawl, run, 0).await;
    end_crawl(store, crawl, run, covers_all).await;
    commit_next(store, shows, spoil).await;
    (run, next(store, "finish_run").await)
}

/// Returns the external ids of the open opportunities, in order.
pub(crate) async fn open(store: &Store) -> Vec<String> {
    sqlx::query_scalar("SELECT external_id FROM ingest.opportunities WHERE status = 'open' ORDER BY 1")
        .fetch_all(store.pool())
        .await
        .unwrap()
}

/// Three ordinary runs of twenty posts by different employers, and the ids of the posts.
pub(crate) async fn with_a_history() -> (Held, Vec<String>) {
    let store = fresh().await;
    let ids = ids(20);
    for _ in 0..3 {
        run(&store, &slices(&ids), true, employers).await;
    }
    (store, ids)
}

/// The external ids `0`, `1`, ….
pub(crate) fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// The same ids, borrowed.
pub(crate) fn slices(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

/// Gives each post an employer of its own, and a closing date.
pub(crate) fn employers(reading: &mut Reading) {
    for (at, row) in reading.opportunities.iter_mut().enumerate() {
        row.organization = Some(format!("Atelier {at}"));
        row.closes_on = Some("2099-01-31".parse().unwrap());
        row.fingerprint = Fingerprint::of(row);
    }
}

/// Gives each post the portal as its employer.
pub(crate) fn one_employer(reading: &mut Reading) {
    employers(reading);
    for row in &mut reading.opportunities {
        row.organization = Some("Portail".to_owned());
        row.fingerprint = Fingerprint::of(row);
    }
}

//! The end of a run: whatever happens to its jobs, it never waits forever.

use std::time::Instant;

use domain::SourceSlug;
use store::{Mode, RunState};

use crate::support::{
    opportunities::fresh,
    runs::{LIST, begin, end_crawl, enter_list_page, ids, next, read, request, slices},
    wait_until,
};

#[tokio::test]
async fn a_page_given_up_fails_its_run_and_nothing_waits_for_ever() {
    let store = fresh().await;
    let (id, crawl) = begin(&store).await;
    enter_list_page(&store, crawl, id, 0).await;
    end_crawl(&store, crawl, id, true).await;
    let parse = next(&store, "parse_page").await;
    store.discard_job(parse.lease, "the archive lost it").await.unwrap();
    let close = next(&store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Partial);
    let message = store.run(id).await.unwrap().message.unwrap();
    assert_eq!(message, format!("{LIST}: the archive lost it"));
}

#[tokio::test]
async fn who_dies_after_the_last_page_leaves_the_end_of_the_run_to_the_others() {
    let store = fresh().await;
    let (id, crawl) = begin(&store).await;
    end_crawl(&store, crawl, id, true).await;
    let close = next(&store, "finish_run").await;
    store.queue().job_done(close.lease).await.unwrap();
    // What the row says between the commit of the last page and the check whether the run is over.
    sqlx::query("UPDATE ingest.runs SET state = 'running'").execute(store.pool()).await.unwrap();
    store.reap().await.unwrap();
    let close = next(&store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
}

#[tokio::test]
async fn a_walk_given_up_fails_its_run() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let id = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
    let walk = next(&store, "fetch_source").await;
    store.discard_job(walk.lease, "the partner is gone").await.unwrap();
    let row = store.run(id).await.unwrap();
    assert_eq!((row.state, row.message.as_deref()), (RunState::Failed, Some("the partner is gone")));
    assert!(
        store.request_run(&request(&source, Mode::Full)).await.unwrap().is_new,
        "a failed run blocks its source"
    );
}

/// Records of the test below: enough that comparing each with each takes many times as long as loading them.
const MANY: usize = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn closing_costs_a_part_of_loading_also_in_a_database_that_was_never_analysed() {
    let store = fresh().await;
    for table in ["opportunities", "pages", "runs", "rejections"] {
        let off = format!("ALTER TABLE ingest.{table} SET (autovacuum_enabled = false)");
        sqlx::query(sqlx::AssertSqlSafe(off)).execute(store.pool()).await.unwrap();
    }
    let ids = ids(MANY);
    let all = slices(&ids);
    let begun = Instant::now();
    let (first, close) = read(&store, &all, true, |_| ()).await;
    let loading = begun.elapsed();
    store.finish_run(close.lease, first).await.unwrap();
    let (second, close) = read(&store, &all[1..], true, |_| ()).await;
    let begun = Instant::now();
    assert_eq!(store.finish_run(close.lease, second).await.unwrap(), RunState::Complete);
    let closing = begun.elapsed();
    assert_eq!(store.run(second).await.unwrap().closed, 1);
    assert!(closing < loading, "closing took {closing:?}, loading {loading:?}");
}

#[tokio::test]
async fn a_run_ends_when_its_closing_has_ended() {
    let store = fresh().await;
    let (id, close) = read(&store, &["1"], true, |_| ()).await;
    let begun: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(store.pool()).await.unwrap();
    // While the run's row is locked, its closing cannot end.
    let mut locked = store.pool().begin().await.unwrap();
    sqlx::query("SELECT FROM ingest.runs FOR UPDATE").execute(&mut *locked).await.unwrap();
    let closer = store.clone();
    let closing = tokio::spawn(async move { closer.finish_run(close.lease, id).await.unwrap() });
    wait_until("the closing waits", async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
        sqlx::query_scalar(waits).fetch_one(store.pool()).await.unwrap()
    })
    .await;
    let released: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(store.pool()).await.unwrap();
    locked.commit().await.unwrap();
    closing.await.unwrap();
    let ended = store.run(id).await.unwrap().finished_at.unwrap();
    assert!(ended >= released && released > begun, "{begun} {released} {ended}");
}

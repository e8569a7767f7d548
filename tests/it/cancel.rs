//! Cancelling a run: nothing more of it is requested or published, and the next one starts.

use domain::SourceSlug;
use serde_json::json;
use store::{Mode, RunState, StoreError};

use crate::support::{
    opportunities::fresh,
    runs::{next, open, read, request, run},
    wait_until,
};

#[tokio::test]
async fn a_cancelled_run_loses_its_jobs_and_the_next_one_starts() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let first = store.request_run(&request(&source, Mode::Incremental)).await.unwrap().run;
    let waiting = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
    assert_eq!(store.run(waiting).await.unwrap().state, RunState::Waiting);
    store.cancel_run(first, "awa").await.unwrap();
    let row = store.run(first).await.unwrap();
    assert_eq!((row.state, row.message.as_deref()), (RunState::Failed, Some("cancelled by awa")));
    let walk = next(&store, "fetch_source").await;
    assert_eq!(walk.payload["run"], json!(waiting), "the job of the cancelled run is gone");
    let refused = store.cancel_run(first, "awa").await.unwrap_err().to_string();
    assert!(refused.contains("is failed already"), "{refused}");
    let unknown = store.cancel_run(uuid::Uuid::nil().into(), "awa").await.unwrap_err().to_string();
    assert!(unknown.contains("there is no run 00000000"), "{unknown}");
}

#[tokio::test]
async fn who_has_a_page_of_a_cancelled_run_in_hand_commits_nothing() {
    let store = fresh().await;
    run(&store, &["1"], true, |_| ()).await;
    let (second, close) = read(&store, &["2"], true, |_| ()).await;
    let rows = "SELECT count(*) FROM ingest.staged";
    assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(store.pool()).await.unwrap(), 1);
    store.cancel_run(second, "awa").await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(store.pool()).await.unwrap(), 0);
    assert!(matches!(store.finish_run(close.lease, second).await, Err(StoreError::Fenced(_))));
    assert_eq!(open(&store).await, ["1"]);
}

/// Who commits a page locks its job first, and then the run by its foreign keys. A cancellation that did it the other way round waited for
/// what waited for it.
#[tokio::test]
async fn a_cancellation_waits_for_a_commit_that_has_begun() {
    let store = fresh().await;
    let (run, close) = read(&store, &["1"], true, |_| ()).await;
    let mut tx = store.pool().begin().await.unwrap();
    close.lease.check(&mut tx).await.unwrap();
    let cancelling = tokio::spawn({
        let store = store.clone();
        async move { store.cancel_run(run, "awa").await }
    });
    wait_until("the cancellation waits", async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
        sqlx::query_scalar(waits).fetch_one(store.pool()).await.unwrap()
    })
    .await;
    let refers = "SELECT 1 FROM ingest.runs WHERE id = $1 FOR KEY SHARE";
    sqlx::query(refers).bind(run.uuid()).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    cancelling.await.unwrap().unwrap();
    assert_eq!(store.run(run).await.unwrap().state, RunState::Failed);
    assert!(matches!(store.finish_run(close.lease, run).await, Err(StoreError::Fenced(_))));
}

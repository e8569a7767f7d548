//! The cursor of a stream: which runs move it, and which windows may be requested.

use chrono::{DateTime, TimeDelta, Utc};
use domain::SourceSlug;
use store::{Mode, RunRequest, RunState, Store};

use crate::support::{
    opportunities::fresh,
    runs::{next, request, run},
};

/// Completes a run that requests what is newer than `since`, and returns the cursor after it.
async fn cursor_after(store: &Store, since: Option<DateTime<Utc>>) -> DateTime<Utc> {
    let source: SourceSlug = "fne".parse().unwrap();
    let asked = RunRequest { since, ..request(&source, Mode::Incremental) };
    let id = store.request_run(&asked).await.unwrap().run;
    let walk = next(store, "fetch_source").await;
    store.begin_run(id, &"0".repeat(64)).await.unwrap();
    store.end_walk(walk.lease, id, &[], &[]).await.unwrap();
    let close = next(store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
    store.complete_to(&source, "offres").await.unwrap().unwrap()
}

#[tokio::test]
async fn only_a_complete_run_moves_the_cursor() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    run(&store, &["1"], true, |reading| reading.alarm = Some("unreadable".to_owned())).await;
    assert_eq!(store.complete_to(&source, "offres").await.unwrap(), None);
    let id = run(&store, &["1"], true, |_| ()).await;
    assert_eq!(store.complete_to(&source, "offres").await.unwrap(), store.run(id).await.unwrap().started_at);
}

#[tokio::test]
async fn a_cursor_moves_only_where_the_window_began_at_or_before_it() {
    let store = fresh().await;
    let first = cursor_after(&store, None).await;
    let hour = TimeDelta::hours(1);
    sqlx::query("UPDATE ingest.streams SET complete_to = complete_to - interval '3 days'")
        .execute(store.pool())
        .await
        .unwrap();
    let behind = first - TimeDelta::days(3);
    assert_eq!(cursor_after(&store, Some(first - hour)).await, behind, "three days were not asked for");
    assert!(cursor_after(&store, Some(behind - hour)).await > first, "nothing was left out");
}

#[tokio::test]
async fn what_is_newer_than_the_future_is_not_asked_for() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let tomorrow = Utc::now() + TimeDelta::days(1);
    let asked = RunRequest { since: Some(tomorrow), ..request(&source, Mode::Incremental) };
    let refused = store.request_run(&asked).await.unwrap_err();
    assert!(refused.to_string().contains("lies in the future"), "{refused}");
    let by_sql =
        sqlx::query("SELECT api.request_ingest('fne', 'incremental', since => now() + interval '1 day')");
    let refused = by_sql.execute(store.pool()).await.unwrap_err();
    assert!(refused.to_string().contains("lies in the future"), "{refused}");
}

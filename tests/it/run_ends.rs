//! The end of a run: whatever happens to its jobs, it never waits forever.

use std::time::Instant;

use domain::SourceSlug;
use store::{Mode, RunState};

use crate::support::{
    Database,
    opportunities::{fresh, register},
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

/// Copies the opportunities, runs and pages until another source has 10,000 of each.
const OTHERS: [&str; 4] = [
    "INSERT INTO ingest.opportunities SELECT (jsonb_populate_record(o, jsonb_build_object(
        'id', gen_random_uuid(), 'source', 'other', 'external_id', 'o' || g || o.external_id))).*
       FROM ingest.opportunities o, generate_series(1, 500) g",
    "INSERT INTO ingest.runs SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'source', 'other'))).*
       FROM ingest.runs r, generate_series(1, 100) g",
    "INSERT INTO ingest.pages OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(p, jsonb_build_object(
        'id', 1000000 + row_number() OVER (), 'run', r.id, 'ordinal', g))).*
       FROM ingest.pages p, ingest.runs r, generate_series(1, 100) g WHERE r.source = 'other'",
    "VACUUM (ANALYZE) ingest.opportunities, ingest.pages, ingest.runs",
];

/// Rows that the one connection of `store` has read of a table so far.
async fn rows_read(store: &store::Store, table: &str) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(store.pool()).await.unwrap();
    let read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE schemaname = 'ingest' AND relname = $1";
    sqlx::query_scalar(read).bind(table).fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn the_end_of_a_run_costs_what_its_source_holds_whatever_others_hold() {
    let database = Database::new().await;
    let store = store::Store::connect(&database.url(), 1).await.unwrap();
    // The workers know the last one; what the other one holds stays.
    for source in ["other", "fne"] {
        register(&store, source).await;
    }
    let ids = ids(20);
    let (first, close) = read(&store, &slices(&ids), true, |_| ()).await;
    store.finish_run(close.lease, first).await.unwrap();
    for statement in OTHERS {
        sqlx::query(statement).execute(store.pool()).await.unwrap();
    }
    let (second, close) = read(&store, &slices(&ids)[..18], true, |_| ()).await;
    let before = [rows_read(&store, "opportunities").await, rows_read(&store, "pages").await];
    assert_eq!(store.finish_run(close.lease, second).await.unwrap(), RunState::Complete);
    assert_eq!(store.run(second).await.unwrap().closed, 2);
    let after = [rows_read(&store, "opportunities").await, rows_read(&store, "pages").await];
    // The 20 rows of the source are read by each of its statements, the page of the run too.
    assert!(after[0] - before[0] < 500, "{} opportunities were read", after[0] - before[0]);
    assert!(after[1] - before[1] < 100, "{} pages were read", after[1] - before[1]);
}

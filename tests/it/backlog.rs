//! A backlog of a million rows: claims, requests and batches of the outbox read no more of it than of an empty table.

use std::time::Duration;

use queue::WorkerId;
use store::{Store, TargetId};

use crate::support::Database;

const HOLD: Duration = Duration::from_mins(1);
/// Jobs and requests of the backlog.
const MANY: i64 = 1_000_000;
/// Jobs of a claim.
const CLAIMED: i64 = 8;
/// Lanes that share the jobs.
const LANES: i64 = 20;
/// Requests of a batch.
const BATCH: i64 = 100;
/// Steps, with the rows and the blocks that each has read.
type Read = Vec<(&'static str, i64, i64)>;

/// Returns how many rows and blocks of both tables the one connection of `store` has read so far.
async fn so_far(store: &Store) -> (i64, i64) {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(store.pool()).await.unwrap();
    sqlx::query_as(
        "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint,
                sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0))::bigint
           FROM pg_stat_user_tables JOIN pg_statio_user_tables USING (relid) WHERE pg_stat_user_tables.relname IN ('jobs', 'outbox')",
    )
    .fetch_one(store.pool())
    .await
    .unwrap()
}

async fn run(store: &Store, statement: &'static str) {
    sqlx::query(statement).execute(store.pool()).await.unwrap();
}

/// Does each step once, and returns what it reads.
async fn steps(store: &Store) -> Read {
    let mut read = Read::new();
    let mut before = so_far(store).await;
    let mut note = async |step| {
        let now = so_far(store).await;
        read.push((step, now.0 - before.0, now.1 - before.1));
        before = now;
    };
    run(store, "SELECT queue.enqueue('parse_page', 'read:1', '{\"page\": 1}', 'key:1')").await;
    note("enqueue").await;
    let kinds = ["parse_page".to_owned()];
    let jobs = store.queue().claim(WorkerId::new(), &kinds, None, CLAIMED, None, HOLD).await.unwrap();
    assert_eq!(i64::try_from(jobs.len()).unwrap(), CLAIMED);
    note("claim").await;
    store.claim_outbox(jobs[0].lease, TargetId(0), BATCH, &[]).await.unwrap();
    note("batch of the outbox").await;
    for job in jobs {
        store.queue().job_done(job.lease).await.unwrap();
    }
    note("end").await;
    read
}

async fn fill(store: &Store, jobs: i64, requests: i64) {
    sqlx::query("INSERT INTO queue.jobs (kind, lane, payload) SELECT 'parse_page', 'read:' || n % 20, '{}' FROM generate_series(1, $1) n")
        .bind(jobs)
        .execute(store.pool())
        .await
        .unwrap();
    // Nobody claims what is closed or gone, but it is claimed all the same.
    sqlx::query(
        "INSERT INTO ingest.outbox (opportunity) SELECT gen_random_uuid() FROM generate_series(1, $1)",
    )
    .bind(requests)
    .execute(store.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn a_million_that_wait_cost_a_step_no_more_than_none() {
    let database = Database::new().await;
    let store = Store::connect(&database.url(), 1).await.unwrap();
    run(&store, "INSERT INTO queue.lanes SELECT 'read:' || n, 8 FROM generate_series(0, 19) n").await;
    // A claim looks at the first jobs of each lane.
    fill(&store, LANES * CLAIMED * 3, BATCH * 4).await;
    // The first of each reads what its plan needs.
    steps(&store).await;
    let empty = steps(&store).await;
    fill(&store, MANY, MANY).await;
    for state in ["right after", "after a vacuum"] {
        if state == "after a vacuum" {
            run(&store, "VACUUM (ANALYZE) queue.jobs").await;
            run(&store, "VACUUM (ANALYZE) ingest.outbox").await;
        }
        let full = steps(&store).await;
        println!("{state}: (step, rows, blocks) {full:?}; empty: {empty:?}");
        for ((step, rows, blocks), (_, usual, usual_blocks)) in full.into_iter().zip(&empty) {
            assert!(2 * rows <= 3 * usual + 2, "{step}, {state}: {rows} rows, where {usual} are usual");
            // An index of a million is two levels deeper.
            assert!(
                blocks <= 3 * usual_blocks + 20,
                "{step}, {state}: {blocks} blocks, where {usual_blocks} are usual"
            );
        }
    }
}

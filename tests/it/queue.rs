//! The queue: leases, the reaper, fencing, fairness, idempotency keys, wake-ups.

use std::time::Duration;

use queue::{Job, WorkerId};
use serde_json::json;
use sqlx::{Executor as _, PgPool};
use store::Store;

use crate::support::{Database, wait_until};

const HOLD: Duration = Duration::from_secs(30);

pub(crate) async fn lane(store: &Store, lane: &str, max: i32) {
    sqlx::query("INSERT INTO queue.lanes VALUES ($1, $2)")
        .bind(lane)
        .bind(max)
        .execute(store.pool())
        .await
        .unwrap();
}

async fn enqueue(pool: &PgPool, lane: &str, n: i32, key: Option<&str>) {
    sqlx::query("SELECT queue.enqueue('parse_page', $1, $2, $3)")
        .bind(lane)
        .bind(json!({ "page": n }))
        .bind(key)
        .execute(pool)
        .await
        .unwrap();
}

async fn claim(store: &Store, worker: WorkerId, limit: i64, hold: Duration) -> Vec<Job> {
    store.queue().claim(worker, &["parse_page".to_owned()], None, limit, None, hold).await.unwrap()
}

async fn jobs(store: &Store) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM queue.jobs").fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn a_job_is_claimed_once_and_gone_when_done() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, None).await;
    let (one, two) = (WorkerId::new(), WorkerId::new());
    let claimed = claim(&store, one, 5, HOLD).await;
    assert_eq!(claimed.len(), 1);
    assert!(claim(&store, two, 5, HOLD).await.is_empty(), "a job was claimed twice");
    store.queue().job_done(claimed[0].lease).await.unwrap();
    assert_eq!(jobs(&store).await, 0);
    assert!(store.queue().job_done(claimed[0].lease).await.unwrap_err().is_fenced(), "a job was ended twice");
}

#[tokio::test]
async fn the_jobs_of_a_dead_worker_are_freed_and_its_late_writes_refused() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, None).await;
    let (dead, living) = (WorkerId::new(), WorkerId::new());
    let lost = claim(&store, dead, 1, Duration::ZERO).await;
    assert_eq!(store.reap().await.unwrap(), (1, 0));
    let taken = claim(&store, living, 1, HOLD).await;
    assert_eq!(taken[0].attempts, 1, "the death of a worker is not a failure of its job");
    assert!(store.queue().job_done(lost[0].lease).await.unwrap_err().is_fenced());
    assert!(store.queue().job_again(lost[0].lease, Duration::ZERO, "late").await.unwrap_err().is_fenced());
    assert!(store.discard_job(lost[0].lease, "late").await.unwrap_err().is_fenced());
    store.queue().job_done(taken[0].lease).await.unwrap();
}

/// Moves the claim of the jobs this far into the past.
async fn claimed_before(store: &Store, job: &Job, seconds: f64) {
    sqlx::query("UPDATE queue.jobs SET claimed_at = claimed_at - make_interval(secs => $2) WHERE id = $1")
        .bind(job.lease.job())
        .bind(seconds)
        .execute(store.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_beat_keeps_the_jobs_in_hand_and_frees_those_in_nobodys() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, None).await;
    enqueue(store.pool(), "read:a", 2, None).await;
    let worker = WorkerId::new();
    let claimed = claim(&store, worker, 2, HOLD).await;
    store.queue().heartbeat(worker, &[claimed[0].lease.job()], HOLD).await.unwrap();
    assert!(claim(&store, worker, 2, HOLD).await.is_empty(), "the other one may be on its way to a hand");
    for job in &claimed {
        claimed_before(&store, job, 31.0).await;
    }
    store.queue().heartbeat(worker, &[claimed[0].lease.job()], HOLD).await.unwrap();
    assert_eq!(store.reap().await.unwrap(), (0, 0), "the lease of the worker runs");
    store.queue().job_done(claimed[0].lease).await.unwrap();
    assert!(store.queue().job_done(claimed[1].lease).await.unwrap_err().is_fenced());
    assert_eq!(claim(&store, WorkerId::new(), 2, HOLD).await.len(), 1);
}

#[tokio::test]
async fn a_beat_does_not_wait_for_a_job_that_a_long_transaction_has_locked() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, None).await;
    let worker = WorkerId::new();
    store.queue().enter_worker(worker, "host", None, false, HOLD).await.unwrap();
    let claimed = claim(&store, worker, 1, HOLD).await;
    claimed_before(&store, &claimed[0], 31.0).await;
    let mut closing = store.pool().begin().await.unwrap();
    sqlx::query("DELETE FROM queue.jobs").execute(&mut *closing).await.unwrap();
    sqlx::query("UPDATE queue.leases SET until = now() + interval '1 ms'")
        .execute(store.pool())
        .await
        .unwrap();
    // It must not wait for the transaction above, whether or not it runs the job. If it waits, its timeout fails the test.
    for in_hand in [&[claimed[0].lease.job()][..], &[]] {
        let beat = store.queue().heartbeat(worker, in_hand, HOLD);
        assert!(tokio::time::timeout(Duration::from_secs(20), beat).await.expect("the beat waits").unwrap());
    }
    assert_eq!(store.queue().workers().await.unwrap().len(), 1);
    closing.commit().await.unwrap();
}

#[tokio::test]
async fn a_worker_lives_as_long_as_its_lease_whatever_the_setting() {
    let store = Database::new().await.store().await;
    let worker = WorkerId::new();
    let silent = async |seconds: f64| {
        sqlx::query("UPDATE queue.leases SET until = until - make_interval(secs => $1)")
            .bind(seconds)
            .execute(store.pool())
            .await
            .unwrap();
    };
    store.queue().enter_worker(worker, "host", None, false, Duration::from_mins(5)).await.unwrap();
    silent(250.0).await;
    store.reap().await.unwrap();
    assert_eq!(
        store.queue().workers().await.unwrap().len(),
        1,
        "its lease of five minutes runs for another 50 s"
    );
    silent(50.0).await;
    assert!(store.queue().workers().await.unwrap().is_empty());
    store.reap().await.unwrap();
    assert!(
        !store.queue().heartbeat(worker, &[], HOLD).await.unwrap(),
        "it was removed from the list, and gets an error"
    );
    store.queue().enter_worker(worker, "host", None, false, HOLD).await.unwrap();
    assert!(store.queue().heartbeat(worker, &[], HOLD).await.unwrap());
}

#[tokio::test]
async fn a_job_that_kills_its_worker_each_time_becomes_a_dead_letter() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, None).await;
    for death in 0..=20 {
        assert_eq!(claim(&store, WorkerId::new(), 1, Duration::ZERO).await.len(), 1);
        assert_eq!(store.reap().await.unwrap(), if death < 20 { (1, 0) } else { (0, 1) });
    }
    assert_eq!(jobs(&store).await, 0);
    let letters = store.overview(5).await.unwrap().dead_letters;
    assert!(letters[0].reason.contains("its worker died 21 times"), "{}", letters[0].reason);
}

#[tokio::test]
async fn a_job_with_a_payload_of_nobody_is_discarded_all_the_same() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    for payload in
        [json!({}), json!({ "page": "three" }), json!({ "page": 10_f64.powi(30) }), json!({ "page": 7 })]
    {
        sqlx::query("SELECT queue.enqueue('parse_page', 'read:a', $1)")
            .bind(&payload)
            .execute(store.pool())
            .await
            .unwrap();
        let claimed = claim(&store, WorkerId::new(), 1, HOLD).await;
        store.discard_job(claimed[0].lease, "its payload names no page").await.unwrap();
        assert_eq!(jobs(&store).await, 0, "{payload} is tried forever");
    }
    assert_eq!(store.overview(9).await.unwrap().dead_letters.len(), 4);
}

/// Who is stopped within a transaction, as a paused machine is, keeps its locks no longer than that.
#[tokio::test]
async fn a_transaction_that_idles_ends() {
    let store = Database::new().await.store().await;
    let longest: String =
        sqlx::query_scalar("SHOW idle_in_transaction_session_timeout").fetch_one(store.pool()).await.unwrap();
    assert_eq!(longest, "1min");
}

/// A worker that is stopped within a transaction, or in the middle of a `COPY`, keeps its locks. Others end that once its lease is over,
/// and not before.
#[tokio::test]
async fn what_a_dead_worker_has_left_open_is_ended() {
    let database = Database::new().await;
    let (store, sleeper) = (database.store().await, database.store().await);
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, None).await;
    let worker = WorkerId::new();
    sleeper.queue().enter_worker(worker, "host", None, false, HOLD).await.unwrap();
    let claimed = claim(&sleeper, worker, 1, HOLD).await;
    let mut idle = sleeper.pool().begin().await.unwrap();
    claimed[0].lease.check(&mut idle).await.unwrap();
    let mut copying = sleeper.pool().begin().await.unwrap();
    sqlx::query("CREATE TABLE sent (n integer)").execute(&mut *copying).await.unwrap();
    let half = copying.copy_in_raw("COPY sent FROM STDIN").await.unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND xact_start IS NOT NULL AND state_change < clock_timestamp() - interval '2 seconds'";
    wait_until("both transactions are idle", async || {
        sqlx::query_scalar::<_, i64>(open).fetch_one(store.pool()).await.unwrap() == 2
    })
    .await;
    assert_eq!(store.reap().await.unwrap(), (0, 0), "the lease of the worker runs");
    idle.execute("SELECT 1").await.expect("a living worker is left alone");
    wait_until("both transactions are idle", async || {
        sqlx::query_scalar::<_, i64>(open).fetch_one(store.pool()).await.unwrap() == 2
    })
    .await;
    sqlx::query("UPDATE queue.leases SET until = now()").execute(store.pool()).await.unwrap();
    assert_eq!(store.reap().await.unwrap(), (1, 0), "its locks kept its job");
    let error = idle.execute("SELECT 1").await.unwrap_err();
    assert!(queue::is_away(&error), "{error}: its work would count as failed");
    assert!(half.finish().await.is_err());
    assert!(
        !sleeper.queue().heartbeat(worker, &[], HOLD).await.unwrap(),
        "the worker learns that it was taken for dead"
    );
}

#[tokio::test]
async fn a_snooze_costs_no_attempt_and_a_failure_does() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, None).await;
    let worker = WorkerId::new();
    let claimed = claim(&store, worker, 1, HOLD).await;
    store.queue().job_snoozed(claimed[0].lease, Duration::ZERO, "the partner said later").await.unwrap();
    let claimed = claim(&store, worker, 1, HOLD).await;
    assert_eq!(claimed[0].attempts, 1);
    store.queue().job_again(claimed[0].lease, Duration::ZERO, "it failed").await.unwrap();
    let claimed = claim(&store, worker, 1, HOLD).await;
    assert_eq!(claimed[0].attempts, 2);
    store.queue().job_again(claimed[0].lease, Duration::from_mins(1), "it failed").await.unwrap();
    assert!(claim(&store, worker, 1, HOLD).await.is_empty(), "a job came back before its time");
}

#[tokio::test]
async fn a_key_waits_once() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    for n in 0..3 {
        enqueue(store.pool(), "read:a", n, Some("same")).await;
    }
    assert_eq!(jobs(&store).await, 1);
    let claimed = claim(&store, WorkerId::new(), 5, HOLD).await;
    enqueue(store.pool(), "read:a", 9, Some("same")).await;
    assert_eq!(jobs(&store).await, 2, "a request made while the job runs must not be lost");
    store.queue().job_again(claimed[0].lease, Duration::ZERO, "again").await.unwrap();
    assert_eq!(jobs(&store).await, 2);
}

#[tokio::test]
async fn a_waiting_job_does_not_begin_before_the_rows_it_was_asked_for_are_visible() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    enqueue(store.pool(), "read:a", 1, Some("same")).await;
    let mut tx = store.pool().begin().await.unwrap();
    sqlx::query("SELECT queue.enqueue('parse_page', 'read:a', '{}', 'same')")
        .execute(&mut *tx)
        .await
        .unwrap();
    assert!(claim(&store, WorkerId::new(), 5, HOLD).await.is_empty(), "it began under an open transaction");
    tx.commit().await.unwrap();
    assert_eq!(claim(&store, WorkerId::new(), 5, HOLD).await.len(), 1);
}

#[tokio::test]
async fn a_long_lane_does_not_keep_a_short_one_waiting_and_stays_within_its_share() {
    let store = Database::new().await.store().await;
    lane(&store, "read:long", 6).await;
    lane(&store, "read:short", 6).await;
    for n in 0..500 {
        enqueue(store.pool(), "read:long", n, None).await;
    }
    for n in 0..2 {
        enqueue(store.pool(), "read:short", n, None).await;
    }
    let claimed = claim(&store, WorkerId::new(), 4, HOLD).await;
    let short = claimed.iter().filter(|job| job.lane == "read:short").count();
    assert_eq!((claimed.len(), short), (4, 2));
    let more = claim(&store, WorkerId::new(), 50, HOLD).await;
    assert_eq!(more.len(), 4, "the lane allows 6 at once and 2 ran");
}

#[tokio::test]
async fn forty_claimers_never_claim_the_same_job() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 10_000).await;
    sqlx::query("INSERT INTO queue.jobs (kind, lane, payload) SELECT 'parse_page', 'read:a', jsonb_build_object('page', n) FROM generate_series(1, 2000) n")
        .execute(store.pool()).await.unwrap();
    let claimers = (0..40).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let jobs = claim(&store, WorkerId::new(), 7, HOLD).await;
                if jobs.is_empty() {
                    return mine;
                }
                for job in jobs {
                    mine.push(job.lease.job());
                    store.queue().job_done(job.lease).await.unwrap();
                }
            }
        })
    });
    let mut all: Vec<i64> =
        futures::future::join_all(claimers).await.into_iter().flat_map(Result::unwrap).collect();
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (2_000, 2_000));
}

#[tokio::test]
async fn the_bell_rings_when_a_job_is_enqueued() {
    let store = Database::new().await.store().await;
    lane(&store, "read:a", 8).await;
    let mut bell = store.queue().wakeups().await.unwrap();
    enqueue(store.pool(), "read:a", 1, None).await;
    tokio::time::timeout(Duration::from_secs(10), bell.next()).await.expect("no wake-up").unwrap();
}

/// Rows of `queue.jobs` that the one connection of `store` has read so far.
async fn jobs_read(store: &Store) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(store.pool()).await.unwrap();
    sqlx::query_scalar("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE schemaname = 'queue' AND relname = 'jobs'")
        .fetch_one(store.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_claim_reads_what_it_takes_however_long_the_lanes_are() {
    let database = Database::new().await;
    let store = Store::connect(&database.url(), 1).await.unwrap();
    for at in 0..20 {
        lane(&store, &format!("read:{at}"), 8).await;
    }
    enqueue(store.pool(), "read:7", 1, None).await;
    // The reaper and the statistics of the server know nothing of it yet.
    sqlx::query("INSERT INTO queue.jobs (kind, lane, payload) SELECT 'parse_page', 'read:3', '{}' FROM generate_series(1, 50000)")
        .execute(store.pool())
        .await
        .unwrap();
    for analyzed in [false, true] {
        if analyzed {
            sqlx::query("VACUUM (ANALYZE) queue.jobs").execute(store.pool()).await.unwrap();
        }
        let before = jobs_read(&store).await;
        let claimed = claim(&store, WorkerId::new(), 4, HOLD).await;
        assert_eq!(claimed.len(), 4);
        assert!(claimed.iter().any(|job| job.lane == "read:7") != analyzed, "the short lane waits");
        let read = jobs_read(&store).await - before;
        assert!(read < 200, "{read} jobs were read to claim 4 (analyzed: {analyzed})");
    }
}

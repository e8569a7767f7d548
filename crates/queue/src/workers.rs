//! Who works: presence, leases kept alive, and the jobs of the dead.

use std::time::Duration;

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{DeadLetter, Queue, QueueError, error::Doing as _};

/// One process of the pool, for its lifetime: drawn anew at each start, so a restart never inherits leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerId(Uuid);

impl WorkerId {
    /// Draws an id.
    #[allow(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    pub(crate) fn uuid(self) -> Uuid {
        self.0
    }
}

/// A job whose worker died so often is taken to be the cause, and given up. Walks that get on are forgiven earlier deaths.
const MOST_LOSSES: i16 = 20;
impl Queue {
    /// Enters this process among the workers and gives it a lease of `hold`. `http`: where its API answers. `indexes`: whether
    /// it holds the vector index.
    pub async fn enter_worker(
        &self,
        worker: WorkerId,
        host: &str,
        http: Option<&str>,
        indexes: bool,
        hold: Duration,
    ) -> Result<(), QueueError> {
        sqlx::query!(
            "WITH leased AS (INSERT INTO queue.leases (worker, until) VALUES ($1, now() + make_interval(secs => $6))
                             ON CONFLICT (worker) DO UPDATE SET until = excluded.until)
             INSERT INTO queue.workers (id, host, pid, http_address, indexes) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO NOTHING",
            worker.uuid(),
            host,
            i32::try_from(std::process::id()).unwrap_or(0),
            http,
            indexes,
            hold.as_secs_f64()
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("enter a worker")
    }

    /// Prolongs the worker's lease by `hold`, and with it all its jobs. Returns whether it is still on the list of workers: one
    /// that was silent for too long was taken off it, and enters again.
    ///
    /// Jobs that are the worker's by the table and not `in_hand` (it panicked, its end could not be written, its claim was lost
    /// on the way) are freed after one lease.
    pub async fn heartbeat(
        &self,
        worker: WorkerId,
        in_hand: &[i64],
        hold: Duration,
    ) -> Result<bool, QueueError> {
        let what = "prolong the lease of a worker";
        let is_listed = sqlx::query_scalar!(
            r#"WITH leased AS (INSERT INTO queue.leases (worker, until) VALUES ($1, now() + make_interval(secs => $2))
                               ON CONFLICT (worker) DO UPDATE SET until = excluded.until)
               SELECT EXISTS (SELECT FROM queue.workers WHERE id = $1) AS "listed!""#,
            worker.uuid(),
            hold.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await
        .doing(what)?;
        sqlx::query!(
            "UPDATE queue.jobs SET state = 'ready', lease = NULL, worker = NULL, claimed_at = NULL, key = NULL, run_at = now(),
                    losses = losses + 1
              WHERE id IN (SELECT id FROM queue.jobs
                            WHERE worker = $1 AND state = 'running' AND NOT id = ANY ($2)
                              AND claimed_at < now() - make_interval(secs => $3)
                              FOR UPDATE SKIP LOCKED)",
            worker.uuid(),
            in_hand,
            hold.as_secs_f64()
        )
        .execute(&self.pool)
        .await
        .doing(what)?;
        Ok(is_listed)
    }

    /// Takes this process off the list.
    pub async fn leave_worker(&self, worker: WorkerId) -> Result<(), QueueError> {
        sqlx::query!(
            "WITH lease AS (DELETE FROM queue.leases WHERE worker = $1) DELETE FROM queue.workers WHERE id = $1",
            worker.uuid()
        )
            .execute(&self.pool)
            .await
            .map(drop)
            .doing("leave the workers")
    }
}

/// What became of the jobs of dead workers.
#[derive(Debug, Default)]
pub struct Orphans {
    /// How many are ready again.
    pub freed: u64,
    /// Those that were given up, because they cost too many workers their lives.
    pub dead: Vec<DeadLetter>,
}

/// What failed, in the errors of the reaper.
const REAPING: &str = "free the jobs of dead workers";

impl Orphans {
    /// Puts the jobs of workers whose lease has expired back, or gives them up, and takes those workers off the list. It acts
    /// within the transaction of what follows from a job that is given up.
    pub async fn reap(tx: &mut Transaction<'_, Postgres>) -> Result<Self, QueueError> {
        let dead = give_up(tx).await?;
        let freed = sqlx::query!(
            "UPDATE queue.jobs SET state = 'ready', lease = NULL, worker = NULL, claimed_at = NULL, key = NULL, run_at = now(),
                    losses = losses + 1
              WHERE id IN (
                 SELECT j.id FROM queue.jobs j
                  WHERE j.state = 'running'
                    AND NOT EXISTS (SELECT FROM queue.leases l WHERE l.worker = j.worker AND l.until > now())
                    FOR UPDATE SKIP LOCKED)"
        )
        .execute(&mut **tx)
        .await
        .doing(REAPING)?
        .rows_affected();
        sqlx::query!(
            "WITH lapsed AS (DELETE FROM queue.leases WHERE until <= now() RETURNING worker)
             DELETE FROM queue.workers w WHERE w.id IN (SELECT worker FROM lapsed)
                OR NOT EXISTS (SELECT FROM queue.leases l WHERE l.worker = w.id)"
        )
        .execute(&mut **tx)
        .await
        .doing(REAPING)?;
        if freed > 0 {
            // PostgreSQL sends it when the transaction commits. An update wakes nobody by itself.
            sqlx::query!("SELECT pg_notify('oim_queue', '')").execute(&mut **tx).await.doing(REAPING)?;
        }
        Ok(Self { freed, dead })
    }
}

/// Gives up the jobs of dead workers that cost too many workers their lives.
async fn give_up(tx: &mut Transaction<'_, Postgres>) -> Result<Vec<DeadLetter>, QueueError> {
    sqlx::query_as!(
        DeadLetter,
        "WITH gone AS (
           DELETE FROM queue.jobs WHERE id IN (
             SELECT j.id FROM queue.jobs j
              WHERE j.state = 'running' AND j.losses >= $1
                AND NOT EXISTS (SELECT FROM queue.leases l WHERE l.worker = j.worker AND l.until > now())
                FOR UPDATE SKIP LOCKED) RETURNING *)
         INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
         SELECT id, kind, lane, payload, attempts,
                'its worker died ' || losses + 1 || ' times; last error before: ' || coalesce(last_error, 'none'), created_at
           FROM gone
         RETURNING kind, payload, attempts, reason, died_at",
        MOST_LOSSES
    )
    .fetch_all(&mut **tx)
    .await
    .doing(REAPING)
}

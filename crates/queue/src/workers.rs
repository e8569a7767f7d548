//! The workers: who is alive, their leases, and the jobs of dead workers.

use std::time::Duration;

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{DeadLetter, Queue, QueueError, error::Doing as _};

/// One process of the pool. The id is drawn at each start, so a restarted process never inherits leases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerId(Uuid);

impl WorkerId {
    /// Draws an id.
    #[allow(clippy::new_without_default, reason = "two defaults would differ")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// Returns the id as it is stored.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

/// A job whose worker died more often than this is taken for the cause, and given up. Progress resets the count.
const MOST_LOSSES: i16 = 20;

impl Queue {
    /// Returns whether the worker is the one, of all that are alive and answer HTTP, that shows the figures of the database: the
    /// oldest. Their ids begin with the time at which they started.
    pub async fn is_first(&self, worker: WorkerId) -> Result<bool, QueueError> {
        sqlx::query_scalar!(
            r#"SELECT coalesce((SELECT w.id FROM queue.workers w JOIN queue.leases l ON l.worker = w.id
                                 WHERE l.until > now() AND w.http_address IS NOT NULL ORDER BY w.id LIMIT 1) = $1, false) AS "is!""#,
            worker.uuid()
        )
        .fetch_one(&self.pool)
        .await
        .doing("find the first worker")
    }

    /// Lists this process as a worker, and gives it a lease that lasts `hold`. `http`: the address of its API. `indexes`:
    /// whether it holds the vector index.
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

    /// Extends the worker's lease by `hold`, and with it the claims on all its jobs. Returns whether the worker is still
    /// listed. One that was silent for too long is not, and has to enter again.
    ///
    /// Frees, after one lease, jobs that the table gives to the worker and that are not `in_hand`: the job panicked, its
    /// outcome could not be stored, or the answer to its claim was lost.
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

    /// Notes by how many seconds the clock of the worker is off, if that keeps it from work.
    pub async fn note_clock(&self, worker: WorkerId, off: Option<i64>) -> Result<(), QueueError> {
        sqlx::query!(
            "UPDATE queue.workers SET clock_off = $2 WHERE id = $1 AND clock_off IS DISTINCT FROM $2",
            worker.uuid(),
            off
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("note the clock of a worker")
    }

    /// Notes that the worker now holds the vector index, and frees the jobs of these lanes that others have in hand: whoever held
    /// the index before has ended.
    pub async fn takes_index(&self, worker: WorkerId, lanes: &[String]) -> Result<(), QueueError> {
        sqlx::query!(
            "WITH freed AS (
               UPDATE queue.jobs SET state = 'ready', lease = NULL, worker = NULL, claimed_at = NULL, key = NULL, run_at = now(),
                      losses = losses + 1
                WHERE state = 'running' AND worker <> $1 AND lane = ANY ($2))
             UPDATE queue.workers SET indexes = true WHERE id = $1",
            worker.uuid(),
            lanes
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("take over the vector index")
    }

    /// Removes this process from the list of workers.
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
    /// Number of jobs that are ready again.
    pub freed: u64,
    /// The jobs that were given up, because their workers died too often.
    pub dead: Vec<DeadLetter>,
}

/// The action that failed, for the errors of the reaper.
const REAPING: &str = "free the jobs of dead workers";

impl Orphans {
    /// Ends the transactions that workers whose lease has expired have left open: a process that is stopped keeps its locks for as long as
    /// it sleeps, and whoever gets its jobs would wait for them. Only what waits for its client is ended. A statement that runs is
    /// work, whose commit the lease decides on. Returns how many were ended.
    ///
    /// It is a transaction of its own, because what follows would wait for these locks.
    pub async fn end_transactions(queue: &Queue) -> Result<i64, QueueError> {
        sqlx::query_scalar!(
            r#"SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid, 1000)) AS "ended!"
                 FROM pg_stat_activity a
                 JOIN queue.workers w ON w.session = a.application_name
                WHERE a.datname = current_database() AND a.usename = current_user
                  AND a.application_name LIKE 'oim-etl %' AND a.application_name <> current_setting('application_name')
                  AND a.xact_start IS NOT NULL AND a.state_change < clock_timestamp() - interval '2 seconds'
                  AND (a.state LIKE 'idle in transaction%' OR a.wait_event_type = 'Client')
                  AND NOT EXISTS (SELECT FROM queue.workers o JOIN queue.leases l ON l.worker = o.id
                                   WHERE o.session = w.session AND l.until > now())"#
        )
        .fetch_one(&queue.pool)
        .await
        .doing("end the transactions of dead workers")
    }

    /// Frees the jobs of workers whose lease has expired, or gives them up, and removes those workers from the list. It acts
    /// within the caller's transaction, which also settles what follows from a job that is given up.
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
             DELETE FROM queue.workers w
              WHERE (w.id IN (SELECT worker FROM lapsed) OR NOT EXISTS (SELECT FROM queue.leases l WHERE l.worker = w.id))
                AND NOT EXISTS (SELECT FROM pg_stat_activity a
                                 WHERE a.application_name = w.session AND a.application_name LIKE 'oim-etl %' AND a.datname = current_database()
                                   AND a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid())"
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

/// Gives up the jobs whose workers died too often.
async fn give_up(tx: &mut Transaction<'_, Postgres>) -> Result<Vec<DeadLetter>, QueueError> {
    sqlx::query_as!(
        DeadLetter,
        "WITH gone AS (
           DELETE FROM queue.jobs WHERE id IN (
             SELECT j.id FROM queue.jobs j
              WHERE j.state = 'running' AND j.losses >= $1
                AND NOT EXISTS (SELECT FROM queue.leases l WHERE l.worker = j.worker AND l.until > now())
                FOR UPDATE SKIP LOCKED) RETURNING *)
         INSERT INTO queue.dead_letters (id, kind, lane, payload, priority, attempts, reason, created_at)
         SELECT id, kind, lane, payload, priority, attempts,
                'its worker died ' || losses + 1 || ' times; last error before: ' || coalesce(last_error, 'none'), created_at
           FROM gone
         RETURNING kind, payload, attempts, reason, died_at",
        MOST_LOSSES
    )
    .fetch_all(&mut **tx)
    .await
    .doing(REAPING)
}

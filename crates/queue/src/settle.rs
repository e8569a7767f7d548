//! Ends jobs: done, again later, or never again.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{DeadLetter, Queue, QueueError, error::Doing as _, storable};

/// The claim on a job: its number, and a token drawn when it was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    job: i64,
    token: Uuid,
    is_repeated: bool,
    waited: Duration,
    claimed: Instant,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "end a job";

impl Lease {
    pub(crate) fn new(job: i64, token: Uuid, is_repeated: bool, waited: Duration) -> Self {
        Self { job, token, is_repeated, waited, claimed: Instant::now() }
    }

    /// Returns how long ago the job was enqueued, by the clock of the database.
    pub fn waited(self) -> Duration {
        self.waited.saturating_add(self.claimed.elapsed())
    }

    /// Whether the job was begun before: a worker that died, or an attempt that failed, may have left something.
    pub fn is_repeated(self) -> bool {
        self.is_repeated
    }

    /// Returns the number of the job, for logs.
    pub fn job(self) -> i64 {
        self.job
    }

    /// Returns the token, for further claims that end with the lease.
    pub fn token(self) -> Uuid {
        self.token
    }

    /// Ends the job within the transaction of its effect. Fails with [`QueueError::Fenced`] if another worker has it.
    pub async fn settle(self, tx: &mut Transaction<'_, Postgres>) -> Result<(), QueueError> {
        let gone = sqlx::query!("DELETE FROM queue.jobs WHERE id = $1 AND lease = $2", self.job, self.token)
            .execute(&mut **tx)
            .await
            .doing(WHAT)?;
        if gone.rows_affected() == 1 { Ok(()) } else { Err(QueueError::Fenced(self.job)) }
    }

    /// Ends several jobs within the transaction of their effects. Returns for each, in their order, whether it was still
    /// ours; the effect of one that was not must not be committed.
    pub async fn settle_all(
        leases: &[Self],
        tx: &mut Transaction<'_, Postgres>,
    ) -> Result<Vec<bool>, QueueError> {
        let jobs: Vec<i64> = leases.iter().map(|lease| lease.job).collect();
        let tokens: Vec<Uuid> = leases.iter().map(|lease| lease.token).collect();
        let gone: HashSet<i64> = sqlx::query_scalar!(
            "DELETE FROM queue.jobs j USING unnest($1::bigint[], $2::uuid[]) AS l(job, token)
              WHERE j.id = l.job AND j.lease = l.token RETURNING j.id",
            &jobs,
            &tokens
        )
        .fetch_all(&mut **tx)
        .await
        .doing(WHAT)?
        .into_iter()
        .collect();
        Ok(jobs.iter().map(|job| gone.contains(job)).collect())
    }

    /// Resets the counts of failures and of lost workers, because the job made progress.
    pub async fn progressed(self, tx: &mut Transaction<'_, Postgres>) -> Result<(), QueueError> {
        sqlx::query!(
            "UPDATE queue.jobs SET losses = 0, attempts = 0 WHERE id = $1 AND lease = $2",
            self.job,
            self.token
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(WHAT)
    }

    /// Gives the job up within the caller's transaction, which also settles what follows from that. Returns the dead
    /// letter that the job becomes.
    pub async fn discard(
        self,
        tx: &mut Transaction<'_, Postgres>,
        reason: &str,
    ) -> Result<DeadLetter, QueueError> {
        let letter = sqlx::query_as!(
            DeadLetter,
            "WITH gone AS (DELETE FROM queue.jobs WHERE id = $1 AND lease = $2 RETURNING *)
             INSERT INTO queue.dead_letters (id, kind, lane, payload, priority, attempts, reason, created_at)
             SELECT id, kind, lane, payload, priority, attempts + 1, left($3, 2000), created_at FROM gone
             RETURNING kind, payload, attempts, reason, died_at",
            self.job,
            self.token,
            &*storable(reason)
        )
        .fetch_optional(&mut **tx)
        .await
        .doing("discard a job")?;
        letter.ok_or(QueueError::Fenced(self.job))
    }

    /// Checks that the job is still ours, and locks it until the transaction ends.
    pub async fn check(self, tx: &mut Transaction<'_, Postgres>) -> Result<(), QueueError> {
        let ours = sqlx::query!(
            "SELECT id FROM queue.jobs WHERE id = $1 AND lease = $2 FOR UPDATE",
            self.job,
            self.token
        )
        .fetch_optional(&mut **tx)
        .await
        .doing(WHAT)?;
        ours.map(drop).ok_or(QueueError::Fenced(self.job))
    }

    /// The same for one of several transactions of the job at the same time: nobody else can take it or end it meanwhile.
    pub async fn check_shared(self, tx: &mut Transaction<'_, Postgres>) -> Result<(), QueueError> {
        let ours = sqlx::query!(
            "SELECT id FROM queue.jobs WHERE id = $1 AND lease = $2 FOR SHARE",
            self.job,
            self.token
        )
        .fetch_optional(&mut **tx)
        .await
        .doing(WHAT)?;
        ours.map(drop).ok_or(QueueError::Fenced(self.job))
    }
}

impl Queue {
    /// Ends a job that has no effect of its own to commit.
    pub async fn job_done(&self, lease: Lease) -> Result<(), QueueError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.settle(&mut tx).await?;
        tx.commit().await.doing(WHAT)
    }

    /// Puts a failed job back, to be tried again after `pause`.
    pub async fn job_again(&self, lease: Lease, pause: Duration, error: &str) -> Result<(), QueueError> {
        self.put_back(lease, pause, Some(error), 1).await
    }

    /// Puts a job that cannot start yet back, to be tried after `pause`. This costs no attempt.
    pub async fn job_snoozed(&self, lease: Lease, pause: Duration, why: &str) -> Result<(), QueueError> {
        self.put_back(lease, pause, Some(why), 0).await
    }

    async fn put_back(
        &self,
        lease: Lease,
        pause: Duration,
        error: Option<&str>,
        failures: i16,
    ) -> Result<(), QueueError> {
        let error = error.map(storable);
        // The key is dropped, because a newer job may already wait under it.
        let put = sqlx::query!(
            "UPDATE queue.jobs SET state = 'ready', lease = NULL, worker = NULL, claimed_at = NULL, key = NULL,
                    run_at = now() + make_interval(secs => $3), last_error = coalesce(left($4, 2000), last_error),
                    attempts = attempts + $5
              WHERE id = $1 AND lease = $2",
            lease.job,
            lease.token,
            pause.as_secs_f64(),
            error.as_deref(),
            failures
        )
        .execute(&self.pool)
        .await
        .doing("put a job back")?;
        if put.rows_affected() == 1 { Ok(()) } else { Err(QueueError::Fenced(lease.job)) }
    }
}

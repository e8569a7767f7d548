//! Ending jobs: done, again later, never again.

use std::time::Duration;

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{Store, StoreError};

/// The right to end a job, drawn when it was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    job: i64,
    token: Uuid,
}

fn doing() -> impl FnOnce(sqlx::Error) -> StoreError {
    StoreError::doing("end a job")
}

impl Lease {
    pub(crate) fn new(job: i64, token: Uuid) -> Self {
        Self { job, token }
    }

    /// Number of the job, for logs.
    pub fn job(self) -> i64 {
        self.job
    }

    /// What was drawn, for claims that live and die with the lease.
    pub(crate) fn token(self) -> Uuid {
        self.token
    }

    /// Ends the job within the transaction of its effect.
    pub(crate) async fn settle(self, tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
        let gone = sqlx::query!("DELETE FROM queue.jobs WHERE id = $1 AND lease = $2", self.job, self.token)
            .execute(&mut **tx)
            .await
            .map_err(doing())?;
        if gone.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Fenced(self.job)) }
    }

    /// The job got on: earlier deaths of its workers and failures are forgiven.
    pub(crate) async fn progressed(self, tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE queue.jobs SET losses = 0, attempts = 0 WHERE id = $1 AND lease = $2",
            self.job,
            self.token
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .map_err(doing())
    }

    /// Makes sure the job is still ours until the transaction ends.
    pub(crate) async fn check(self, tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
        let ours = sqlx::query!(
            "SELECT id FROM queue.jobs WHERE id = $1 AND lease = $2 FOR UPDATE",
            self.job,
            self.token
        )
        .fetch_optional(&mut **tx)
        .await
        .map_err(doing())?;
        ours.map(drop).ok_or(StoreError::Fenced(self.job))
    }
}

impl Store {
    /// The job did what it should and has no effect of its own to commit.
    pub async fn job_done(&self, lease: Lease) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.map_err(doing())?;
        lease.settle(&mut tx).await?;
        tx.commit().await.map_err(doing())
    }

    /// The job failed and is tried again after `pause`.
    pub async fn job_again(&self, lease: Lease, pause: Duration, error: &str) -> Result<(), StoreError> {
        self.put_back(lease, pause, Some(error), 1).await
    }

    /// The job cannot begin yet; it is tried after `pause`, and this costs no attempt.
    pub async fn job_snoozed(&self, lease: Lease, pause: Duration, why: &str) -> Result<(), StoreError> {
        self.put_back(lease, pause, Some(why), 0).await
    }

    async fn put_back(
        &self,
        lease: Lease,
        pause: Duration,
        error: Option<&str>,
        failures: i16,
    ) -> Result<(), StoreError> {
        // The key is dropped: a younger job may already wait under it.
        let put = sqlx::query!(
            "UPDATE queue.jobs SET state = 'ready', lease = NULL, worker = NULL, claimed_at = NULL, key = NULL,
                    run_at = now() + make_interval(secs => $3), last_error = coalesce(left($4, 2000), last_error),
                    attempts = attempts + $5
              WHERE id = $1 AND lease = $2",
            lease.job,
            lease.token,
            pause.as_secs_f64(),
            error,
            failures
        )
        .execute(&self.pool)
        .await
        .map_err(StoreError::doing("put a job back"))?;
        if put.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Fenced(lease.job)) }
    }

    /// The job will never succeed: it becomes a dead letter, and its page or run is told by the same transaction.
    pub async fn job_discarded(&self, lease: Lease, reason: &str) -> Result<(), StoreError> {
        let dead = sqlx::query!(
            "WITH gone AS (DELETE FROM queue.jobs WHERE id = $1 AND lease = $2 RETURNING *)
             INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
             SELECT id, kind, lane, payload, attempts + 1, left($3, 2000), created_at FROM gone",
            lease.job,
            lease.token,
            reason
        )
        .execute(&self.pool)
        .await
        .map_err(StoreError::doing("discard a job"))?;
        if dead.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Fenced(lease.job)) }
    }
}

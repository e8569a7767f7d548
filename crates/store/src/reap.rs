//! The reaper: frees the jobs of dead workers, and enqueues the jobs that those workers did not get to enqueue.

use sqlx::{Postgres, Transaction};

use crate::{Store, StoreError, error::Doing as _};

impl Store {
    /// Frees the jobs of workers whose lease has expired ([`queue::Queue::reap`]). Then enqueues the follow-up jobs
    /// that a worker could not enqueue because it died right after a commit. Returns (freed, given up).
    pub async fn reap(&self) -> Result<(u64, u64), StoreError> {
        let reaped = self.queue.reap().await?;
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        resume_orphans(&mut tx).await?;
        tx.commit().await.doing(WHAT)?;
        Ok(reaped)
    }
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "resume the work of dead workers";

/// Enqueues the follow-up jobs of workers that died right after a commit.
async fn resume_orphans(tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT ingest.close_if_read(id) FROM ingest.runs WHERE state IN ('queued', 'running') AND walked"
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "SELECT queue.enqueue('embed_opportunities', 'embed', '{}', 'embed_opportunities')
          WHERE EXISTS (SELECT FROM ingest.outbox) AND NOT EXISTS (SELECT FROM queue.jobs WHERE kind = 'embed_opportunities')"
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "SELECT queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates')
          WHERE EXISTS (SELECT FROM ingest.to_match) AND NOT EXISTS (SELECT FROM queue.jobs WHERE kind = 'match_duplicates')"
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(())
}

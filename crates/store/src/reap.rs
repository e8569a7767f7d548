//! The reaper: frees the jobs of dead workers, then enqueues the jobs that those workers no longer could.

use sqlx::{Postgres, Transaction};

use crate::{Store, StoreError, error::Doing as _};

impl Store {
    /// Frees the jobs of workers whose lease has run out ([`queue::Queue::reap`]), then asks for what such a worker would have
    /// asked for, had it not died between its commit and the notification. Returns (freed, given up).
    pub async fn reap(&self) -> Result<(u64, u64), StoreError> {
        let reaped = self.queue.reap().await?;
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        resume_orphans(&mut tx).await?;
        tx.commit().await.doing(WHAT)?;
        Ok(reaped)
    }
}

/// What failed, in the errors of this file.
const WHAT: &str = "resume the work of dead workers";

/// Asks for what a worker would have asked for, had it not died between its commit and the notification.
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

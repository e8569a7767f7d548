//! The reaper: frees the jobs of dead workers, and enqueues the jobs that those workers did not get to enqueue.

use queue::Orphans;
use sqlx::{Postgres, Transaction};

use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
    runs::close_if_parsed,
};

impl Store {
    /// Ends what workers whose lease has expired have left open, frees their jobs, and settles what becomes a dead letter. Then
    /// enqueues the follow-up jobs that a worker could not enqueue because it died right after a commit. Returns (freed, given up).
    pub async fn reap(&self) -> Result<(u64, u64), StoreError> {
        let ended = Orphans::end_transactions(&self.queue).await?;
        if ended > 0 {
            tracing::warn!(ended, "ended the transactions that a dead worker had left open");
        }
        let reaped = self.free_orphans().await?;
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        resume_orphans(&mut tx).await?;
        commit(tx, Step::Reap, WHAT).await?;
        Ok(reaped)
    }
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "resume the work of dead workers";

/// Enqueues the follow-up jobs of workers that died right after a commit.
async fn resume_orphans(tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
    let walked =
        sqlx::query_scalar!("SELECT id FROM ingest.runs WHERE state IN ('queued', 'running') AND walked")
            .fetch_all(&mut **tx)
            .await
            .doing(WHAT)?;
    for run in walked {
        close_if_parsed(tx, run.into()).await?;
    }
    // Whoever ends a run starts the next one. A run that was ended by hand, in SQL, has nobody who does.
    sqlx::query!(
        "SELECT ingest.start_waiting(w.source) FROM (SELECT DISTINCT source FROM ingest.runs WHERE state = 'waiting') w
          WHERE NOT EXISTS (SELECT FROM ingest.runs a WHERE a.source = w.source AND a.state IN ('queued', 'running', 'closing') AND a.mode <> 'item')"
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "SELECT ingest.request_embedding()
          WHERE EXISTS (SELECT FROM ingest.targets t
                         WHERE (SELECT true FROM ingest.outbox b WHERE b.target = t.id LIMIT 1)
                           AND NOT EXISTS (SELECT FROM queue.jobs WHERE state = 'ready' AND key = 'embed_opportunities:' || t.id)
                           AND NOT EXISTS (SELECT FROM queue.jobs WHERE state = 'running' AND lane = 'embed:' || t.id))"
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "SELECT queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates')
          WHERE EXISTS (SELECT FROM ingest.to_match)
            AND NOT EXISTS (SELECT FROM queue.jobs WHERE state = 'ready' AND key = 'match_duplicates')
            AND NOT EXISTS (SELECT FROM queue.jobs WHERE state = 'running' AND lane = 'match')"
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(())
}

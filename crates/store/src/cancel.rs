//! Cancelling a run: nothing more is requested from its source, and nothing of it is published.

use domain::RunId;
use sqlx::{Postgres, Transaction};

use crate::{
    RunState, Store, StoreError, actions::record, error::Doing as _, rows::publish, runs::start_waiting,
};

/// The action that failed, for the errors of this file.
const WHAT: &str = "cancel a run";
/// Tries of a cancellation that waits for what waits for it.
const TRIES: u32 = 5;

impl Store {
    /// Cancels a run that has not ended. Its jobs are deleted, also those that a worker has in hand: such a worker finds
    /// its lease gone and commits nothing. At most the requests that are on their way still reach the partner. What a
    /// checkpoint of the run published stays, and can be reverted. The next waiting run of the source starts.
    ///
    /// Fails if the run has ended, or does not exist.
    pub async fn cancel_run(&self, run: RunId, by: &str) -> Result<(), StoreError> {
        let mut tries = 1..TRIES;
        loop {
            match self.cancel_once(run, by).await {
                Err(error) if error.is_deadlock() && tries.next().is_some() => (),
                ended => return ended,
            }
        }
    }

    async fn cancel_once(&self, run: RunId, by: &str) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        // A worker locks its job before the run, whose row the foreign keys of what it writes lock. So does this, and waits for a commit
        // that has begun.
        delete_jobs(&mut tx, run).await?;
        let state = sqlx::query_scalar!(
            r#"SELECT state AS "state: RunState" FROM ingest.runs WHERE id = $1 FOR UPDATE"#,
            run.uuid()
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(WHAT)?
        .ok_or_else(|| StoreError::Missing(format!("run {run}")))?;
        if state.ended() {
            return Err(StoreError::denied(format!(
                "run {run} is {state} already; only a run that has not ended can be cancelled"
            )));
        }
        // What such a commit has enqueued.
        delete_jobs(&mut tx, run).await?;
        publish::clear(&mut tx, run).await?;
        end(&mut tx, run, by).await?;
        start_waiting(&mut tx, run).await?;
        record(&mut tx, by, "cancel", &run.to_string(), None).await?;
        tx.commit().await.doing(WHAT)
    }
}

/// Deletes the jobs of a run and of its pages. Who has one in hand loses the lease.
async fn delete_jobs(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM queue.jobs WHERE id IN (
           SELECT j.id FROM queue.jobs j
            WHERE j.kind IN ('fetch_source', 'publish_new', 'finish_run') AND j.payload ->> 'run' = $1::uuid::text
               OR j.kind IN ('fetch_page', 'parse_page')
                  AND j.payload ->> 'page' IN (SELECT p.id::text FROM ingest.pages p WHERE p.run = $1 AND p.state IN ('wanted', 'archived'))
            ORDER BY j.id FOR UPDATE OF j)",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Writes how the run ended, on its row and on its open pages.
async fn end(tx: &mut Transaction<'_, Postgres>, run: RunId, by: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.pages SET state = 'failed', alarm = 'not read: the run was cancelled'
          WHERE run = $1 AND state IN ('wanted', 'archived')",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "UPDATE ingest.runs SET state = 'failed', finished_at = clock_timestamp(), message = left('cancelled by ' || $2, 2000)
          WHERE id = $1",
        run.uuid(),
        by
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

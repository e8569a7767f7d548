//! The figures that `oim-etl status` shows.

use queue::{DeadLetter, QueueDepth, WorkerRow};
use serde::Serialize;

use crate::{Store, StoreError, error::Doing as _};

/// Figures on workers, queue, opportunities and index.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Workers that are alive.
    pub workers: Vec<WorkerRow>,
    /// Jobs by kind and lane.
    pub queue: Vec<QueueDepth>,
    /// The newest dead letters.
    pub dead_letters: Vec<DeadLetter>,
    /// Open opportunities.
    pub open: i64,
    /// Closed opportunities.
    pub closed: i64,
    /// Points in the index, according to the ledger.
    pub indexed: i64,
    /// Points that must be updated.
    pub outbox: i64,
}

impl Store {
    /// Returns the figures, with the newest `dead` dead letters.
    pub async fn overview(&self, dead: i64) -> Result<Overview, StoreError> {
        let counts = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM ingest.opportunities WHERE status = 'open') AS "open!",
                      (SELECT count(*) FROM ingest.opportunities WHERE status = 'closed') AS "closed!",
                      (SELECT count(*) FROM ingest.embeddings) AS "indexed!",
                      (SELECT count(*) FROM ingest.outbox) AS "outbox!""#
        )
        .fetch_one(&self.pool)
        .await
        .doing("count the opportunities")?;
        Ok(Overview {
            workers: self.queue.workers().await?,
            queue: self.queue.depths().await?,
            dead_letters: self.queue.dead_letters(dead).await?,
            open: counts.open,
            closed: counts.closed,
            indexed: counts.indexed,
            outbox: counts.outbox,
        })
    }
}

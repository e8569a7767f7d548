//! What an operator wants to know at a glance.

use queue::{DeadLetter, QueueDepth, WorkerRow};
use serde::Serialize;

use crate::{Store, StoreError, error::Doing as _};

/// The whole picture.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Living workers.
    pub workers: Vec<WorkerRow>,
    /// Jobs by kind and lane.
    pub queue: Vec<QueueDepth>,
    /// Newest jobs given up.
    pub dead_letters: Vec<DeadLetter>,
    /// Opportunities open.
    pub open: i64,
    /// Opportunities closed.
    pub closed: i64,
    /// Points the index holds, by the ledger.
    pub indexed: i64,
    /// Points that must be looked at.
    pub outbox: i64,
}

impl Store {
    /// The whole picture, with the `dead` newest jobs given up.
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

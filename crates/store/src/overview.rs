//! The figures that `oim-etl status` shows.

use queue::{DeadLetter, QueueDepth, WorkerRow};
use serde::Serialize;

use crate::{FailingHost, Store, StoreError, TargetState, error::Doing as _};

/// Figures on workers, queue, opportunities and index.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// Workers that are alive.
    pub workers: Vec<WorkerRow>,
    /// Jobs by kind and lane.
    pub queue: Vec<QueueDepth>,
    /// The newest dead letters.
    pub dead_letters: Vec<DeadLetter>,
    /// Hosts that fail.
    pub hosts: Vec<FailingHost>,
    /// Open opportunities.
    pub open: i64,
    /// Closed opportunities.
    pub closed: i64,
    /// Points in the index that is kept in step, according to its ledger; of several, in the fullest.
    pub indexed: i64,
    /// Points that must be updated, in all indexes that are kept in step.
    pub outbox: i64,
    /// The indexes.
    pub targets: Vec<TargetState>,
}

/// How the pool is: who works, what waits, and what fails.
#[derive(Debug, Clone)]
pub struct PoolState {
    /// Workers that are alive.
    pub workers: Vec<WorkerRow>,
    /// Jobs by kind and lane.
    pub queue: Vec<QueueDepth>,
    /// Hosts that fail.
    pub hosts: Vec<FailingHost>,
    /// The indexes.
    pub targets: Vec<TargetState>,
}

impl Store {
    /// Returns how the pool is, without counting opportunities, which takes longer.
    pub async fn pool_state(&self) -> Result<PoolState, StoreError> {
        Ok(PoolState {
            workers: self.queue.workers().await?,
            queue: self.queue.depths().await?,
            hosts: self.failing_hosts().await?,
            targets: self.targets().await?,
        })
    }

    /// Returns the figures, with the newest `dead` dead letters.
    pub async fn overview(&self, dead: i64) -> Result<Overview, StoreError> {
        let counts = sqlx::query!(
            // Two counts, because each of them needs an index alone; the state of every row would need the rows.
            r#"SELECT (SELECT count(*) FROM ingest.opportunities WHERE status = 'open') AS "open!",
                      (SELECT count(*) FROM ingest.opportunities) AS "all!""#
        )
        .fetch_one(&self.pool)
        .await
        .doing("count the opportunities")?;
        let targets = self.targets().await?;
        let shown = || targets.iter().filter(|target| target.is_shown);
        Ok(Overview {
            workers: self.queue.workers().await?,
            queue: self.queue.depths().await?,
            dead_letters: self.queue.dead_letters(dead).await?,
            hosts: self.failing_hosts().await?,
            open: counts.open,
            closed: counts.all - counts.open,
            indexed: shown().map(|target| target.indexed).max().unwrap_or(0),
            outbox: shown().map(|target| target.outbox).sum(),
            targets,
        })
    }
}

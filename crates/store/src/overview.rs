//! What an operator wants to know at a glance.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::{Store, StoreError};

/// Jobs of one kind and lane.
#[derive(Debug, Clone, Serialize)]
pub struct QueueDepth {
    /// Stored name of the job.
    pub kind: String,
    /// Its lane.
    pub lane: String,
    /// Waiting and due.
    pub ready: i64,
    /// Waiting for a later time.
    pub later: i64,
    /// In the hands of a worker.
    pub running: i64,
    /// Seconds the oldest due one has waited.
    pub oldest_seconds: f64,
    /// Why one of them is waiting, where a failure is the reason.
    pub last_error: Option<String>,
}

/// A living worker.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerRow {
    /// Machine.
    pub host: String,
    /// Process.
    pub pid: i32,
    /// Where its API answers.
    pub http_address: Option<String>,
    /// Whether it holds the vector index.
    pub indexes: bool,
    /// Since when.
    pub started_at: DateTime<Utc>,
}

/// A job given up.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// Stored name.
    pub kind: String,
    /// What it was about.
    pub payload: Value,
    /// How often it was tried.
    pub attempts: i16,
    /// Why it was given up.
    pub reason: String,
    /// When.
    pub died_at: DateTime<Utc>,
}

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
    /// Workers whose lease runs, newest first.
    pub async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        sqlx::query_as!(
            WorkerRow,
            "SELECT w.host, w.pid, w.http_address, w.indexes, w.started_at
               FROM queue.workers w JOIN queue.leases l ON l.worker = w.id
              WHERE l.until > now() ORDER BY w.started_at DESC"
        )
        .fetch_all(&self.pool)
        .await
        .map_err(StoreError::doing("list the workers"))
    }

    /// Jobs by kind and lane.
    pub async fn queue_depths(&self) -> Result<Vec<QueueDepth>, StoreError> {
        sqlx::query_as!(
            QueueDepth,
            r#"SELECT kind, lane,
                      count(*) FILTER (WHERE state = 'ready' AND run_at <= now()) AS "ready!",
                      count(*) FILTER (WHERE state = 'ready' AND run_at > now()) AS "later!",
                      count(*) FILTER (WHERE state = 'running') AS "running!",
                      coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'ready' AND run_at <= now())), 0)::float8 AS "oldest_seconds!",
                      max(last_error) AS last_error
                 FROM queue.jobs GROUP BY kind, lane ORDER BY kind, lane"#
        )
        .fetch_all(&self.pool)
        .await
        .map_err(StoreError::doing("count the jobs"))
    }

    /// The whole picture, with the `dead` newest jobs given up.
    pub async fn overview(&self, dead: i64) -> Result<Overview, StoreError> {
        let dead_letters = sqlx::query_as!(
            DeadLetter,
            "SELECT kind, payload, attempts, reason, died_at FROM queue.dead_letters ORDER BY died_at DESC LIMIT $1",
            dead
        )
        .fetch_all(&self.pool)
        .await
        .map_err(StoreError::doing("list the dead letters"))?;
        let counts = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM ingest.opportunities WHERE status = 'open') AS "open!",
                      (SELECT count(*) FROM ingest.opportunities WHERE status = 'closed') AS "closed!",
                      (SELECT count(*) FROM ingest.embeddings) AS "indexed!",
                      (SELECT count(*) FROM ingest.outbox) AS "outbox!""#
        )
        .fetch_one(&self.pool)
        .await
        .map_err(StoreError::doing("count the opportunities"))?;
        Ok(Overview {
            workers: self.workers().await?,
            queue: self.queue_depths().await?,
            dead_letters,
            open: counts.open,
            closed: counts.closed,
            indexed: counts.indexed,
            outbox: counts.outbox,
        })
    }
}

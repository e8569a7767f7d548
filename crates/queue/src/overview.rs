//! What an operator wants to know of the queue.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::{Queue, QueueError, error::Doing as _};

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

impl Queue {
    /// Workers whose lease runs, newest first.
    pub async fn workers(&self) -> Result<Vec<WorkerRow>, QueueError> {
        sqlx::query_as!(
            WorkerRow,
            "SELECT w.host, w.pid, w.http_address, w.indexes, w.started_at
               FROM queue.workers w JOIN queue.leases l ON l.worker = w.id
              WHERE l.until > now() ORDER BY w.started_at DESC"
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the workers")
    }

    /// Jobs by kind and lane.
    pub async fn depths(&self) -> Result<Vec<QueueDepth>, QueueError> {
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
        .doing("count the jobs")
    }

    /// The newest jobs given up, at most `limit`.
    pub async fn dead_letters(&self, limit: i64) -> Result<Vec<DeadLetter>, QueueError> {
        sqlx::query_as!(
            DeadLetter,
            "SELECT kind, payload, attempts, reason, died_at FROM queue.dead_letters ORDER BY died_at DESC LIMIT $1",
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the dead letters")
    }
}

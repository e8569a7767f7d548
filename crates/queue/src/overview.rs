//! The figures of the queue that operators see.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::{Queue, QueueError, error::Doing as _};

/// Number of jobs of one kind and lane.
#[derive(Debug, Clone, Serialize)]
pub struct QueueDepth {
    /// Stored name of the kind.
    pub kind: String,
    /// Its lane.
    pub lane: String,
    /// Jobs that wait and are due.
    pub ready: i64,
    /// Jobs that wait for a later time.
    pub later: i64,
    /// Jobs that a worker runs.
    pub running: i64,
    /// How long the oldest due job has waited, in seconds.
    pub oldest_seconds: f64,
    /// The last error of one of them, if any failed.
    pub last_error: Option<String>,
}

/// A living worker.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerRow {
    /// Its host.
    pub host: String,
    /// Its process id.
    pub pid: i32,
    /// The address of its API.
    pub http_address: Option<String>,
    /// Whether it holds the vector index.
    pub indexes: bool,
    /// By how many seconds its clock is ahead of the database's, or behind it (less than 0), if that keeps it from work.
    pub clock_off: Option<i64>,
    /// When it started.
    pub started_at: DateTime<Utc>,
}

/// A job that was given up.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// Stored name.
    pub kind: String,
    /// Its arguments.
    pub payload: Value,
    /// How often it was tried.
    pub attempts: i16,
    /// Why it was given up.
    pub reason: String,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
}

impl Queue {
    /// Returns the workers that are alive, newest first.
    pub async fn workers(&self) -> Result<Vec<WorkerRow>, QueueError> {
        sqlx::query_as!(
            WorkerRow,
            "SELECT w.host, w.pid, w.http_address, w.indexes, w.clock_off, w.started_at
               FROM queue.workers w JOIN queue.leases l ON l.worker = w.id
              WHERE l.until > now() ORDER BY w.started_at DESC"
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the workers")
    }

    /// Returns the number of jobs by kind and lane.
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

    /// Returns the newest dead letters, at most `limit`.
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

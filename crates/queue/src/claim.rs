//! Claims jobs, and listens for new ones.

use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::PgListener;

use crate::{Lease, Queue, QueueError, WorkerId, error::Doing as _};

/// A claimed job.
#[derive(Debug, Clone)]
pub struct Job {
    /// The claim, which is needed to end the job.
    pub lease: Lease,
    /// Its stored name, which is also the name of its file in `workers/src/jobs/`.
    pub kind: String,
    /// Its lane: a share of the pool.
    pub lane: String,
    /// Its arguments. Parse them with care: others may write to this table.
    pub payload: Value,
    /// How often it was started, including this time.
    pub attempts: i16,
    /// How often it may be started.
    pub max_attempts: i16,
}

impl Job {
    /// Returns whether a failure now would be the last one.
    pub fn is_last_attempt(&self) -> bool {
        self.attempts >= self.max_attempts
    }
}

/// Notifications of new jobs. They arrive within milliseconds.
#[derive(Debug)]
pub struct Wakeups(PgListener);

impl Wakeups {
    /// Waits until a job is enqueued. A lost connection is reopened automatically. The caller also looks at the table
    /// regularly, which finds the jobs that were enqueued meanwhile.
    pub async fn next(&mut self) -> Result<(), QueueError> {
        self.0.recv().await.map(drop).doing("wait for jobs")
    }
}

impl Queue {
    /// Starts to listen for new jobs.
    pub async fn wakeups(&self) -> Result<Wakeups, QueueError> {
        let what = "listen for jobs";
        let mut listener = PgListener::connect_with(&self.pool).await.doing(what)?;
        listener.listen("oim_queue").await.doing(what)?;
        Ok(Wakeups(listener))
    }

    /// Claims up to `limit` jobs of the given kinds under the worker's lease. It takes a fair share from each lane: the best
    /// job of every lane, then the second best, and so on. A long lane therefore never blocks a short one. A worker whose
    /// lease has expired gets a new one that lasts `hold`. Held lanes are left out, and lanes whose subject is not among
    /// `subjects`; `None`: the worker knows all.
    ///
    /// Lanes with few running jobs come first. `share` is the most running jobs that a lane may have after the claim, in
    /// addition to its own limit; `None`: only that one.
    pub async fn claim(
        &self,
        worker: WorkerId,
        kinds: &[String],
        subjects: Option<&[String]>,
        limit: i64,
        share: Option<i64>,
        hold: Duration,
    ) -> Result<Vec<Job>, QueueError> {
        let rows = sqlx::query!(
            r#"SELECT id AS "id!", lease AS "lease!", is_repeated AS "is_repeated!", kind AS "kind!", lane AS "lane!", payload AS "payload!",
                      attempts AS "attempts!", max_attempts AS "max_attempts!", waited AS "waited!"
                 FROM queue.claim($1, $2, $3, $4, $5, $6)"#,
            worker.uuid(),
            kinds,
            subjects,
            limit,
            share,
            hold.as_secs_f64()
        )
        .fetch_all(&self.pool)
        .await
        .doing("claim jobs")?;
        let mut jobs: Vec<Job> = rows
            .into_iter()
            .map(|row| Job {
                lease: Lease::new(
                    row.id,
                    row.lease,
                    row.is_repeated,
                    Duration::try_from_secs_f64(row.waited).unwrap_or_default(),
                ),
                kind: row.kind,
                lane: row.lane,
                payload: row.payload,
                attempts: row.attempts,
                max_attempts: row.max_attempts,
            })
            .collect();
        jobs.sort_by_key(|job| job.lease.job());
        Ok(jobs)
    }
}

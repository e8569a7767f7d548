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
            r#"WITH leased AS (
                 INSERT INTO queue.leases AS l (worker, until)
                 SELECT $1, now() + make_interval(secs => $4)
                  WHERE NOT EXISTS (SELECT FROM queue.leases WHERE worker = $1 AND until > now())
                 ON CONFLICT (worker) DO UPDATE SET until = greatest(l.until, excluded.until)),
               busy AS (
                 SELECT lane, count(*) AS jobs FROM queue.jobs WHERE state = 'running' GROUP BY lane),
               best AS (
                 SELECT j.id, j.priority, j.run_at, coalesce(busy.jobs, 0) + row_number() OVER (PARTITION BY l.lane ORDER BY j.priority DESC, j.run_at, j.id) AS turn
                   FROM queue.lanes l LEFT JOIN busy USING (lane)
                  CROSS JOIN LATERAL (
                        SELECT id, priority, run_at FROM queue.jobs
                         WHERE lane = l.lane AND state = 'ready' AND run_at <= now() AND kind = ANY ($2)
                         ORDER BY priority DESC, run_at, id
                         LIMIT greatest(0, least($3, least(l.max_running, $6::bigint) - coalesce(busy.jobs, 0)))
                         FOR UPDATE SKIP LOCKED) j
                  WHERE NOT l.held AND (l.subject IS NULL OR $5::text[] IS NULL OR l.subject = ANY ($5)))
               UPDATE queue.jobs j
                  SET state = 'running', lease = gen_random_uuid(), worker = $1,
                      claimed_at = now()
                WHERE j.id IN (SELECT id FROM best ORDER BY turn, priority DESC, run_at LIMIT $3)
               RETURNING j.id, j.lease AS "lease!", j.attempts > 0 OR j.losses > 0 AS "is_repeated!", j.kind, j.lane, j.payload, (j.attempts + 1)::smallint AS "attempts!", j.max_attempts,
                         extract(epoch FROM clock_timestamp() - j.created_at)::float8 AS "waited!""#,
            worker.uuid(),
            kinds,
            limit,
            hold.as_secs_f64(),
            subjects,
            share
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

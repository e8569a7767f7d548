//! Hosts that fail, for all workers: after some failures in a row a host rests, and one request at a time sees whether it
//! answers again.
//!
//! A host has a row of `ingest.hosts` as long as it fails, and none while it answers.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Store, StoreError, error::Doing as _};

/// Failures in a row after which a host rests. The first ones may be chance: a connection that broke, a server that restarts.
const MOST: i32 = 3;
/// First rest. It doubles with each probe that fails.
const FIRST: Duration = Duration::from_secs(2);
/// Longest rest, and so the longest time until a host that is back is noticed.
pub const LONGEST_REST: Duration = Duration::from_mins(15);

/// A host that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// Failures in a row, as far as they count.
    pub failures: u32,
    /// How long ago the first of them happened.
    pub duration: Duration,
    /// How long it rests from now on; zero if it does not.
    pub rest: Duration,
}

/// Whether a request to a host may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostTurn {
    /// The host answers, as far as anybody knows.
    Free,
    /// It failed, but does not rest.
    Watched(Failing),
    /// It rests, and this is the one request that sees whether it answers again.
    Probe(Failing),
    /// It rests, or somebody else sends that request.
    Rests(Failing),
}

/// What happened to a request to a host.
#[derive(Debug, Clone, Copy)]
pub struct HostFailed<'a> {
    /// The source that was visited.
    pub source: &'a str,
    /// What happened, as a sentence without a secret.
    pub why: &'a str,
    /// Whether the request was a probe.
    pub is_probe: bool,
    /// Whether the host was unable to answer. One that asks for a pause rests as long as it asks.
    pub counts: bool,
}

/// A host that fails, as operators see it.
#[derive(Debug, Clone, Serialize)]
pub struct FailingHost {
    /// Its name, with the port if that is not the usual one.
    pub host: String,
    /// The source that was visited last.
    pub source: String,
    /// Failures in a row.
    pub failures: i32,
    /// When the first of them happened.
    pub since: DateTime<Utc>,
    /// When it is asked again. Nothing is asked before, unless it has failed less than three times.
    pub next_try: DateTime<Utc>,
    /// What happened last.
    pub why: String,
}

impl Store {
    /// Returns whether a request to a host may leave now. A probe counts as lost if nothing is known of it after `lease`.
    pub async fn host_turn(&self, host: &str, lease: Duration) -> Result<HostTurn, StoreError> {
        // The statement sees the row as it was, so the time of a probe that another worker has just taken is not known here.
        let row = sqlx::query!(
            r#"WITH probe AS (
                 UPDATE ingest.hosts SET next_try = clock_timestamp() + make_interval(secs => $2)
                  WHERE host = $1 AND failures >= $3 AND next_try <= clock_timestamp() RETURNING host)
               SELECT failures, extract(epoch FROM clock_timestamp() - failing_since)::float8 AS "seconds!",
                      extract(epoch FROM next_try - clock_timestamp())::float8 AS "rest!", EXISTS (SELECT FROM probe) AS "is_probe!"
                 FROM ingest.hosts WHERE host = $1"#,
            host,
            lease.as_secs_f64(),
            MOST
        )
        .fetch_optional(&self.pool)
        .await
        .doing("look whether a host fails")?;
        let Some(row) = row else { return Ok(HostTurn::Free) };
        let failing = Failing::of(row.failures, row.seconds, row.rest);
        Ok(if row.is_probe {
            HostTurn::Probe(failing)
        } else if row.failures < MOST {
            HostTurn::Watched(failing)
        } else {
            HostTurn::Rests(Failing { rest: failing.rest.max(SOON), ..failing })
        })
    }

    /// Returns which of these hosts failed lately. To the others, requests may leave.
    pub async fn watched_hosts(&self, hosts: &[String]) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar!("SELECT host FROM ingest.hosts WHERE host = ANY($1)", hosts)
            .fetch_all(&self.pool)
            .await
            .doing("look whether a host fails")
    }

    /// Notes that a host failed. `random`, from 0 to 1, shortens its rest by up to a half, so that hosts that failed together
    /// are not asked together. Requests that were on their way when it began to rest count no more.
    pub async fn host_failed(
        &self,
        host: &str,
        failed: HostFailed<'_>,
        random: f64,
    ) -> Result<Failing, StoreError> {
        let row = sqlx::query!(
            r#"INSERT INTO ingest.hosts AS h (host, source, failures, failing_since, next_try, why)
               VALUES ($1, $2, $4::boolean::integer, clock_timestamp(), clock_timestamp(), left($3, 500))
               ON CONFLICT (host) DO UPDATE
                  SET source = excluded.source, why = excluded.why,
                      failures = least(h.failures + $4::boolean::integer, 1000000),
                      next_try = CASE WHEN $4 AND h.failures + 1 >= $6
                                      THEN clock_timestamp() + $7 * least($8, $9 * power(2, least(h.failures + 1 - $6, 30)))
                                           * interval '1 second'
                                      ELSE clock_timestamp() END
                WHERE $5 OR h.failures < $6
               RETURNING failures, extract(epoch FROM clock_timestamp() - failing_since)::float8 AS "seconds!",
                         extract(epoch FROM next_try - clock_timestamp())::float8 AS "rest!""#,
            host,
            failed.source,
            failed.why,
            failed.counts,
            failed.is_probe,
            MOST,
            1.0 - random.clamp(0.0, 1.0) / 2.0,
            LONGEST_REST.as_secs_f64(),
            FIRST.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await
        .doing("note that a host fails")?;
        if let Some(row) = row {
            return Ok(Failing::of(row.failures, row.seconds, row.rest));
        }
        match self.host_failing(host).await? {
            Some(failing) => Ok(failing),
            // It has answered in this very moment.
            None => Ok(Failing { failures: 1, duration: Duration::ZERO, rest: Duration::ZERO }),
        }
    }

    /// Notes that a host answers. The jobs of the source that wait for it begin at once.
    pub async fn host_answered(&self, host: &str, source: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "WITH answers AS (DELETE FROM ingest.hosts WHERE host = $1 AND failures >= $3 RETURNING host),
                  few AS (DELETE FROM ingest.hosts WHERE host = $1 AND failures < $3),
                  due AS (UPDATE queue.jobs SET run_at = now()
                           WHERE lane IN ('fetch:' || $2, 'item:' || $2) AND state = 'ready' AND run_at > now() AND EXISTS (SELECT FROM answers) RETURNING id)
             SELECT pg_notify('oim_queue', '') FROM due LIMIT 1",
            host,
            source,
            MOST
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("note that a host answers")
    }

    /// Returns for how long a host has failed; `None` if it answers.
    pub async fn host_failing(&self, host: &str) -> Result<Option<Failing>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT failures, extract(epoch FROM clock_timestamp() - failing_since)::float8 AS "seconds!",
                      extract(epoch FROM next_try - clock_timestamp())::float8 AS "rest!"
                 FROM ingest.hosts WHERE host = $1"#,
            host
        )
        .fetch_optional(&self.pool)
        .await
        .doing("look whether a host fails")?;
        Ok(row.map(|row| Failing::of(row.failures, row.seconds, row.rest)))
    }

    /// Returns the hosts that fail, those that have failed longest first.
    pub async fn failing_hosts(&self) -> Result<Vec<FailingHost>, StoreError> {
        sqlx::query_as!(
            FailingHost,
            "SELECT host, source, failures, failing_since AS since, next_try, why FROM ingest.hosts ORDER BY failing_since, host"
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the hosts that fail")
    }
}

/// Time until the next look at a host whose probe another worker has just sent.
const SOON: Duration = Duration::from_secs(1);

impl Failing {
    fn of(failures: i32, seconds: f64, rest: f64) -> Self {
        let rest = if failures < MOST { 0.0 } else { rest };
        Self {
            failures: u32::try_from(failures).unwrap_or(0),
            duration: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
            rest: Duration::try_from_secs_f64(rest).unwrap_or_default(),
        }
    }

    /// Returns whether requests to the host wait.
    pub fn rests(self) -> bool {
        !self.rest.is_zero()
    }
}

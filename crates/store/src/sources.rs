//! The sources in the database.

use domain::{QuietHours, Rate, SourceSlug};
use sqlx::{Postgres, Transaction};

use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// A source to register, as its source file describes it.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Its slug.
    pub slug: SourceSlug,
    /// Name for people.
    pub name: String,
    /// SHA-256 of its source file, in hexadecimal.
    pub spec_version: String,
    /// Whether it is a first-party source: it offers what it publishes.
    pub offers_itself: bool,
    /// The rate at which it is visited unless an operator sets another: `30/min`.
    pub rate: Rate,
    /// Hours in which nothing is requested.
    pub quiet_hours: Vec<QuietHours>,
    /// The most requests in a day.
    pub daily_requests: Option<u32>,
    /// Whether the configuration lets it be ingested.
    pub enabled: bool,
    /// Its streams.
    pub streams: Vec<String>,
    /// The most requests to it at the same time, from all workers together.
    pub fetch_at_once: i32,
    /// The most pages of it parsed at the same time, by all workers together.
    pub read_at_once: i32,
}

impl Store {
    /// Returns the streams of a source that its source file no longer has.
    pub async fn retired_streams(
        &self,
        source: &SourceSlug,
        streams: &[String],
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar!(
            "SELECT stream FROM ingest.streams WHERE source = $1 AND stream <> ALL ($2) ORDER BY 1",
            source.as_str(),
            streams
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the streams of a source")
    }

    /// Writes the sources that a worker knows. Sources that are no longer among them are switched off, not deleted, unless
    /// the registry has their file: this worker cannot use it, and others may. What an operator has set (paused, rate) stays.
    pub async fn register_sources(&self, rows: &[SourceRow]) -> Result<(), StoreError> {
        let slugs: Vec<String> = rows.iter().map(|row| row.slug.to_string()).collect();
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        for row in rows {
            write(&mut tx, row).await?;
            switch(&mut tx, row).await?;
            sqlx::query!(
                "UPDATE queue.lanes SET max_running = CASE WHEN lane LIKE 'fetch:%' THEN $2::integer ELSE $3::integer END
                  WHERE subject = $1 AND lane NOT LIKE 'item:%' AND max_running <> CASE WHEN lane LIKE 'fetch:%' THEN $2::integer ELSE $3::integer END",
                row.slug.as_str(),
                row.fetch_at_once,
                row.read_at_once
            )
            .execute(&mut *tx)
            .await
            .doing(WHAT)?;
        }
        sqlx::query!(
            "UPDATE ingest.sources SET enabled = false, off_why = 'the workers have no source file for it' WHERE enabled AND slug <> ALL ($1)
                AND (SELECT f.file FROM ingest.source_files f WHERE f.source = slug ORDER BY f.id DESC LIMIT 1) IS NULL",
            &slugs
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
        commit(tx, Step::RegisterSources, WHAT).await
    }

    /// Writes the sources of a command that works the queue because no worker is alive. Sources that only others know stay as
    /// they are, and so does whether a known one may be ingested: the next worker decides that.
    pub async fn add_sources(&self, rows: &[SourceRow]) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        for row in rows.iter().filter(|row| row.enabled) {
            write(&mut tx, row).await?;
        }
        commit(tx, Step::RegisterSources, WHAT).await
    }
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "register the sources";

/// Writes what the source file says of a source, its streams and its lanes.
pub(crate) async fn write(tx: &mut Transaction<'_, Postgres>, row: &SourceRow) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO ingest.sources AS s (slug, name, spec_version, offers_itself, file_rate) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (slug) DO UPDATE SET name = excluded.name, spec_version = excluded.spec_version,
                offers_itself = excluded.offers_itself, file_rate = excluded.file_rate, updated_at = now()
          WHERE (s.name, s.spec_version, s.offers_itself, coalesce(s.file_rate, ''))
             <> (excluded.name, excluded.spec_version, excluded.offers_itself, excluded.file_rate)",
        row.slug.as_str(),
        row.name,
        row.spec_version,
        row.offers_itself,
        row.rate.to_string()
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    limits(tx, row).await?;
    sqlx::query!(
        "INSERT INTO ingest.streams (source, stream) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
        row.slug.as_str(),
        &row.streams
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "INSERT INTO queue.lanes (lane, max_running, subject, held)
         SELECT l.lane, l.max_running, s.slug, l.visits AND ingest.why_held(s) IS NOT NULL
           FROM ingest.sources s, (VALUES ('fetch:' || $1, $2::integer, true), ('read:' || $1, $3, false), ('item:' || $1, 4, true)) AS l(lane, max_running, visits)
          WHERE s.slug = $1
         ON CONFLICT (lane) DO NOTHING",
        row.slug.as_str(),
        row.fetch_at_once,
        row.read_at_once
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Switches a source on or off, as the configuration of the workers says.
pub(crate) async fn switch(tx: &mut Transaction<'_, Postgres>, row: &SourceRow) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.sources SET enabled = $2, off_why = CASE WHEN NOT $2 THEN $3 END, updated_at = now()
          WHERE slug = $1 AND (enabled, coalesce(off_why, '')) <> ($2, CASE WHEN $2 THEN '' ELSE $3 END)",
        row.slug.as_str(),
        row.enabled,
        format!("`sources.{}.enabled` is false in the configuration of the workers", row.slug)
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Writes what limits the visits beside the rate. Where that changed, the jobs that wait for it look again.
async fn limits(tx: &mut Transaction<'_, Postgres>, row: &SourceRow) -> Result<(), StoreError> {
    let hours: Vec<String> = row.quiet_hours.iter().map(QuietHours::to_string).collect();
    let changed = sqlx::query!(
        "UPDATE ingest.sources SET quiet_hours = $2, daily_requests = $3
          WHERE slug = $1 AND (quiet_hours <> $2 OR daily_requests IS DISTINCT FROM $3)",
        row.slug.as_str(),
        &hours,
        row.daily_requests.map(|most| i32::try_from(most).unwrap_or(i32::MAX))
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    if changed.rows_affected() > 0 {
        sqlx::query!(
            "UPDATE queue.jobs SET run_at = now() WHERE lane IN ('fetch:' || $1, 'item:' || $1) AND state = 'ready' AND run_at > now()",
            row.slug.as_str()
        )
        .execute(&mut **tx)
        .await
        .doing(WHAT)?;
    }
    Ok(())
}

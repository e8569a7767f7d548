//! The sources in the database.

use domain::SourceSlug;

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

    /// Writes the sources that a worker knows. Sources that are no longer among them are disabled, not deleted.
    pub async fn register_sources(&self, rows: &[SourceRow]) -> Result<(), StoreError> {
        let what = "register the sources";
        let slugs: Vec<String> = rows.iter().map(|row| row.slug.to_string()).collect();
        let mut tx = self.pool.begin().await.doing(what)?;
        for row in rows {
            sqlx::query!(
                "INSERT INTO ingest.sources AS s (slug, name, spec_version, offers_itself) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (slug) DO UPDATE SET name = excluded.name, spec_version = excluded.spec_version,
                        offers_itself = excluded.offers_itself, enabled = true, updated_at = now()
                  WHERE (s.name, s.spec_version, s.offers_itself, s.enabled)
                     <> (excluded.name, excluded.spec_version, excluded.offers_itself, true)",
                row.slug.as_str(),
                row.name,
                row.spec_version,
                row.offers_itself
            )
            .execute(&mut *tx)
            .await
            .doing(what)?;
            sqlx::query!(
                "INSERT INTO ingest.streams (source, stream) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
                row.slug.as_str(),
                &row.streams
            )
            .execute(&mut *tx)
            .await
            .doing(what)?;
            sqlx::query!(
                "INSERT INTO queue.lanes AS l (lane, max_running) VALUES ('fetch:' || $1, $2), ('read:' || $1, $3)
                 ON CONFLICT (lane) DO UPDATE SET max_running = excluded.max_running
                  WHERE l.max_running <> excluded.max_running",
                row.slug.as_str(),
                row.fetch_at_once,
                row.read_at_once
            )
            .execute(&mut *tx)
            .await
            .doing(what)?;
        }
        sqlx::query!("UPDATE ingest.sources SET enabled = false WHERE enabled AND slug <> ALL ($1)", &slugs)
            .execute(&mut *tx)
            .await
            .doing(what)?;
        commit(tx, Step::RegisterSources, what).await
    }
}

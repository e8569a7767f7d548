//! Maintenance: for a while, nothing is reported about a source, or about anything.

use chrono::{DateTime, Utc};
use domain::SourceSlug;
use serde::Serialize;

use crate::{Store, StoreError, actions::record, error::Doing as _};

/// What is not reported for a while.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Silence {
    /// Its number.
    pub id: i64,
    /// The source; none: everything.
    pub source: Option<String>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// The subject of a silence of everything, in the record of actions.
const ALL: &str = "all";

impl Store {
    /// Keeps back what would be reported about a source, or about anything, for so many seconds. A silence of the same is replaced.
    pub async fn silence(
        &self,
        source: Option<&SourceSlug>,
        seconds: f64,
        by: &str,
        reason: &str,
    ) -> Result<Silence, StoreError> {
        let what = "silence alerts";
        let mut tx = self.pool.begin().await.doing(what)?;
        let slug = source.map(SourceSlug::as_str);
        sqlx::query!(
            "UPDATE ingest.silences SET ended_at = now() WHERE ended_at IS NULL AND source IS NOT DISTINCT FROM $1",
            slug
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        let silence = sqlx::query_as!(
            Silence,
            "INSERT INTO ingest.silences (source, until, by, reason) VALUES ($1, now() + make_interval(secs => $2), $3, $4)
             RETURNING id, source, until, by, reason, at",
            slug,
            seconds,
            by,
            reason
        )
        .fetch_one(&mut *tx)
        .await
        .doing(what)?;
        let detail = format!("until {}: {reason}", silence.until.format("%Y-%m-%d %H:%M UTC"));
        record(&mut tx, by, "silence", slug.unwrap_or(ALL), Some(&detail)).await?;
        tx.commit().await.doing(what)?;
        Ok(silence)
    }

    /// Ends the silence of a source, or of everything. Returns whether there was one.
    pub async fn end_silence(&self, source: Option<&SourceSlug>, by: &str) -> Result<bool, StoreError> {
        let what = "end a silence";
        let mut tx = self.pool.begin().await.doing(what)?;
        let slug = source.map(SourceSlug::as_str);
        let ended = sqlx::query!(
            "UPDATE ingest.silences SET ended_at = now() WHERE ended_at IS NULL AND until > now() AND source IS NOT DISTINCT FROM $1",
            slug
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        if ended.rows_affected() > 0 {
            record(&mut tx, by, "unsilence", slug.unwrap_or(ALL), None).await?;
        }
        tx.commit().await.doing(what)?;
        Ok(ended.rows_affected() > 0)
    }

    /// Returns the silences of now, the one that ends first before the others.
    pub async fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        sqlx::query_as!(
            Silence,
            "SELECT id, source, until, by, reason, at FROM ingest.silences WHERE ended_at IS NULL AND until > now() ORDER BY until"
        )
        .fetch_all(&self.pool)
        .await
        .doing("list silences")
    }
}

//! What operators set of a source while the pool runs: whether it is visited, and how often.
//!
//! Every request asks the database for its slot, so what is set here holds for the next request of every worker. The lane of
//! the visits of a held source is held too (a trigger of `ingest.sources`): nobody claims its jobs, and they wait as they are.

use chrono::{DateTime, Utc};
use domain::{Rate, SourceSlug};
use serde::Serialize;
use sqlx::{Postgres, Transaction};

use crate::{Store, StoreError, actions::record, error::Doing as _};

/// A source as the pool knows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SourceState {
    /// Its slug.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// SHA-256 of the source file of the workers, in hexadecimal.
    pub spec_version: String,
    /// Whether the workers may ingest it.
    pub enabled: bool,
    /// Why not.
    pub off_why: Option<String>,
    /// Since when an operator has paused it.
    pub paused_at: Option<DateTime<Utc>>,
    /// Who paused it.
    pub paused_by: Option<String>,
    /// The reason that was given.
    pub paused_why: Option<String>,
    /// The rate that the source file promises.
    pub file_rate: Option<String>,
    /// The rate that an operator set instead.
    pub rate: Option<String>,
    /// Who set it.
    pub rate_by: Option<String>,
    /// When.
    pub rate_at: Option<DateTime<Utc>>,
    /// The reason that was given.
    pub rate_why: Option<String>,
    /// Hours of each day in which nothing is requested, on the clock of Douala.
    pub quiet_hours: Vec<String>,
    /// When the quiet hours of now are over.
    pub quiet_until: Option<DateTime<Utc>>,
    /// The most requests in a day.
    pub daily_requests: Option<i32>,
    /// Requests that were sent today, if they are limited.
    pub requests_today: i32,
    /// When the next request may leave, as far as is known now; none while the source is held.
    pub next_request: Option<DateTime<Utc>>,
    /// The share of the rate that is used, because of how it answers: 1, or less while it is overloaded or slow.
    pub share: f64,
    /// Seconds until an answer begins, as an average of the last few.
    pub latency: Option<f64>,
    /// The same over a longer time.
    pub usual_latency: Option<f64>,
    /// Why nothing is requested from it, as a sentence.
    pub held: Option<String>,
    /// Jobs that wait to visit it.
    pub visits_waiting: i64,
}

impl SourceState {
    /// Returns `on`, `paused` or `off`. A source that is switched off and paused is off.
    pub fn word(&self) -> &'static str {
        match (self.enabled, self.paused_at) {
            (false, _) => "off",
            (true, Some(_)) => "paused",
            (true, None) => "on",
        }
    }

    /// Returns whether the requests of the day are used up.
    pub fn is_used_up(&self) -> bool {
        self.daily_requests.is_some_and(|most| self.requests_today >= most)
    }

    /// Returns the rate in force, less what Crawl-delay demands.
    pub fn rate_in_force(&self) -> Option<&str> {
        self.rate.as_deref().or(self.file_rate.as_deref())
    }
}

impl Store {
    /// Returns the sources that the database knows, by slug.
    pub async fn source_states(&self) -> Result<Vec<SourceState>, StoreError> {
        sqlx::query_as!(
            SourceState,
            r#"SELECT s.slug, s.name, s.spec_version, s.enabled, s.off_why, s.paused_at, s.paused_by, s.paused_why,
                      s.file_rate, s.rate, s.rate_by, s.rate_at, s.rate_why, ingest.why_held(s) AS held,
                      coalesce(b.share, 1) AS "share!", b.latency AS "latency?", b.usual_latency AS "usual_latency?",
                      s.quiet_hours, ingest.quiet_until(s.quiet_hours, now()) AS quiet_until, s.daily_requests,
                      coalesce((SELECT d.requests FROM ingest.daily_requests d
                                 WHERE d.source = s.slug AND d.day = (now() AT TIME ZONE 'Africa/Douala')::date), 0) AS "requests_today!",
                      CASE WHEN ingest.why_held(s) IS NULL THEN ingest.next_request(s) END AS next_request,
                      coalesce(w.jobs, 0) AS "visits_waiting!"
                 FROM ingest.sources s LEFT JOIN ingest.rate_budget b ON b.key = s.slug
                 LEFT JOIN (SELECT split_part(l.lane, ':', 2) AS source, sum(l.jobs)::bigint AS jobs
                              FROM (SELECT lane, count(*) AS jobs FROM queue.jobs WHERE state = 'ready' GROUP BY lane) l
                             WHERE l.lane LIKE 'fetch:%' OR l.lane LIKE 'item:%' GROUP BY 1) w ON w.source = s.slug
                ORDER BY s.slug"#
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the sources")
    }

    /// Pauses a source: from the next request on, nobody visits it, and its jobs wait. One that is paused keeps its time; the
    /// reason becomes the new one, if there is one. Returns whether it was not paused before.
    pub async fn pause_source(
        &self,
        source: &SourceSlug,
        by: &str,
        why: Option<&str>,
    ) -> Result<bool, StoreError> {
        let what = "pause a source";
        let mut tx = self.pool.begin().await.doing(what)?;
        let was_paused = sqlx::query_scalar!(
            r#"SELECT paused_at IS NOT NULL AS "was!" FROM ingest.sources WHERE slug = $1 FOR UPDATE"#,
            source.as_str()
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(what)?
        .ok_or_else(|| missing(source))?;
        sqlx::query!(
            "UPDATE ingest.sources SET paused_at = coalesce(paused_at, clock_timestamp()), paused_by = coalesce(paused_by, $2),
                    paused_why = coalesce($3, paused_why)
              WHERE slug = $1",
            source.as_str(),
            by,
            why
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        void_slots(&mut tx, source).await?;
        record(&mut tx, by, "pause", source.as_str(), why).await?;
        tx.commit().await.doing(what)?;
        Ok(!was_paused)
    }

    /// Lets a paused source be visited again. That it failed before the pause is forgotten, but not a pause that it asked for.
    /// Returns whether it was paused.
    pub async fn resume_source(&self, source: &SourceSlug, by: &str) -> Result<bool, StoreError> {
        let what = "resume a source";
        let mut tx = self.pool.begin().await.doing(what)?;
        let was_paused = sqlx::query_scalar!(
            r#"SELECT paused_at IS NOT NULL AS "was!" FROM ingest.sources WHERE slug = $1 FOR UPDATE"#,
            source.as_str()
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(what)?
        .ok_or_else(|| missing(source))?;
        if !was_paused {
            return Ok(false);
        }
        sqlx::query!(
            "UPDATE ingest.sources SET paused_at = NULL, paused_by = NULL, paused_why = NULL WHERE slug = $1",
            source.as_str()
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        sqlx::query!("DELETE FROM ingest.hosts WHERE source = $1", source.as_str())
            .execute(&mut *tx)
            .await
            .doing(what)?;
        void_slots(&mut tx, source).await?;
        record(&mut tx, by, "resume", source.as_str(), None).await?;
        tx.commit().await.doing(what)?;
        Ok(true)
    }

    /// Sets the rate of a source for the whole pool, instead of the one of its source file; `None` returns to that one. It
    /// holds from the next request on, and Crawl-delay stays its upper limit.
    pub async fn set_rate(
        &self,
        source: &SourceSlug,
        by: &str,
        rate: Option<Rate>,
    ) -> Result<(), StoreError> {
        self.set_rate_because(source, by, rate, None).await
    }

    /// The same with a reason, for those who find another rate.
    pub async fn set_rate_because(
        &self,
        source: &SourceSlug,
        by: &str,
        rate: Option<Rate>,
        why: Option<&str>,
    ) -> Result<(), StoreError> {
        let what = "set the rate of a source";
        let mut tx = self.pool.begin().await.doing(what)?;
        let set = sqlx::query!(
            "UPDATE ingest.sources SET rate = $2, rate_seconds = $3, rate_by = CASE WHEN $2::text IS NOT NULL THEN $4 END,
                    rate_at = CASE WHEN $2::text IS NOT NULL THEN clock_timestamp() END,
                    rate_why = CASE WHEN $2::text IS NOT NULL THEN $5::text END
              WHERE slug = $1",
            source.as_str(),
            rate.map(|rate| rate.to_string()),
            rate.map(|rate| rate.interval().as_secs_f64()),
            by,
            why
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        if set.rows_affected() == 0 {
            return Err(missing(source));
        }
        void_slots(&mut tx, source).await?;
        let detail = rate.map_or_else(|| "as its source file says".to_owned(), |rate| rate.to_string());
        let detail = why.map_or_else(|| detail.clone(), |why| format!("{detail}: {why}"));
        record(&mut tx, by, "rate", source.as_str(), Some(&detail)).await?;
        tx.commit().await.doing(what)
    }
}

fn missing(source: &SourceSlug) -> StoreError {
    StoreError::Missing(format!("source {source} in the database"))
}

async fn void_slots(tx: &mut Transaction<'_, Postgres>, source: &SourceSlug) -> Result<(), StoreError> {
    sqlx::query!("SELECT ingest.void_slots($1)", source.as_str())
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing("void the reserved requests to a partner")
}

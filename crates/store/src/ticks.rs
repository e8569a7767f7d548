//! Ticks of the timetable. A tick becomes one run, however many workers watch the clock.

use chrono::{DateTime, Utc};
use domain::SourceSlug;

use crate::{Mode, Store, StoreError, error::Doing as _};

/// What became of a tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fired {
    /// It became a run, or the run that does the same already.
    Run,
    /// Another worker was quicker.
    Elsewhere,
    /// It was skipped, for this reason.
    Skipped(String),
}

impl Store {
    /// Returns the last tick of `entry` that became a run. A new entry starts now: it does not fire for the past.
    pub async fn last_tick(&self, entry: &str) -> Result<DateTime<Utc>, StoreError> {
        sqlx::query_scalar!(
            "INSERT INTO ingest.ticks AS t (entry, last) VALUES ($1, now())
             ON CONFLICT (entry) DO UPDATE SET last = t.last RETURNING last",
            entry
        )
        .fetch_one(&self.pool)
        .await
        .doing("read the last tick")
    }

    /// Turns the tick at `at` into a run, unless another worker has. The tick of a source that is paused or switched off is
    /// skipped: its next one fires after it is resumed.
    pub async fn fire(
        &self,
        entry: &str,
        source: &SourceSlug,
        mode: Mode,
        at: DateTime<Utc>,
    ) -> Result<Fired, StoreError> {
        let what = "enter a scheduled run";
        let mut tx = self.pool.begin().await.doing(what)?;
        let moved =
            sqlx::query!("UPDATE ingest.ticks SET last = $2 WHERE entry = $1 AND last < $2", entry, at)
                .execute(&mut *tx)
                .await
                .doing(what)?;
        if moved.rows_affected() == 0 {
            return Ok(Fired::Elsewhere);
        }
        let held = sqlx::query_scalar!(
            "SELECT ingest.why_held(s) FROM ingest.sources s WHERE s.slug = $1",
            source.as_str()
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(what)?;
        if let Some(why) = held.unwrap_or_else(|| Some(format!("source {source} has no source file"))) {
            tx.commit().await.doing(what)?;
            return Ok(Fired::Skipped(why));
        }
        sqlx::query!(
            "SELECT run FROM ingest.request_run($1, $2, 'cron', idempotency_key => $3, requested_by => $4)",
            source.as_str(),
            mode.as_str(),
            format!("cron:{entry}:{}", at.timestamp()),
            entry
        )
        .fetch_one(&mut *tx)
        .await
        .doing(what)?;
        tx.commit().await.doing(what)?;
        Ok(Fired::Run)
    }
}

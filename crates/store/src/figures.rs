//! The figures of `/metrics` that `status` does not show.

use crate::{Store, StoreError, error::Doing as _};

/// How a source stands, for alerts.
#[derive(Debug, Clone)]
pub struct SourceFigures {
    /// The source.
    pub source: String,
    /// Seconds since its last complete run ended; none before the first one.
    pub fresh_seconds: Option<f64>,
    /// Whether its newest run that ended has failed. One that somebody cancelled has not.
    pub is_failed: bool,
    /// Whether an operator has paused it.
    pub is_paused: bool,
    /// Held runs without a decision.
    pub held: i64,
}

/// Dead letters of one kind and source.
#[derive(Debug, Clone)]
pub struct DeadCount {
    /// The kind of the jobs.
    pub kind: String,
    /// Their source; empty if they are of none.
    pub source: String,
    /// How many.
    pub count: i64,
}

/// Figures on sources and dead letters.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The sources that are visited.
    pub sources: Vec<SourceFigures>,
    /// The dead letters.
    pub dead: Vec<DeadCount>,
}

impl Store {
    /// Returns the figures.
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        let what = "count for the metrics";
        let sources = sqlx::query_as!(
            SourceFigures,
            r#"SELECT s.slug AS source, s.paused_at IS NOT NULL AS "is_paused!",
                      (SELECT extract(epoch FROM now() - max(r.finished_at))::float8 FROM ingest.runs r
                        WHERE r.source = s.slug AND r.state = 'complete' AND r.mode NOT IN ('pages', 'item', 'replay', 'revert')) AS fresh_seconds,
                      coalesce((SELECT ingest.outcome(r.state, r.decision, r.message) = 'failed' FROM ingest.runs r
                                 WHERE r.source = s.slug AND r.finished_at IS NOT NULL AND r.mode <> 'item'
                                 ORDER BY r.created_at DESC LIMIT 1), false) AS "is_failed!",
                      (SELECT count(*) FROM ingest.runs r WHERE r.source = s.slug AND r.state = 'held' AND r.decision IS NULL) AS "held!"
                 FROM ingest.sources s WHERE s.enabled ORDER BY s.slug"#
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        let dead = sqlx::query_as!(
            DeadCount,
            r#"SELECT kind AS "kind!", coalesce(source, '') AS "source!", count(*) AS "count!"
                 FROM ingest.dead_letters_now GROUP BY 1, 2 ORDER BY 1, 2"#
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        Ok(Figures { sources, dead })
    }
}

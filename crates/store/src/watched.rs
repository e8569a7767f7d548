//! What may be wrong with sources and runs, for alerts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{HeldRun, Store, StoreError, error::Doing as _};

/// What the last whole run of a source showed, beside those before.
#[derive(Debug, Clone)]
pub struct Yield {
    /// The source.
    pub source: String,
    /// The run.
    pub run: domain::RunId,
    /// Records that it showed.
    pub seen: i32,
    /// The median of up to five complete whole runs before it.
    pub usual: i32,
}

/// What may be wrong.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Held runs without a decision.
    pub held: Vec<HeldRun>,
    /// The yield of sources with at least two complete whole runs before the last one.
    pub yields: Vec<Yield>,
    /// Since when the registry knows each source.
    pub known_since: BTreeMap<String, DateTime<Utc>>,
}

impl Store {
    /// Returns what may be wrong with sources and runs.
    pub async fn watched(&self) -> Result<Watched, StoreError> {
        let what = "look at runs and sources";
        let yields = sqlx::query!(
            r#"SELECT s.slug, n.id, n.seen, m.usual AS "usual!"
                 FROM ingest.sources s
                 JOIN LATERAL (SELECT r.id, r.seen, r.created_at FROM ingest.runs r
                                WHERE r.source = s.slug AND r.mode = 'full' AND r.record_limit IS NULL AND r.since IS NULL
                                  AND r.state IN ('complete', 'partial', 'held') AND r.decision IS DISTINCT FROM 'published'
                                ORDER BY r.created_at DESC LIMIT 1) n ON true
                 JOIN LATERAL (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY e.seen)::integer AS usual, count(*) AS runs
                                 FROM (SELECT r.seen FROM ingest.runs r
                                        WHERE r.source = s.slug AND r.mode = 'full' AND r.record_limit IS NULL AND r.since IS NULL
                                          AND r.state = 'complete' AND r.created_at < n.created_at
                                        ORDER BY r.created_at DESC LIMIT 5) e) m ON m.runs >= 2
                WHERE s.enabled ORDER BY s.slug"#
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        let known =
            sqlx::query!(r#"SELECT source, min(at) AS "at!" FROM ingest.source_files GROUP BY source"#)
                .fetch_all(&self.pool)
                .await
                .doing(what)?;
        Ok(Watched {
            held: self.held_runs().await?,
            yields: yields
                .into_iter()
                .map(|row| Yield { source: row.slug, run: row.id.into(), seen: row.seen, usual: row.usual })
                .collect(),
            known_since: known.into_iter().map(|row| (row.source, row.at)).collect(),
        })
    }
}

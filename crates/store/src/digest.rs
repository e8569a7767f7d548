//! What a day brought, for people.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Store, StoreError, error::Doing as _};

/// A held run that waits for a decision.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HeldRun {
    /// The run.
    #[schema(value_type = uuid::Uuid)]
    pub id: domain::RunId,
    /// Its source.
    pub source: String,
    /// Why it is held.
    pub message: Option<String>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// How many opportunities are new, changed or closed: all together, and by region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Moved {
    /// All.
    pub total: i64,
    /// By region (ISO 3166-2). One in two regions counts in both.
    pub regions: BTreeMap<String, i64>,
}

/// Figures since a moment.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct DigestFigures {
    /// `new`, `changed` and `closed`, each by kind.
    pub moved: BTreeMap<String, BTreeMap<String, Moved>>,
    /// Open opportunities by kind, each cluster once.
    pub open: BTreeMap<String, i64>,
    /// Open opportunities whose last day to answer is within a week, each cluster once.
    pub closing: i64,
    /// Runs that ended, by state.
    pub runs: BTreeMap<String, i64>,
    /// Records that were rejected.
    pub rejected: i64,
    /// Held runs that wait for a decision.
    pub held: Vec<HeldRun>,
    /// Pairs that may be one opportunity and wait for a decision.
    pub pairs: i64,
    /// Dead letters by source.
    pub dead: BTreeMap<String, i64>,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "count for the digest";

impl Store {
    /// Returns the held runs without a decision, the oldest first.
    pub async fn held_runs(&self) -> Result<Vec<HeldRun>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT id, source, message, finished_at AS "finished_at!" FROM ingest.runs
                WHERE state = 'held' AND decision IS NULL ORDER BY finished_at"#
        )
        .fetch_all(&self.pool)
        .await
        .doing("list held runs")?;
        let held = rows.into_iter().map(|row| HeldRun {
            id: row.id.into(),
            source: row.source,
            message: row.message,
            finished_at: row.finished_at,
        });
        Ok(held.collect())
    }

    /// Returns the figures of the digest. It reads all opportunities once.
    pub async fn digest(&self, since: DateTime<Utc>) -> Result<DigestFigures, StoreError> {
        let mut figures = DigestFigures { held: self.held_runs().await?, ..DigestFigures::default() };
        self.moved(since, &mut figures).await?;
        let open = sqlx::query!(
            r#"SELECT kind AS "kind!", count(*) AS "count!",
                      count(*) FILTER (WHERE closes_on < (now() AT TIME ZONE 'Africa/Douala')::date + 7) AS "closing!"
                 FROM api.opportunities WHERE status = 'open' AND canonical GROUP BY kind"#
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        for row in open {
            figures.closing += row.closing;
            figures.open.insert(row.kind, row.count);
        }
        let runs = sqlx::query!(
            r#"SELECT state AS "state!", count(*) AS "count!", sum(rejected) AS "rejected!" FROM ingest.runs
                WHERE finished_at >= $1 AND mode <> 'item' GROUP BY state"#,
            since
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        for row in runs {
            figures.rejected += row.rejected;
            figures.runs.insert(row.state, row.count);
        }
        figures.pairs = sqlx::query_scalar!(
            r#"SELECT count(*) AS "pairs!" FROM ingest.match_doubts d
                 JOIN ingest.opportunities a ON a.id = d.one JOIN ingest.opportunities b ON b.id = d.other
                 LEFT JOIN ingest.clusters ca ON ca.opportunity = d.one LEFT JOIN ingest.clusters cb ON cb.opportunity = d.other
                WHERE 'open' IN (a.status, b.status) AND (ca.cluster = cb.cluster) IS NOT TRUE
                  AND NOT EXISTS (SELECT FROM ingest.match_decisions m WHERE m.one = d.one AND m.other = d.other)"#
        )
        .fetch_one(&self.pool)
        .await
        .doing(WHAT)?;
        for dead in self.figures().await?.dead {
            *figures.dead.entry(dead.source).or_default() += dead.count;
        }
        Ok(figures)
    }

    async fn moved(&self, since: DateTime<Utc>, figures: &mut DigestFigures) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            r#"WITH moved AS (
                 SELECT o.id, 'new' AS what FROM ingest.opportunities o WHERE o.created_at >= $1
                 UNION
                 SELECT c.opportunity, CASE WHEN c.what = 'closed' THEN 'closed' ELSE 'changed' END
                   FROM ingest.changes c JOIN ingest.opportunities o ON o.id = c.opportunity
                  WHERE c.at >= $1 AND CASE WHEN c.what = 'closed' THEN o.status = 'closed' ELSE o.created_at < $1 AND o.status = 'open' END)
               SELECT m.what AS "what!", o.kind AS "kind!", o.regions AS "regions!", count(*) AS "count!"
                 FROM moved m JOIN ingest.opportunities o ON o.id = m.id GROUP BY 1, 2, 3"#,
            since
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        for row in rows {
            let moved = figures.moved.entry(row.what).or_default().entry(row.kind).or_default();
            moved.total += row.count;
            for region in row.regions {
                *moved.regions.entry(region).or_default() += row.count;
            }
        }
        Ok(())
    }
}

//! How long it took from a fetched page to its served rows.

use domain::RunId;
use serde::Serialize;

use crate::{Store, StoreError, error::Doing as _};

/// Time between the answer of a partner and the moment its rows were served, over the open rows that a run created or changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ServedAfter {
    /// How many rows.
    pub rows: i64,
    /// Half of them were served within this time, in seconds.
    pub median: f64,
    /// 95 % of them were, in seconds.
    pub p95: f64,
}

impl Store {
    /// Returns how long the rows of a run waited to be served; `None` if it serves none that a later run has not changed.
    ///
    /// The rows of the last publication count until it was committed. Those of a checkpoint count until it began.
    pub async fn served_after(&self, run: RunId) -> Result<Option<ServedAfter>, StoreError> {
        let row = sqlx::query!(
            r#"WITH waited AS (
                 SELECT extract(epoch FROM CASE WHEN o.updated_at = max(o.updated_at) OVER () THEN r.published_at ELSE o.updated_at END
                                           - o.content_at)::float8 AS seconds
                   FROM ingest.runs r JOIN ingest.opportunities o ON o.changed_run = r.id
                  WHERE r.id = $1 AND r.published_at IS NOT NULL AND o.status = 'open')
               SELECT count(*) AS "rows!", percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
                      percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95 FROM waited"#,
            run.uuid()
        )
        .fetch_one(&self.pool)
        .await
        .doing("measure how long rows waited to be served")?;
        Ok(row.median.zip(row.p95).map(|(median, p95)| ServedAfter { rows: row.rows, median, p95 }))
    }
}

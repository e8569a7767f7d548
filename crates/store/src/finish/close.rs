//! Closes what a complete run no longer shows, and what passed its closing date.

use domain::RunId;
use sqlx::{Postgres, Transaction};

use super::{WHAT, request_index_and_match};
use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// Number of opportunities that were closed.
pub type Withdrawn = u64;

/// Forgets that earlier runs missed what this one shows.
pub(super) async fn forget_missed(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.opportunities o SET missed_by = NULL
          WHERE o.missed_by IS NOT NULL AND o.source = (SELECT source FROM ingest.runs WHERE id = $1)
            AND o.id IN (SELECT unnest(p.seen) FROM ingest.pages p WHERE p.run = $1)",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Closes what the source has open and a run that proves absence neither showed nor rejected. What it rejected as no opportunity is absent. In a list that may shift while it is
/// walked an opportunity can slip from a page that is still to come to one that has been read: there, one walk marks it as missed, and
/// a second one closes it. So it is in `doubted` streams, which lack far more than usual at once. What the list still shows and whose own page is gone is closed by the partner's word: 410 says so for
/// good; 404 may pass, and a second run must find it. Its draft is forgotten, so that the same words open it again once they are back.
pub(super) async fn close_missing(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    doubted: &[String],
) -> Result<Withdrawn, StoreError> {
    let done = sqlx::query_scalar!(
        r#"WITH run AS (SELECT id, source, covers FROM ingest.runs WHERE id = $1),
                seen AS (SELECT DISTINCT unnest(p.seen) AS id FROM ingest.pages p WHERE p.run = $1),
                absent AS (
                  SELECT o.id, o.missed_by IS NOT NULL OR ingest.is_snapshot($1, o.stream) AND NOT o.stream = ANY ($2) AS is_proven
                    FROM ingest.opportunities o, run
                   WHERE o.source = (SELECT source FROM run) AND o.stream = ANY (run.covers) AND o.status = 'open'
                     AND NOT EXISTS (SELECT FROM seen WHERE seen.id = o.id)
                     AND NOT EXISTS (SELECT FROM ingest.rejections x WHERE x.run = $1 AND x.external_id = o.external_id AND x.code <> 'no_opportunity')),
                gone AS (
                  SELECT o.id, bool_or(o.missed_by IS NOT NULL OR p.status = 410) AS is_proven
                    FROM (SELECT * FROM ingest.pages WHERE run = $1 AND state = 'gone' AND status IN (404, 410)) p
                    JOIN ingest.rejections x ON x.page = p.id
                    JOIN ingest.opportunities o ON o.external_id = x.external_id
                   WHERE o.source = (SELECT source FROM run) AND o.status = 'open' AND NOT EXISTS (SELECT FROM seen WHERE seen.id = o.id)
                   GROUP BY o.id),
                missing AS (SELECT id, is_proven, 'absent' AS why FROM absent UNION ALL SELECT id, is_proven, 'partner' FROM gone),
                marked AS (
                  UPDATE ingest.opportunities o
                     SET missed_by = $1,
                         status = CASE WHEN a.is_proven THEN 'closed' ELSE o.status END,
                         closed_why = CASE WHEN a.is_proven THEN a.why ELSE o.closed_why END,
                         draft_digest = CASE WHEN a.is_proven AND a.why = 'partner' THEN NULL ELSE o.draft_digest END,
                         changed_run = CASE WHEN a.is_proven THEN $1 ELSE o.changed_run END,
                         updated_at = CASE WHEN a.is_proven THEN now() ELSE o.updated_at END
                    FROM missing a WHERE o.id = a.id AND o.source = (SELECT source FROM run) RETURNING a.is_proven)
           SELECT count(*) FILTER (WHERE is_proven) AS "closed!" FROM marked"#,
        run.uuid(),
        doubted
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(u64::try_from(done).unwrap_or(0))
}

impl Store {
    /// Closes opportunities that passed their last day to answer, or have ended (`Kind::open_until`). Returns how many.
    pub async fn close_by_date(&self) -> Result<Withdrawn, StoreError> {
        let what = "close what passed its date";
        let mut tx = self.pool.begin().await.doing(what)?;
        let done = sqlx::query!(
            "UPDATE ingest.opportunities
                SET status = 'closed', updated_at = now(),
                    closed_why = CASE WHEN closes_on = ingest.open_until(kind, closes_on, ends_on) THEN 'date' ELSE 'ended' END
              WHERE status = 'open' AND ingest.open_until(kind, closes_on, ends_on) < (now() AT TIME ZONE 'Africa/Douala')::date"
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        if done.rows_affected() > 0 {
            request_index_and_match(&mut tx).await?;
        }
        commit(tx, Step::CloseByDate, what).await?;
        Ok(done.rows_affected())
    }
}

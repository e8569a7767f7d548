//! The second look: where a list may shift, what one walk missed is looked for at its own page, which settles it.

use std::time::Duration;

use domain::{OpportunityId, RunId};
use queue::Lease;
use sqlx::{Postgres, Transaction};

use super::{WHAT, request_index_and_match};
use crate::{Store, StoreError, error::Doing as _};

/// Most pages that one run looks at again. The next runs look at the others, or close them.
const AT_ONCE: i64 = 50;
/// Time until the page of an item that answered 404 is asked again: a deployment of the partner is over by then.
const LATER: Duration = Duration::from_mins(10);

/// An opportunity that a walk missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its source.
    pub source: String,
    /// The address of its own page.
    pub url: String,
}

/// Enqueues a request for the own page of each opportunity that the run was the first to miss. What its list shows and whose own
/// page is gone was looked at: a second run must find that, because a 404 may pass.
pub(super) async fn request_second_looks(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT queue.enqueue('look_again', 'fetch:' || m.source, jsonb_build_object('opportunity', m.id, 'run', $1::uuid), 'look_again:' || m.id)
           FROM (SELECT o.id, o.source FROM ingest.opportunities o
                  WHERE o.source = (SELECT source FROM ingest.runs WHERE id = $1) AND o.missed_by = $1 AND o.status = 'open'
                    AND (SELECT p.role FROM ingest.pages p WHERE p.id = o.page) = 'detail'
                    AND NOT EXISTS (SELECT FROM ingest.rejections x WHERE x.run = $1 AND x.external_id = o.external_id)
                  ORDER BY o.content_at LIMIT $2) m",
        run.uuid(),
        AT_ONCE
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Enqueues a second request for the page of an item that the run found gone without closing it: a 404 may pass, and who asked for
/// the item shall not have to come back for it.
pub(super) async fn request_later_looks(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT queue.enqueue('look_again', 'item:' || o.source, jsonb_build_object('opportunity', o.id, 'run', $1::uuid), 'look_again:' || o.id,
                0, make_interval(secs => $2))
           FROM ingest.opportunities o WHERE o.missed_by = $1 AND o.status = 'open'",
        run.uuid(),
        LATER.as_secs_f64()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

impl Store {
    /// Returns an opportunity that `run` missed, unless a later run has shown or closed it.
    pub async fn missed(&self, opportunity: OpportunityId, run: RunId) -> Result<Option<Missed>, StoreError> {
        sqlx::query_as!(
            Missed,
            "SELECT o.source, p.url FROM ingest.opportunities o JOIN ingest.pages p ON p.id = o.page
              WHERE o.id = $1 AND o.missed_by = $2 AND o.status = 'open' AND p.role = 'detail'",
            opportunity.uuid(),
            run.uuid()
        )
        .fetch_optional(&self.pool)
        .await
        .doing("look up what a run missed")
    }

    /// Ends a second look that found the page. If only the request for this item had found it gone, nothing missed it any more: a
    /// list that misses it counts as the first one.
    pub async fn found_again(
        &self,
        lease: Lease,
        opportunity: OpportunityId,
        run: RunId,
    ) -> Result<(), StoreError> {
        let what = "end a second look";
        let mut tx = self.pool.begin().await.doing(what)?;
        lease.settle(&mut tx).await?;
        sqlx::query!(
            "UPDATE ingest.opportunities SET missed_by = NULL
              WHERE id = $1 AND missed_by = $2 AND EXISTS (SELECT FROM ingest.runs WHERE id = $2 AND mode = 'item')",
            opportunity.uuid(),
            run.uuid()
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        tx.commit().await.doing(what)
    }

    /// Closes an opportunity that `run` missed and whose own page is gone, in the name of that run, and ends the job
    /// that asked. Its draft is forgotten, so that the same words open it again once they are back. Returns whether it was
    /// still open.
    pub async fn close_gone(
        &self,
        lease: Lease,
        opportunity: OpportunityId,
        run: RunId,
    ) -> Result<bool, StoreError> {
        let what = "close what is gone";
        let mut tx = self.pool.begin().await.doing(what)?;
        lease.settle(&mut tx).await?;
        let closed = sqlx::query!(
            "UPDATE ingest.opportunities SET status = 'closed', closed_why = 'partner', draft_digest = NULL, changed_run = $2, updated_at = now()
              WHERE id = $1 AND missed_by = $2 AND status = 'open'",
            opportunity.uuid(),
            run.uuid()
        )
        .execute(&mut *tx)
        .await
        .doing(what)?
        .rows_affected()
            == 1;
        if closed {
            sqlx::query!("UPDATE ingest.runs SET closed = closed + 1 WHERE id = $1", run.uuid())
                .execute(&mut *tx)
                .await
                .doing(what)?;
            request_index_and_match(&mut tx).await?;
        }
        tx.commit().await.doing(what)?;
        Ok(closed)
    }
}

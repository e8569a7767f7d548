//! The second look: where a list may shift, what one walk missed is looked for at its own page, which settles it.

use domain::{OpportunityId, RunId};
use queue::Lease;
use sqlx::{Postgres, Transaction};

use super::{WHAT, request_index_and_match};
use crate::{Store, StoreError, error::Doing as _};

/// Most pages that one run looks at again. The next runs look at the others, or close them.
const AT_ONCE: i64 = 50;

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

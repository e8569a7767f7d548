//! Known drafts: a record whose draft has not changed is not normalized again.

use std::collections::HashMap;

use domain::{DraftDigest, Fingerprint, OpportunityId, SourceSlug};
use uuid::Uuid;

use crate::{Store, StoreError, error::Doing as _};

/// The action that failed, for the errors of this file.
const WHAT: &str = "look up known drafts";

/// Draft digest and fingerprint of published opportunities, by their ids.
pub type KnownDrafts = HashMap<OpportunityId, (DraftDigest, Fingerprint)>;

impl Store {
    /// Returns the known drafts of these opportunities. Leaves out those that a run would reopen, because they must be
    /// staged.
    pub async fn known_drafts(&self, ids: &[OpportunityId]) -> Result<KnownDrafts, StoreError> {
        if let [id] = ids {
            return self.known_draft(*id).await;
        }
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"SELECT id, draft_digest AS "draft!", fingerprint FROM ingest.opportunities
                WHERE id = ANY ($1) AND draft_digest IS NOT NULL AND (status = 'open' OR closed_why IN ('date', 'ended', 'partner'))"#,
            &ids
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(rows.into_iter().filter_map(|row| known(row.id, &row.draft, &row.fingerprint)).collect())
    }

    /// The same for the one opportunity of a detail page. PostgreSQL plans a list of ids anew each time, which takes
    /// longer than the look-up, but keeps the plan for one id.
    async fn known_draft(&self, id: OpportunityId) -> Result<KnownDrafts, StoreError> {
        let row = sqlx::query!(
            r#"SELECT id, draft_digest AS "draft!", fingerprint FROM ingest.opportunities
                WHERE id = $1 AND draft_digest IS NOT NULL AND (status = 'open' OR closed_why IN ('date', 'partner'))"#,
            id.uuid()
        )
        .fetch_optional(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(row.and_then(|row| known(row.id, &row.draft, &row.fingerprint)).into_iter().collect())
    }

    /// Returns the known drafts of a whole stream, for pages too large to look up by id first.
    pub async fn known_drafts_of(
        &self,
        source: &SourceSlug,
        stream: &str,
    ) -> Result<KnownDrafts, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT id, draft_digest AS "draft!", fingerprint FROM ingest.opportunities
                WHERE source = $1 AND stream = $2 AND draft_digest IS NOT NULL AND (status = 'open' OR closed_why IN ('date', 'ended', 'partner'))"#,
            source.as_str(),
            stream
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(rows.into_iter().filter_map(|row| known(row.id, &row.draft, &row.fingerprint)).collect())
    }
}

fn known(id: Uuid, draft: &[u8], fingerprint: &[u8]) -> Option<(OpportunityId, (DraftDigest, Fingerprint))> {
    Some((id.into(), (DraftDigest::from_bytes(draft)?, Fingerprint::from_bytes(fingerprint)?)))
}

//! What a search may show: open opportunities, each once.

use std::collections::HashMap;

use domain::OpportunityId;
use uuid::Uuid;

use crate::{IndexRow, Store, StoreError, error::Doing as _, index_rows::index_row};

/// The place of an open opportunity in its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The cluster; an opportunity without duplicates is one of its own.
    pub cluster: Uuid,
    /// The member that stands for it, if that is open.
    pub canonical: Option<OpportunityId>,
}

impl Store {
    /// Returns which of these opportunities are open, and how each stands in its cluster.
    pub async fn standing(
        &self,
        ids: &[OpportunityId],
    ) -> Result<HashMap<OpportunityId, Standing>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"SELECT o.id, coalesce(c.cluster, o.id) AS "cluster!",
                      CASE WHEN c.cluster IS NULL THEN o.id
                           ELSE (SELECT k.opportunity FROM ingest.clusters k JOIN ingest.opportunities s ON s.id = k.opportunity
                                  WHERE k.cluster = c.cluster AND k.canonical AND s.status = 'open') END AS canonical
                 FROM ingest.opportunities o LEFT JOIN ingest.clusters c ON c.opportunity = o.id
                WHERE o.id = ANY ($1) AND o.status = 'open'"#,
            &ids
        )
        .fetch_all(&self.pool)
        .await
        .doing("look up what the index found")?;
        let standing =
            |cluster, canonical: Option<Uuid>| Standing { cluster, canonical: canonical.map(Into::into) };
        Ok(rows.into_iter().map(|row| (row.id.into(), standing(row.cluster, row.canonical))).collect())
    }

    /// Returns an opportunity as the index needs it, open or closed; `None` if there is none.
    pub async fn index_row(&self, id: OpportunityId) -> Result<Option<IndexRow>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT o.id, o.source, o.stream, o.kind, o.title, o.url, o.organization, o.description, o.places, o.regions,
                    o.localities, o.contracts, o.closes_on, o.ends_on, o.languages, o.occupation, o.sector, o.audiences,
                    o.education, o.working_time, o.remote, o.amount_kind, o.amount_text, o.fees_text, o.fingerprint,
                    c.cluster AS "cluster!", c.canonical AS "canonical!"
               FROM ingest.opportunities o CROSS JOIN LATERAL (
                      SELECT coalesce((SELECT cluster FROM ingest.clusters WHERE opportunity = o.id), o.id) AS cluster,
                             coalesce((SELECT canonical FROM ingest.clusters WHERE opportunity = o.id), true) AS canonical) c
              WHERE o.id = $1"#,
            id.uuid()
        )
        .fetch_optional(&self.pool)
        .await
        .doing(READ)?;
        row.map(|row| Ok(index_row!(row))).transpose()
    }

    /// Returns all members of an opportunity's cluster, itself included.
    pub async fn cluster_of(&self, id: OpportunityId) -> Result<Vec<OpportunityId>, StoreError> {
        let others = sqlx::query_scalar!(
            "SELECT c.opportunity FROM ingest.clusters mine JOIN ingest.clusters c ON c.cluster = mine.cluster
              WHERE mine.opportunity = $1 AND c.opportunity <> $1",
            id.uuid()
        )
        .fetch_all(&self.pool)
        .await
        .doing(READ)?;
        Ok(std::iter::once(id).chain(others.into_iter().map(OpportunityId::from)).collect())
    }
}

/// The action that failed, for the errors of this file.
const READ: &str = "read an opportunity";

//! What loading would come to: it is done, looked at, and taken back.

use std::collections::{BTreeMap, HashSet};

use domain::{Opportunity, OpportunityId, RunId};
use serde::Serialize;
use serde_json::Value;

use crate::{
    Store, StoreError, Tally,
    upsert::{Origin, upsert},
};

/// What loading would come to.
#[derive(Debug, Default, Serialize)]
pub struct Rehearsal {
    /// How many would be new, changed, unchanged.
    pub tally: Tally,
    /// How many would change in each column.
    pub fields: BTreeMap<String, usize>,
    /// Those that would change.
    pub changed: Vec<Change>,
}

/// An opportunity that would change.
#[derive(Debug, Serialize)]
pub struct Change {
    /// The partner's identifier.
    pub external_id: String,
    /// Its heading today.
    pub title: String,
    /// Each column with what it is (`from`) and would be (`to`).
    pub fields: BTreeMap<String, Value>,
}

impl Store {
    /// The opportunities a run showed, loaded or found unchanged.
    pub async fn shown_by(&self, run: RunId) -> Result<Vec<OpportunityId>, StoreError> {
        let ids = sqlx::query_scalar!(
            r#"SELECT DISTINCT unnest(seen) AS "id!" FROM ingest.pages WHERE run = $1"#,
            run.uuid()
        )
        .fetch_all(&self.pool)
        .await
        .map_err(StoreError::doing("read what a run showed"))?;
        Ok(ids.into_iter().map(OpportunityId::from).collect())
    }

    /// Loads the opportunities in a transaction that is rolled back: the answer is that of the real thing, its triggers and
    /// all, and nothing stays of it. The rows are locked meanwhile, for as long as a page of them would lock them.
    pub async fn rehearse(&self, run: RunId, opportunities: &[Opportunity]) -> Result<Rehearsal, StoreError> {
        let doing = || StoreError::doing("rehearse a load");
        let mut known = HashSet::new();
        let once: Vec<Opportunity> =
            opportunities.iter().filter(|row| known.insert(row.id)).cloned().collect();
        let mut tx = self.pool.begin().await.map_err(doing())?;
        let last = sqlx::query_scalar!(r#"SELECT coalesce(max(id), 0) AS "last!" FROM ingest.changes"#)
            .fetch_one(&mut *tx)
            .await
            .map_err(doing())?;
        let origin = Origin { run, page: None, fetched_at: chrono::Utc::now() };
        let (created, changed) = upsert(&mut tx, &origin, &once).await?;
        let rows = sqlx::query!(
            "SELECT o.external_id, o.title, c.fields FROM ingest.changes c JOIN ingest.opportunities o ON o.id = c.opportunity
              WHERE c.id > $1 AND c.run = $2 AND c.what <> 'closed' AND c.xmin = pg_current_xact_id()::xid
              ORDER BY c.id",
            last,
            run.uuid()
        )
        .fetch_all(&mut *tx)
        .await
        .map_err(doing())?;
        tx.rollback().await.map_err(doing())?;
        let mut rehearsal = Rehearsal {
            tally: Tally {
                created,
                changed,
                unchanged: once.len().saturating_sub(created + changed),
                ..Tally::default()
            },
            ..Rehearsal::default()
        };
        for row in rows {
            let fields: BTreeMap<String, Value> = serde_json::from_value(row.fields).unwrap_or_default();
            for field in fields.keys() {
                *rehearsal.fields.entry(field.clone()).or_default() += 1;
            }
            rehearsal.changed.push(Change { external_id: row.external_id, title: row.title, fields });
        }
        Ok(rehearsal)
    }
}

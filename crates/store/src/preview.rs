//! Previews: how the staged rows of a run differ from the published ones.

use std::collections::BTreeMap;

use domain::{Opportunity, OpportunityId, RunId};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    Store, StoreError, Tally,
    error::Doing as _,
    rows::stage::{Origin, stage},
};

/// The action that failed, for the errors of this file.
const WHAT: &str = "preview a publication";

/// What publishing would change.
#[derive(Debug, Default, Serialize)]
pub struct Preview {
    /// How many opportunities would be new, would change, and would stay as they are.
    pub tally: Tally,
    /// How many opportunities would change, by column.
    pub fields: BTreeMap<String, usize>,
    /// Opportunities that would be new, as (identifier, title).
    pub created: Vec<(String, String)>,
    /// Opportunities that would change.
    pub changed: Vec<Change>,
    /// Opportunities that would be closed because the run does not show them, as (identifier, title).
    pub missing: Vec<(String, String)>,
}

/// An opportunity that would change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Change {
    /// The partner's identifier.
    pub external_id: String,
    /// Its current title.
    pub title: String,
    /// Each changed column, with its current value (`from`) and its new one (`to`).
    pub fields: BTreeMap<String, Value>,
}

/// The opportunities of one page, for a preview.
#[derive(Debug)]
pub struct PagePreview {
    /// When the page was fetched.
    pub fetched_at: chrono::DateTime<chrono::Utc>,
    /// Its opportunities.
    pub opportunities: Vec<Opportunity>,
}

impl Store {
    /// Returns the opportunities that a run showed: new, changed or unchanged.
    pub async fn shown_by(&self, run: RunId) -> Result<Vec<OpportunityId>, StoreError> {
        let ids = sqlx::query_scalar!(
            r#"SELECT DISTINCT unnest(seen) AS "id!" FROM ingest.pages WHERE run = $1"#,
            run.uuid()
        )
        .fetch_all(&self.pool)
        .await
        .doing("read what a run showed")?;
        Ok(ids.into_iter().map(OpportunityId::from).collect())
    }

    /// Returns what publishing a held run would change.
    pub async fn preview_run(&self, run: RunId) -> Result<Preview, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let mut preview = staged(&mut tx, run.uuid()).await?;
        preview.missing = missing(&mut tx, run).await?;
        tx.rollback().await.doing(WHAT)?;
        Ok(preview)
    }

    /// Returns what publishing these pages would change. They are staged in a transaction that is rolled back, so the
    /// result equals that of a real run. `replaces_newer`: as in a replay of one run.
    pub async fn preview_pages(
        &self,
        pages: &[PagePreview],
        replaces_newer: bool,
    ) -> Result<Preview, StoreError> {
        let run = RunId::from(Uuid::now_v7());
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let mut ids: Vec<Uuid> = Vec::new();
        for page in pages {
            let origin = Origin { run, page: None, fetched_at: page.fetched_at, replaces_newer };
            let once = without_repeats(&page.opportunities);
            ids.extend(once.iter().map(|row| row.id.uuid()));
            stage(&mut tx, &[(&origin, &*once)]).await?;
        }
        let mut preview = staged(&mut tx, run.uuid()).await?;
        tx.rollback().await.doing(WHAT)?;
        ids.sort_unstable();
        ids.dedup();
        let touched = preview.tally.created + preview.tally.changed;
        preview.tally.unchanged = ids.len().saturating_sub(touched);
        Ok(preview)
    }
}

/// Keeps one row per opportunity: the first one of the page.
fn without_repeats(rows: &[Opportunity]) -> Vec<Opportunity> {
    let mut known = std::collections::HashSet::new();
    rows.iter().filter(|row| known.insert(row.id)).cloned().collect()
}

async fn staged(tx: &mut Transaction<'_, Postgres>, run: Uuid) -> Result<Preview, StoreError> {
    let rows = sqlx::query!(
        r#"WITH newest AS (SELECT DISTINCT ON (s.id) s.* FROM ingest.staged s WHERE s.changed_run = $1
                            ORDER BY s.id, s.content_at DESC, s.page DESC)
           SELECT n.external_id, coalesce(o.title, n.title) AS "title!", o.id IS NULL AS "is_new!",
                  CASE WHEN o.id IS NOT NULL THEN (ingest.differences(to_jsonb(o), to_jsonb(n))).fields END AS fields
             FROM newest n LEFT JOIN ingest.opportunities o ON o.id = n.id ORDER BY n.external_id"#,
        run
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let mut preview = Preview::default();
    for row in rows {
        if row.is_new {
            preview.created.push((row.external_id, row.title));
            continue;
        }
        let fields: BTreeMap<String, Value> =
            row.fields.and_then(|fields| serde_json::from_value(fields).ok()).unwrap_or_default();
        for field in fields.keys() {
            *preview.fields.entry(field.clone()).or_default() += 1;
        }
        preview.changed.push(Change { external_id: row.external_id, title: row.title, fields });
    }
    preview.tally.created = preview.created.len();
    preview.tally.changed = preview.changed.len();
    Ok(preview)
}

/// Returns the open opportunities that a run should have shown and did not.
async fn missing(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT o.external_id, o.title FROM ingest.opportunities o JOIN ingest.runs r ON r.id = $1
          WHERE o.source = r.source AND o.stream = ANY (r.covers) AND o.status = 'open' AND r.record_limit IS NULL AND r.mode <> 'replay'
            AND r.walked AND r.pages_failed = 0 AND (o.missed_by IS NOT NULL OR ingest.is_snapshot(r.id, o.stream))
            AND o.id NOT IN (SELECT unnest(p.seen) FROM ingest.pages p WHERE p.run = $1)
            AND NOT EXISTS (SELECT FROM ingest.rejections x WHERE x.run = $1 AND x.external_id = o.external_id)
          ORDER BY o.external_id",
        run.uuid()
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(rows.into_iter().map(|row| (row.external_id, row.title)).collect())
}

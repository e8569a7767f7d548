//! What publishing would do: the staged rows of a run beside those that are served.

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

/// What fails here, in the words of an error.
const WHAT: &str = "preview a publication";

/// What publishing would do.
#[derive(Debug, Default, Serialize)]
pub struct Preview {
    /// How many opportunities would be new, changed, unchanged.
    pub tally: Tally,
    /// How many would change in each column.
    pub fields: BTreeMap<String, usize>,
    /// Those that would be new, as (identifier, title).
    pub created: Vec<(String, String)>,
    /// Those that would change.
    pub changed: Vec<Change>,
    /// Those that would close because the run does not show them, as (identifier, title).
    pub missing: Vec<(String, String)>,
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

/// Opportunities of one page, to be previewed.
#[derive(Debug)]
pub struct PagePreview {
    /// When the page was fetched.
    pub fetched_at: chrono::DateTime<chrono::Utc>,
    /// What it shows.
    pub opportunities: Vec<Opportunity>,
}

impl Store {
    /// The opportunities that a run showed, new, changed or unchanged.
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

    /// What publishing a held run would do.
    pub async fn preview_run(&self, run: RunId) -> Result<Preview, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let mut preview = staged(&mut tx, run.uuid()).await?;
        preview.missing = missing(&mut tx, run).await?;
        tx.rollback().await.doing(WHAT)?;
        Ok(preview)
    }

    /// What publishing these pages would do. They are staged in a transaction that is rolled back, so that the answer is that of
    /// the real thing. `replaces_newer`: as for a replay of one run.
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
            stage(&mut tx, &origin, &once).await?;
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

/// One row a record: of several on a page, the first counts.
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

/// What a run that covers its streams does not show.
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

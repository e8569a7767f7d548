//! What a run did, and when.

use chrono::{DateTime, Utc};
use domain::RunId;
use serde::Serialize;
use uuid::Uuid;

use crate::{Decision, Event, Store, StoreError, error::Doing as _};

/// The moments of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Timeline {
    /// Who requested it.
    pub requested_by: String,
    /// The version of the source file that it used.
    pub spec_version: Option<String>,
    /// When the first answer of the partner came.
    pub first_answer: Option<DateTime<Utc>>,
    /// When the last one came.
    pub last_answer: Option<DateTime<Utc>>,
    /// What an operator decided.
    pub decision: Option<Decision>,
    /// Who decided.
    pub decided_by: Option<String>,
}

/// An opportunity that a run created, changed, closed or opened again.
#[derive(Debug, Clone, Serialize)]
pub struct RunChange {
    /// What happened: `created`, or a word of `ingest.changes.what`.
    pub what: String,
    /// Its id.
    pub id: Uuid,
    /// Its identifier at the source.
    pub external_id: String,
    /// Its title.
    pub title: String,
    /// The columns that changed.
    pub fields: Vec<String>,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "look at a run";

impl Store {
    /// Returns the moments of a run.
    pub async fn timeline(&self, run: RunId) -> Result<Timeline, StoreError> {
        sqlx::query_as!(
            Timeline,
            r#"SELECT r.requested_by, r.spec_version, r.decision AS "decision: Decision", r.decided_by,
                      (SELECT min(p.fetched_at) FROM ingest.pages p WHERE p.run = r.id AND p.requests > 0) AS first_answer,
                      (SELECT max(p.fetched_at) FROM ingest.pages p WHERE p.run = r.id AND p.requests > 0) AS last_answer
                 FROM ingest.runs r WHERE r.id = $1"#,
            run.uuid()
        )
        .fetch_one(&self.pool)
        .await
        .doing(WHAT)
    }

    /// Returns what a run did to opportunities, at most `limit` of each kind. A row that a later run changed again is not among
    /// those that it created.
    pub async fn changes_of(&self, run: RunId, limit: i64) -> Result<Vec<RunChange>, StoreError> {
        let created = sqlx::query_as!(
            RunChange,
            r#"SELECT 'created' AS "what!", id, external_id, title, '{}'::text[] AS "fields!" FROM ingest.opportunities
                WHERE changed_run = $1 AND first_run = $1 ORDER BY id LIMIT $2"#,
            run.uuid(),
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        let mut all = created;
        for what in [Event::Changed, Event::Reopened, Event::Closed] {
            let changed = sqlx::query_as!(
                RunChange,
                r#"SELECT c.what, o.id, o.external_id, o.title, ARRAY(SELECT jsonb_object_keys(c.fields) ORDER BY 1) AS "fields!"
                     FROM ingest.changes c JOIN ingest.opportunities o ON o.id = c.opportunity
                    WHERE c.run = $1 AND c.what = $3 ORDER BY c.id LIMIT $2"#,
                run.uuid(),
                limit,
                what.as_str()
            );
            all.extend(changed.fetch_all(&self.pool).await.doing(WHAT)?);
        }
        Ok(all)
    }
}

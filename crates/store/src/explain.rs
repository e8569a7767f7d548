//! The origin and the history of an opportunity.

use chrono::{DateTime, Utc};
use domain::{OpportunityId, SourceSlug};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Event, Store, StoreError, error::Doing as _};

/// A step in the life of an opportunity.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Step {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened.
    pub what: Event,
    /// The run that did it.
    pub run: Option<Uuid>,
    /// The page it was parsed from.
    pub page: Option<i64>,
    /// Each changed column with its old and its new value.
    pub fields: Value,
}

/// Another row that is the same opportunity.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Duplicate {
    /// The row.
    pub id: Uuid,
    /// Its source.
    pub source: String,
    /// Its identifier there.
    pub external_id: String,
    /// Its title.
    pub title: String,
    /// Whether it is the canonical row of the cluster.
    pub canonical: bool,
}

/// What the database knows about an opportunity.
#[derive(Debug, Serialize)]
pub struct OpportunityHistory {
    /// Its id.
    pub id: OpportunityId,
    /// The row, as a map from column names to values.
    pub row: Value,
    /// The page its content was parsed from.
    pub page: Option<i64>,
    /// The run that last changed it.
    pub run: Uuid,
    /// SHA-256 of the source file that was used then.
    pub spec_version: Option<String>,
    /// What happened to it, oldest first.
    pub steps: Vec<Step>,
    /// The other rows of its cluster.
    pub twins: Vec<Duplicate>,
    /// Whether the index holds its current content.
    pub indexed: bool,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "look up an opportunity";

impl Store {
    /// Finds an opportunity by its id, the address of its page, or `SOURCE/IDENTIFIER`.
    pub async fn find_opportunity(&self, words: &str) -> Result<OpportunityId, StoreError> {
        let named = words.split_once('/').and_then(|(source, external_id)| {
            Some(OpportunityId::of(&SourceSlug::new(source).ok()?, external_id).uuid())
        });
        let found = sqlx::query_scalar!(
            "SELECT id FROM ingest.opportunities WHERE id = $1 OR url = $2
              ORDER BY (status = 'open') DESC, updated_at DESC LIMIT 1",
            words.parse::<Uuid>().ok().or(named),
            words
        )
        .fetch_optional(&self.pool)
        .await
        .doing(WHAT)?;
        found.map(OpportunityId::from).ok_or_else(|| {
            StoreError::Missing(format!(
                "opportunity {words:?}: name an id, the address of its page, or SOURCE/IDENTIFIER"
            ))
        })
    }

    /// Returns everything the database knows about an opportunity.
    pub async fn life(&self, id: OpportunityId) -> Result<OpportunityHistory, StoreError> {
        let row = sqlx::query!(
            r#"SELECT to_jsonb(o) AS "row!", o.page, o.changed_run, r.spec_version AS "spec_version?",
                      EXISTS (SELECT FROM ingest.embeddings e WHERE e.opportunity = o.id AND e.fingerprint = o.fingerprint) AS "indexed!"
                 FROM ingest.opportunities o LEFT JOIN ingest.pages p ON p.id = o.page LEFT JOIN ingest.runs r ON r.id = p.run
                WHERE o.id = $1"#,
            id.uuid()
        )
        .fetch_one(&self.pool)
        .await
        .doing(WHAT)?;
        let steps = sqlx::query_as!(
            Step,
            r#"SELECT at, what AS "what: Event", run, page, fields FROM ingest.changes WHERE opportunity = $1 ORDER BY id"#,
            id.uuid()
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        let twins = sqlx::query_as!(
            Duplicate,
            "SELECT o.id, o.source, o.external_id, o.title, c.canonical
               FROM ingest.clusters mine JOIN ingest.clusters c ON c.cluster = mine.cluster JOIN ingest.opportunities o ON o.id = c.opportunity
              WHERE mine.opportunity = $1 AND c.opportunity <> $1 ORDER BY o.source, o.external_id",
            id.uuid()
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(OpportunityHistory {
            id,
            row: row.row,
            page: row.page,
            run: row.changed_run,
            spec_version: row.spec_version,
            steps,
            twins,
            indexed: row.indexed,
        })
    }
}

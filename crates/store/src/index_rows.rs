//! Opportunities as far as a vector index needs them, and their comparison with what it holds.

use chrono::NaiveDate;
use domain::{Kind, OpportunityId, places::Place};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Store, StoreError, TargetId,
    error::{Doing as _, stored_json},
    failpoint::{Step, step},
};

/// An opportunity, as far as the index needs it.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns of ingest.opportunities, documented in migrations/0005_api.sql")]
pub struct IndexRow {
    pub id: OpportunityId,
    pub source: String,
    pub stream: String,
    pub kind: Kind,
    pub title: String,
    pub url: Option<String>,
    pub organization: Option<String>,
    pub description: Option<String>,
    pub places: Vec<Place>,
    pub regions: Vec<String>,
    pub localities: Vec<String>,
    pub contracts: Vec<String>,
    pub closes_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub languages: Vec<String>,
    pub occupation: Option<String>,
    pub sector: Option<String>,
    pub audiences: Vec<String>,
    pub education: Option<String>,
    pub working_time: Vec<String>,
    pub remote: bool,
    pub amount_kind: Option<String>,
    pub amount_text: Option<String>,
    pub fees_text: Option<String>,
    pub fingerprint: Vec<u8>,
    pub cluster: OpportunityId,
    pub canonical: bool,
}

/// Makes an [`IndexRow`] of a row of any query that selects its columns.
macro_rules! index_row {
    ($row:ident) => {
        $crate::index_rows::IndexRow {
            id: $row.id.into(),
            source: $row.source,
            stream: $row.stream,
            kind: $crate::index_rows::stored_kind(&$row.kind)?,
            title: $row.title,
            url: $row.url,
            organization: $row.organization,
            description: $row.description,
            places: $crate::index_rows::places(&$row.places)?,
            regions: $row.regions,
            localities: $row.localities,
            contracts: $row.contracts,
            closes_on: $row.closes_on,
            ends_on: $row.ends_on,
            languages: $row.languages,
            occupation: $row.occupation,
            sector: $row.sector,
            audiences: $row.audiences,
            education: $row.education,
            working_time: $row.working_time,
            remote: $row.remote,
            amount_kind: $row.amount_kind,
            amount_text: $row.amount_text,
            fees_text: $row.fees_text,
            fingerprint: $row.fingerprint,
            cluster: $row.cluster.into(),
            canonical: $row.canonical,
        }
    };
}
pub(crate) use index_row;

/// An opportunity beside what the database knows of its point in a target.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Compared {
    /// The row.
    pub row: IndexRow,
    /// Whether it is open.
    pub open: bool,
    /// Whether the outbox has a request for it: it is about to change.
    pub is_pending: bool,
    /// Whether the ledger has its present content.
    pub is_current: bool,
    /// The number and the seal of the write that the ledger knows.
    pub written: Option<(i64, Value)>,
}

impl Store {
    /// Returns those of these opportunities that the database has, beside the ledger of a target.
    pub async fn compared(
        &self,
        target: TargetId,
        ids: &[OpportunityId],
    ) -> Result<Vec<Compared>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"SELECT o.id, o.source, o.stream, o.kind, o.title, o.url, o.organization, o.description,
                      o.places, o.regions, o.localities, o.contracts, o.closes_on, o.ends_on, o.languages, o.occupation,
                      o.sector, o.audiences, o.education, o.working_time, o.remote, o.amount_kind, o.amount_text, o.fees_text, o.fingerprint,
                      c.cluster AS "cluster!", c.canonical AS "canonical!",
                      o.status = 'open' AS "open!",
                      EXISTS (SELECT FROM ingest.outbox b WHERE b.target = $1 AND b.opportunity = o.id) AS "pending!",
                      ((e.fingerprint, e.cluster, e.canonical) = (o.fingerprint, c.cluster, c.canonical)) IS TRUE AS "current!",
                      e.version AS "version?", e.seal AS "seal?"
                 FROM ingest.opportunities o CROSS JOIN LATERAL (
                      SELECT coalesce((SELECT cluster FROM ingest.clusters WHERE opportunity = o.id), o.id) AS cluster,
                             coalesce((SELECT canonical FROM ingest.clusters WHERE opportunity = o.id), true) AS canonical) c
                 LEFT JOIN ingest.embeddings e ON e.target = $1 AND e.opportunity = o.id
                WHERE o.id = ANY ($2)"#,
            target.0,
            &ids
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        rows.into_iter()
            .map(|row| {
                Ok(Compared {
                    open: row.open,
                    is_pending: row.pending,
                    is_current: row.current,
                    written: row.version.zip(row.seal),
                    row: index_row!(row),
                })
            })
            .collect()
    }

    /// Returns up to `limit` open opportunities after `after`, in the order of their ids, that should have a point by now: those that
    /// are not requested.
    pub async fn settled_after(
        &self,
        target: TargetId,
        after: Option<OpportunityId>,
        limit: i64,
    ) -> Result<Vec<OpportunityId>, StoreError> {
        let ids = sqlx::query_scalar!(
            "SELECT id FROM ingest.opportunities o
              WHERE status = 'open' AND ($2::uuid IS NULL OR id > $2)
                AND NOT EXISTS (SELECT FROM ingest.outbox b WHERE b.target = $1 AND b.opportunity = o.id)
              ORDER BY id LIMIT $3",
            target.0,
            after.map(OpportunityId::uuid),
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(ids.into_iter().map(OpportunityId::from).collect())
    }

    /// Returns the highest number that was given to a write or a request.
    pub async fn newest_write(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar!(r#"SELECT last_value AS "last!" FROM ingest.outbox_version"#)
            .fetch_one(&self.pool)
            .await
            .doing(WHAT)
    }

    /// Makes all further writes greater than `seen`, the number of a write that an index holds. A database that was restored from a
    /// backup counts again from an earlier number, and an index keeps the point of the greater one.
    pub async fn raise_writes(&self, seen: i64) -> Result<(), StoreError> {
        // Far above: numbers drawn meanwhile are still below.
        sqlx::query!(
            "SELECT setval('ingest.outbox_version', $1::bigint + 100000) FROM ingest.outbox_version WHERE last_value <= $1",
            seen
        )
        .fetch_optional(&self.pool)
        .await
        .map(drop)
        .doing("count on from what the index holds")
    }

    /// Requests the points of these opportunities again, whatever the ledger says of them.
    pub async fn request_points(&self, target: TargetId, ids: &[OpportunityId]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let request = sqlx::query!(
            "WITH unlisted AS (DELETE FROM ingest.embeddings WHERE target = $1 AND opportunity = ANY ($2)),
                  tried AS (DELETE FROM ingest.set_aside WHERE target = $1 AND opportunity = ANY ($2))
             INSERT INTO ingest.outbox (target, opportunity) SELECT $1, o.id FROM ingest.opportunities o WHERE o.id = ANY ($2)
             ON CONFLICT (target, opportunity) DO UPDATE SET version = excluded.version, claim = NULL",
            target.0,
            &ids
        );
        step(Step::RequestPoints, request.execute(&self.pool)).await.doing(REQUEST)?;
        // If this process dies before, the reaper finds the requests.
        sqlx::query!("SELECT ingest.request_embedding()").fetch_one(&self.pool).await.map(drop).doing(REQUEST)
    }
}

/// The actions that failed, for the errors of this file.
const WHAT: &str = "compare the index with the opportunities";
const REQUEST: &str = "request points again";

/// Parses the places of a row.
pub(crate) fn places(value: &Value) -> Result<Vec<Place>, StoreError> {
    stored_json("ingest.opportunities.places", value)
}

/// Parses the kind of a row.
pub(crate) fn stored_kind(word: &str) -> Result<Kind, StoreError> {
    word.parse().map_err(|_| StoreError::stored("ingest.opportunities.kind", &format_args!("{word:?}")))
}

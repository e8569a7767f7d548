//! The outbox: requests to bring points of the vector index up to date.

use std::collections::HashSet;

use chrono::NaiveDate;
use domain::{Kind, OpportunityId, places::Place};
use queue::Lease;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    error::{Doing as _, stored_json},
    failpoint::{Step, commit},
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
    pub fingerprint: Vec<u8>,
}

/// A claimed request to update a point.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The version of the request. A newer version stays in the outbox when this one is finished.
    pub version: i64,
    /// The run that caused it.
    pub run: Option<Uuid>,
    /// Whether the opportunity is open; the point of a closed one is removed.
    pub open: bool,
    /// Whether the index already holds this content, embedded by this model.
    pub indexed: bool,
    /// The row.
    pub row: IndexRow,
}

impl Store {
    /// Claims up to `limit` requests for the embed job of `lease`. The claim ends when no job holds that lease any
    /// more, so the claims of a dead worker are freed with its job. Requests that failed before come last.
    pub async fn claim_outbox(
        &self,
        lease: Lease,
        model: &str,
        limit: i64,
    ) -> Result<Vec<Claimed>, StoreError> {
        let rows = sqlx::query!(
            r#"WITH taken AS (
                 UPDATE ingest.outbox SET claim = $3
                  WHERE opportunity IN (
                        SELECT opportunity FROM ingest.outbox box
                         WHERE claim IS NULL OR NOT EXISTS (SELECT FROM queue.jobs WHERE lease = box.claim)
                         ORDER BY attempts, version LIMIT $2 FOR UPDATE SKIP LOCKED)
                 RETURNING opportunity, version, run)
               SELECT t.version, t.run, o.id, o.source, o.stream, o.kind, o.title, o.url, o.organization, o.description,
                      o.places, o.regions, o.localities, o.contracts, o.closes_on, o.ends_on, o.languages, o.fingerprint,
                      o.status = 'open' AS "open!",
                      (e.model = $1 AND e.fingerprint = o.fingerprint) IS TRUE AS "indexed!"
                 FROM taken t JOIN ingest.opportunities o ON o.id = t.opportunity
                 LEFT JOIN ingest.embeddings e ON e.opportunity = o.id
                ORDER BY t.version"#,
            model,
            limit,
            lease.token()
        )
        .fetch_all(&self.pool)
        .await
        .doing("claim embed work")?;
        rows.into_iter()
            .map(|row| {
                Ok(Claimed {
                    version: row.version,
                    run: row.run,
                    open: row.open,
                    indexed: row.indexed,
                    row: IndexRow {
                        id: row.id.into(),
                        source: row.source,
                        stream: row.stream,
                        kind: stored_kind(&row.kind)?,
                        title: row.title,
                        url: row.url,
                        organization: row.organization,
                        description: row.description,
                        places: places(&row.places)?,
                        regions: row.regions,
                        localities: row.localities,
                        contracts: row.contracts,
                        closes_on: row.closes_on,
                        ends_on: row.ends_on,
                        languages: row.languages,
                        fingerprint: row.fingerprint,
                    },
                })
            })
            .collect()
    }

    /// Removes requests that the index has carried out, and updates the ledger. Newer requests for the same points
    /// stay.
    pub async fn finish_outbox(&self, model: &str, done: &[Claimed]) -> Result<(), StoreError> {
        let what = "finish embed work";
        let mut tx = self.pool.begin().await.doing(what)?;
        let ids: Vec<Uuid> = done.iter().map(|claimed| claimed.row.id.uuid()).collect();
        let versions: Vec<i64> = done.iter().map(|claimed| claimed.version).collect();
        let open: Vec<bool> = done.iter().map(|claimed| claimed.open).collect();
        let prints: Vec<Vec<u8>> = done.iter().map(|claimed| claimed.row.fingerprint.clone()).collect();
        sqlx::query!(
            "INSERT INTO ingest.embeddings (opportunity, model, fingerprint)
             SELECT u.id, $1, u.print FROM unnest($2::uuid[], $3::bytea[], $4::boolean[]) u(id, print, open) WHERE u.open
             ON CONFLICT (opportunity) DO UPDATE SET model = excluded.model, fingerprint = excluded.fingerprint,
                    embedded_at = now()",
            model,
            &ids,
            &prints,
            &open
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        sqlx::query!(
            "DELETE FROM ingest.embeddings e USING unnest($1::uuid[], $2::boolean[]) u(id, open)
              WHERE e.opportunity = u.id AND NOT u.open",
            &ids,
            &open
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        sqlx::query!(
            "DELETE FROM ingest.outbox b USING unnest($1::uuid[], $2::bigint[]) u(id, version)
              WHERE b.opportunity = u.id AND b.version = u.version",
            &ids,
            &versions
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        let runs: Vec<Uuid> = done.iter().filter(|c| c.open && !c.indexed).filter_map(|c| c.run).collect();
        sqlx::query!(
            "UPDATE ingest.runs r SET embedded = embedded + n.count
               FROM (SELECT id, count(*)::integer AS count FROM unnest($1::uuid[]) id GROUP BY id) n WHERE r.id = n.id",
            &runs
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        commit(tx, Step::WriteLedger, what).await
    }

    /// Releases claimed requests after a failure.
    pub async fn release_outbox(&self, claimed: &[Claimed]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = claimed.iter().map(|claimed| claimed.row.id.uuid()).collect();
        sqlx::query!(
            "UPDATE ingest.outbox SET claim = NULL, attempts = least(1000, attempts + 1) WHERE opportunity = ANY ($1)",
            &ids
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("give embed work back")
    }

    /// Ends the embed job, and enqueues another one if requests are left or still claimed.
    pub async fn end_embedding(&self, lease: Lease) -> Result<(), StoreError> {
        let what = "end embed work";
        let mut tx = self.pool.begin().await.doing(what)?;
        lease.settle(&mut tx).await?;
        sqlx::query!(
            "SELECT queue.enqueue('embed_opportunities', 'embed', '{}', 'embed_opportunities',
                    delay => CASE WHEN bool_or(claim IS NULL AND attempts = 0) THEN interval '0' ELSE interval '15 s' END)
               FROM ingest.outbox HAVING count(*) > 0"
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        commit(tx, Step::EndEmbedding, what).await
    }

    /// Returns how many open requests a run caused.
    pub async fn outbox_of(&self, run: domain::RunId) -> Result<i64, StoreError> {
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM ingest.outbox WHERE run = $1"#, run.uuid())
            .fetch_one(&self.pool)
            .await
            .doing("count embed work")
    }

    /// Returns which of these opportunities are open.
    pub async fn open_among(&self, ids: &[OpportunityId]) -> Result<HashSet<OpportunityId>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let open = sqlx::query_scalar!(
            "SELECT id FROM ingest.opportunities WHERE id = ANY ($1) AND status = 'open'",
            &ids
        )
        .fetch_all(&self.pool)
        .await
        .doing("look up what the index found")?;
        Ok(open.into_iter().map(OpportunityId::from).collect())
    }

    /// Returns which of the points in an index belong to no opportunity of this database.
    pub async fn unknown_points(&self, held: &[OpportunityId]) -> Result<Vec<OpportunityId>, StoreError> {
        let held: Vec<Uuid> = held.iter().map(|id| id.uuid()).collect();
        let unknown = sqlx::query_scalar!(
            r#"SELECT h.id AS "id!" FROM unnest($1::uuid[]) h(id) EXCEPT SELECT id FROM ingest.opportunities"#,
            &held
        )
        .fetch_all(&self.pool)
        .await
        .doing("compare the index with the opportunities")?;
        Ok(unknown.into_iter().map(OpportunityId::from).collect())
    }

    /// Aligns outbox and ledger with an index that holds the points `held`. Open opportunities that the index lacks or
    /// holds with another model are requested, and closed ones that it holds are requested for removal. Returns how
    /// many.
    pub async fn reconcile(&self, model: &str, held: &[OpportunityId]) -> Result<u64, StoreError> {
        let what = "compare the index with the opportunities";
        let held: Vec<Uuid> = held.iter().map(|id| id.uuid()).collect();
        let mut tx = self.pool.begin().await.doing(what)?;
        sqlx::query!(
            "DELETE FROM ingest.embeddings e WHERE model <> $1 OR NOT EXISTS (SELECT FROM unnest($2::uuid[]) h WHERE h = e.opportunity)",
            model,
            &held
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        let asked = sqlx::query!(
            "INSERT INTO ingest.outbox (opportunity)
             SELECT o.id FROM ingest.opportunities o LEFT JOIN ingest.embeddings e ON e.opportunity = o.id
              WHERE (o.status = 'open' AND e.fingerprint IS DISTINCT FROM o.fingerprint)
                 OR (o.status = 'closed' AND o.id = ANY ($1))
             ON CONFLICT DO NOTHING",
            &held
        )
        .execute(&mut *tx)
        .await
        .doing(what)?
        .rows_affected();
        if asked > 0 {
            sqlx::query!("SELECT queue.enqueue('embed_opportunities', 'embed', '{}', 'embed_opportunities')")
                .execute(&mut *tx)
                .await
                .doing(what)?;
        }
        commit(tx, Step::Reconcile, what).await?;
        Ok(asked)
    }
}

/// Parses the places of a row.
pub(crate) fn places(value: &Value) -> Result<Vec<Place>, StoreError> {
    stored_json("ingest.opportunities.places", value)
}

/// Parses the kind of a row.
pub(crate) fn stored_kind(word: &str) -> Result<Kind, StoreError> {
    word.parse().map_err(|_| StoreError::stored("ingest.opportunities.kind", &format_args!("{word:?}")))
}

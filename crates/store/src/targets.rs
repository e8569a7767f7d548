//! The vector indexes that are kept in step: each is a target, with an outbox and a ledger of its own.

use chrono::{DateTime, Utc};
use domain::OpportunityId;
use queue::storable;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// The number of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetId(pub i32);

impl TargetId {
    /// Returns the subject of its lanes: what a worker must know to run its jobs.
    pub fn subject(self) -> String {
        format!("target:{}", self.0)
    }

    /// Returns its lanes.
    pub fn lanes(self) -> [String; 2] {
        [format!("embed:{}", self.0), format!("verify:{}", self.0)]
    }
}

/// An index, as a worker registers it.
#[derive(Debug, Clone)]
pub struct Target {
    /// What tells it from every other one: the collection, or the identity of the folder.
    pub name: String,
    /// What it is, for people.
    pub place: String,
    /// What makes its vectors comparable: name, digest and prefixes of the model.
    pub model: String,
    /// The length of its vectors.
    pub dimensions: usize,
    /// What searches go to: one of its targets is served.
    pub collection: String,
    /// The name of the model, as it is configured.
    pub model_name: String,
    /// What the embedder calls the files of the model.
    pub digest: Option<String>,
    /// The name under which it was registered while its embedder did not answer.
    pub before: Option<String>,
}

/// How a target stands.
#[derive(Debug, Clone, Serialize)]
#[allow(
    missing_docs,
    reason = "the columns of ingest.targets, documented in migrations/0003_opportunities.sql"
)]
pub struct TargetState {
    pub target: TargetId,
    pub name: Option<String>,
    pub place: Option<String>,
    pub model: Option<String>,
    /// Whether a worker keeps it in step, or was the last to.
    pub is_shown: bool,
    pub collection: Option<String>,
    pub model_name: Option<String>,
    pub digest: Option<String>,
    pub dimensions: Option<i32>,
    pub kept: bool,
    /// Whether searches go to it.
    pub is_served: bool,
    /// Points according to the ledger.
    pub indexed: i64,
    /// Points that are out of date.
    pub outbox: i64,
    /// Age of the oldest change that is not indexed, in seconds.
    pub oldest_seconds: Option<f64>,
    /// Texts that the embedder refuses.
    pub set_aside: i64,
    pub failures: i32,
    pub failing_since: Option<DateTime<Utc>>,
    pub failure: Option<String>,
    pub retry_at: Option<DateTime<Utc>>,
    /// End of the last verification that did not fail.
    pub verified_at: Option<DateTime<Utc>>,
    /// What it found.
    pub report: Option<Value>,
}

/// A text that is set aside.
#[derive(Debug, Clone, Serialize)]
#[allow(
    missing_docs,
    reason = "the columns of ingest.set_aside, documented in migrations/0003_opportunities.sql"
)]
pub struct SetAside {
    pub opportunity: OpportunityId,
    pub source: String,
    pub title: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// The result of a verification.
#[derive(Debug, Clone)]
pub enum Verified {
    /// It has not ended.
    Waiting,
    /// What it found.
    Report(Value),
    /// It could not be done, for this reason.
    Failed(String),
}

/// The actions that failed, for the errors of this file.
const REGISTER: &str = "register the vector index";
const VERIFY: &str = "verify the vector index";
const STATE: &str = "look at the vector indexes";

impl Store {
    /// Registers an index, and returns its number. One that is known keeps its outbox and its ledger. The first one ever gets the
    /// changes that have waited for it. For a further one every change from now on is noted; what was there before is missing in it,
    /// which a comparison finds.
    pub async fn register_target(&self, target: &Target) -> Result<TargetId, StoreError> {
        let dimensions = i32::try_from(target.dimensions).unwrap_or(i32::MAX);
        let mut tx = self.pool.begin().await.doing(REGISTER)?;
        // One at a time: of two that register the same index, the second finds it.
        sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('ingest.targets'))")
            .execute(&mut *tx)
            .await
            .doing(REGISTER)?;
        let known = sqlx::query_scalar!(
            "UPDATE ingest.targets SET name = $1, place = $2, model = $3, dimensions = $4, collection = $5, model_name = $6, digest = $7, seen_at = now()
              WHERE id = (SELECT id FROM ingest.targets WHERE name = $1 OR name = $8 OR name IS NULL
                           ORDER BY name = $1 DESC NULLS LAST, name NULLS LAST LIMIT 1) RETURNING id",
            target.name,
            target.place,
            target.model,
            dimensions,
            target.collection,
            target.model_name,
            target.digest,
            target.before
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(REGISTER)?;
        let id = if let Some(id) = known {
            id
        } else {
            // Waits for those who write opportunities now and do not see the new target yet.
            sqlx::query!("LOCK TABLE ingest.opportunities IN SHARE MODE")
                .execute(&mut *tx)
                .await
                .doing(REGISTER)?;
            sqlx::query_scalar!(
                    "WITH new AS (
                       INSERT INTO ingest.targets (id, name, place, model, dimensions, collection, model_name, digest, seen_at)
                       SELECT greatest(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, now() FROM ingest.targets RETURNING id),
                     lanes AS (
                       INSERT INTO queue.lanes (lane, max_running, subject)
                       SELECT kind || new.id, 1, 'target:' || new.id FROM new, unnest(ARRAY['embed:', 'verify:']) kind ON CONFLICT DO NOTHING)
                     SELECT id FROM new",
                    target.name,
                    target.place,
                    target.model,
                    dimensions,
                    target.collection,
                    target.model_name,
                    target.digest
                )
                .fetch_one(&mut *tx)
                .await
                .doing(REGISTER)?
        };
        commit(tx, Step::RegisterTarget, REGISTER).await?;
        Ok(TargetId(id))
    }

    /// Notes that a worker keeps a target in step.
    pub async fn see_target(&self, target: TargetId) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE ingest.targets SET seen_at = now() WHERE id = $1 AND seen_at < now() - interval '15 s'",
            target.0
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing(REGISTER)
    }

    /// Forgets the targets that no worker has kept for `days`, with their ledgers. Returns their names.
    pub async fn forget_targets(&self, days: i32) -> Result<Vec<String>, StoreError> {
        self.forget(Some(days), None, None).await
    }

    /// Forgets the targets whose embedder never answered, unless it is that of `model` or a worker asks it still: nothing is in them.
    /// Their names begin with `names`, and that of the model follows. Returns their names.
    pub async fn forget_unknown(&self, names: &str, model: &str) -> Result<Vec<String>, StoreError> {
        self.forget(None, Some(names), Some(&format!("{names}{model}"))).await
    }

    async fn forget(
        &self,
        days: Option<i32>,
        names: Option<&str>,
        but: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar!(
            r#"WITH old AS (
                 DELETE FROM ingest.targets t
                  WHERE (name IS NOT NULL AND seen_at < now() - make_interval(days => $1)
                         OR starts_with(name, $2) AND name <> $3 AND seen_at < now() - interval '1 minute')
                    AND NOT EXISTS (SELECT FROM ingest.served s WHERE s.target = t.id) RETURNING id, name),
               requests AS (DELETE FROM ingest.outbox WHERE target IN (SELECT id FROM old)),
               ledger AS (DELETE FROM ingest.embeddings WHERE target IN (SELECT id FROM old)),
               jobs AS (DELETE FROM queue.jobs WHERE lane IN (SELECT kind || id FROM old, unnest(ARRAY['embed:', 'verify:']) kind)),
               lanes AS (DELETE FROM queue.lanes WHERE lane IN (SELECT kind || id FROM old, unnest(ARRAY['embed:', 'verify:']) kind))
               SELECT name AS "name!" FROM old"#,
            days,
            names,
            but
        )
        .fetch_all(&self.pool)
        .await
        .doing("forget unused vector indexes")
    }

    /// Notes that an index cannot be opened, or that it can again.
    pub async fn note_index(&self, target: TargetId, failure: Option<&str>) -> Result<(), StoreError> {
        let failure = failure.map(storable);
        sqlx::query!(
            "UPDATE ingest.targets
                SET failures = CASE WHEN $2::text IS NULL THEN 0 ELSE failures + 1 END, failure = left($2::text, 2000),
                    failing_since = CASE WHEN $2::text IS NOT NULL THEN coalesce(failing_since, now()) END, retry_at = NULL
              WHERE id = $1 AND (failures > 0 OR $2::text IS NOT NULL)",
            target.0,
            failure.as_deref()
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing(REGISTER)
    }

    /// Returns all targets, those that are kept in step first.
    pub async fn targets(&self) -> Result<Vec<TargetState>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT t.id, t.name, t.place, t.model, ingest.is_shown(t) AS "is_shown!", t.collection, t.model_name, t.digest, t.dimensions, t.kept,
                      EXISTS (SELECT FROM ingest.served s WHERE s.target = t.id) AS "is_served!",
                      (SELECT count(*) FROM ingest.embeddings e WHERE e.target = t.id) AS "indexed!",
                      b.count AS "outbox!", extract(epoch FROM now() - b.oldest)::float8 AS oldest_seconds,
                      (SELECT count(*) FROM ingest.set_aside s WHERE s.target = t.id) AS "set_aside!",
                      t.failures, t.failing_since, t.failure, t.retry_at, v.finished_at AS "verified_at?", v.report AS "report?"
                 FROM ingest.targets t
                CROSS JOIN LATERAL (SELECT count(*), min(at) AS oldest FROM ingest.outbox WHERE target = t.id) b
                 LEFT JOIN LATERAL (SELECT finished_at, report FROM ingest.verifications
                                     WHERE target = t.id AND finished_at IS NOT NULL AND report IS NOT NULL
                                     ORDER BY finished_at DESC LIMIT 1) v ON true
                ORDER BY ingest.is_shown(t) DESC, t.seen_at DESC NULLS LAST, t.id"#
        )
        .fetch_all(&self.pool)
        .await
        .doing(STATE)?;
        Ok(rows
            .into_iter()
            .map(|row| TargetState {
                target: TargetId(row.id),
                name: row.name,
                place: row.place,
                model: row.model,
                is_shown: row.is_shown,
                collection: row.collection,
                model_name: row.model_name,
                digest: row.digest,
                dimensions: row.dimensions,
                kept: row.kept,
                is_served: row.is_served,
                indexed: row.indexed,
                outbox: row.outbox,
                oldest_seconds: row.oldest_seconds,
                set_aside: row.set_aside,
                failures: row.failures,
                failing_since: row.failing_since,
                failure: row.failure,
                retry_at: row.retry_at,
                verified_at: row.verified_at,
                report: row.report,
            })
            .collect())
    }

    /// Returns the texts that a target has set aside, newest first.
    pub async fn set_aside(&self, target: TargetId, limit: i64) -> Result<Vec<SetAside>, StoreError> {
        sqlx::query_as!(
            SetAside,
            "SELECT s.opportunity, o.source, o.title, s.reason, s.at
               FROM ingest.set_aside s JOIN ingest.opportunities o ON o.id = s.opportunity
              WHERE s.target = $1 ORDER BY s.at DESC, s.opportunity LIMIT $2",
            target.0,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(STATE)
    }

    /// Requests all texts that a target has set aside again, and lets a target that fails be tried at once.
    pub async fn retry_now(&self, target: TargetId) -> Result<(), StoreError> {
        sqlx::query!(
            "WITH tried AS (DELETE FROM ingest.set_aside WHERE target = $1 RETURNING opportunity),
                  unlisted AS (DELETE FROM ingest.embeddings WHERE target = $1 AND opportunity IN (SELECT opportunity FROM tried)),
                  probe AS (UPDATE ingest.targets SET retry_at = NULL WHERE id = $1),
                  jobs AS (UPDATE queue.jobs SET run_at = now() WHERE lane = 'embed:' || $1::integer AND state = 'ready')
             INSERT INTO ingest.outbox (target, opportunity) SELECT $1, opportunity FROM tried
             ON CONFLICT (target, opportunity) DO UPDATE SET version = excluded.version, claim = NULL",
            target.0
        )
        .execute(&self.pool)
        .await
        .doing(VERIFY)?;
        // If this process dies before, the reaper finds the requests.
        sqlx::query!("SELECT ingest.request_embedding()").fetch_one(&self.pool).await.map(drop).doing(VERIFY)
    }

    /// Requests a verification by the worker that keeps the target. Returns the number of the request.
    pub async fn request_verification(&self, target: TargetId, repairs: bool) -> Result<Uuid, StoreError> {
        sqlx::query_scalar!(
            r#"WITH new AS (INSERT INTO ingest.verifications (target, repairs) VALUES ($1, $2) RETURNING id)
               SELECT new.id AS "id!" FROM new, LATERAL (
                      SELECT queue.enqueue('verify_index', 'verify:' || $1, jsonb_build_object('target', $1, 'verification', new.id),
                                           'verify_index:' || new.id)) q"#,
            target.0,
            repairs
        )
        .fetch_one(&self.pool)
        .await
        .doing(VERIFY)
    }

    /// Returns whether a requested verification repairs.
    pub async fn verification_repairs(&self, id: Uuid) -> Result<bool, StoreError> {
        sqlx::query_scalar!("SELECT repairs FROM ingest.verifications WHERE id = $1", id)
            .fetch_one(&self.pool)
            .await
            .doing(VERIFY)
    }

    /// Writes what a verification found, or why it could not be done.
    pub async fn end_verification(&self, id: Uuid, result: Result<&Value, &str>) -> Result<(), StoreError> {
        let error = result.err().map(storable);
        sqlx::query!(
            "UPDATE ingest.verifications SET finished_at = now(), report = $2, error = $3 WHERE id = $1",
            id,
            result.ok(),
            error.as_deref()
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing(VERIFY)
    }

    /// Keeps the result of a verification that a command made itself.
    pub async fn keep_verification(
        &self,
        target: TargetId,
        repairs: bool,
        report: &Value,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO ingest.verifications (target, repairs, finished_at, report) VALUES ($1, $2, now(), $3)",
            target.0,
            repairs,
            report
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing(VERIFY)
    }

    /// Returns what became of a requested verification.
    pub async fn verified(&self, id: Uuid) -> Result<Verified, StoreError> {
        let row = sqlx::query!("SELECT report, error FROM ingest.verifications WHERE id = $1", id)
            .fetch_one(&self.pool)
            .await
            .doing(VERIFY)?;
        Ok(match (row.report, row.error) {
            (Some(report), _) => Verified::Report(report),
            (None, Some(error)) => Verified::Failed(error),
            (None, None) => Verified::Waiting,
        })
    }

    /// Requests the nightly verification of all targets that are kept in step, unless another worker has for this tick, and removes the
    /// results of earlier months. Returns whether this worker did.
    pub async fn fire_verification(&self, entry: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let fired = sqlx::query_scalar!(
            r#"WITH moved AS (UPDATE ingest.ticks SET last = $2 WHERE entry = $1 AND last < $2 RETURNING entry),
                    old AS (DELETE FROM ingest.verifications WHERE requested_at < now() - interval '60 days' AND EXISTS (SELECT FROM moved)),
                    new AS (
                      INSERT INTO ingest.verifications (target, repairs)
                      SELECT t.id, true FROM ingest.targets t, moved WHERE t.name IS NOT NULL AND ingest.is_shown(t) RETURNING id, target),
                    jobs AS (
                      SELECT queue.enqueue('verify_index', 'verify:' || target, jsonb_build_object('target', target, 'verification', id),
                                           'verify_index:' || id) FROM new)
               SELECT (SELECT count(*) FROM moved) + 0 * (SELECT count(*) FROM jobs) AS "fired!""#,
            entry,
            at
        )
        .fetch_one(&self.pool)
        .await
        .doing("enter the nightly verification")?;
        Ok(fired > 0)
    }
}

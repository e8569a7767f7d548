//! The outbox: requests to bring the points of an index up to date, and the ledger of what it holds.

use std::time::Duration;

use queue::{Lease, QueueError, storable};
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    IndexRow, Store, StoreError, TargetId,
    error::Doing as _,
    failpoint::{Step, commit},
    index_rows::index_row,
};

/// A claimed request to update a point.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The version of the request. A newer version stays in the outbox when this one is finished.
    pub version: i64,
    /// The number of the write, the same for all of a claim: greater than that of any claim before.
    pub write: i64,
    /// The run that caused it.
    pub run: Option<Uuid>,
    /// Whether the opportunity is open; the point of a closed one is removed.
    pub open: bool,
    /// Whether the index already holds this content.
    pub indexed: bool,
    /// The row.
    pub row: IndexRow,
}

/// What became of a claimed request.
#[derive(Debug, Clone)]
pub enum Became {
    /// The point is in the index, with this seal.
    Point(Value),
    /// There is nothing to write: the index holds this content.
    Unchanged,
    /// The point is removed, because the opportunity is closed.
    Withdrawn,
    /// The embedder refuses the text, for this reason. The point, of this seal, has no vector: words and categories find it.
    SetAside(String, Value),
}

/// The action that failed, for the errors of a claim.
const CLAIMING: &str = "claim embed work";

impl Store {
    /// Claims up to `limit` requests of a target for the embed job of `lease`, but for opportunities that the job works on already
    /// (`busy`): of two writes of one point, the first has to end before the second is prepared. The claim ends when no job holds that lease any
    /// more, so the claims of a dead worker are freed with its job.
    pub async fn claim_outbox(
        &self,
        lease: Lease,
        target: TargetId,
        limit: i64,
        busy: &[Uuid],
    ) -> Result<Vec<Claimed>, StoreError> {
        let mut tx = self.pool.begin().await.doing(CLAIMING)?;
        // The walk along `outbox_next`, as far as it is wanted, and a look at each of these rows. Right after a million requests came,
        // PostgreSQL knows of few, and reads and sorts all of them for each batch.
        let walk = "SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)";
        sqlx::query(walk).execute(&mut *tx).await.doing(CLAIMING)?;
        // The number of the write is drawn after the rows are claimed. Whoever claims one of them later gets a greater one.
        let rows = sqlx::query!(
            r#"WITH taken AS (
                 UPDATE ingest.outbox b SET claim = $3
                  WHERE target = $1 AND opportunity = ANY (ARRAY(
                        SELECT opportunity FROM ingest.outbox box
                         WHERE target = $1 AND opportunity <> ALL ($4)
                           AND (claim IS NULL OR NOT EXISTS (SELECT FROM queue.jobs WHERE state = 'running' AND lease = box.claim))
                         ORDER BY version LIMIT $2 FOR UPDATE SKIP LOCKED))
                 RETURNING opportunity, version, run),
               write AS MATERIALIZED (
                 SELECT nextval('ingest.outbox_version') AS number FROM (SELECT count(*) FROM taken) c)
               SELECT t.version, w.number AS "write!", t.run, o.id, o.source, o.stream, o.kind, o.title, o.url, o.organization, o.description,
                      o.places, o.regions, o.localities, o.contracts, o.closes_on, o.ends_on, o.languages, o.occupation,
                      o.sector, o.audiences, o.education, o.working_time, o.remote, o.amount_kind, o.amount_text, o.fees_text, o.fingerprint,
                      c.cluster AS "cluster!", c.canonical AS "canonical!",
                      o.status = 'open' AS "open!",
                      ((e.fingerprint, e.cluster, e.canonical) = (o.fingerprint, c.cluster, c.canonical)) IS TRUE AS "indexed!"
                 FROM taken t CROSS JOIN write w JOIN ingest.opportunities o ON o.id = t.opportunity
                 CROSS JOIN LATERAL (
                      SELECT coalesce((SELECT cluster FROM ingest.clusters WHERE opportunity = o.id), o.id) AS cluster,
                             coalesce((SELECT canonical FROM ingest.clusters WHERE opportunity = o.id), true) AS canonical) c
                 LEFT JOIN ingest.embeddings e ON e.target = $1 AND e.opportunity = o.id
                ORDER BY t.version"#,
            target.0,
            limit,
            lease.token(),
            busy
        )
        .fetch_all(&mut *tx)
        .await
        .doing(CLAIMING)?;
        tx.commit().await.doing(CLAIMING)?;
        rows.into_iter()
            .map(|row| {
                Ok(Claimed {
                    version: row.version,
                    write: row.write,
                    run: row.run,
                    open: row.open,
                    indexed: row.indexed,
                    row: index_row!(row),
                })
            })
            .collect()
    }

    /// Returns whether the job is still ours. Between this and a write to an index lies the time of one request; a write that comes
    /// later than that is undone by its number.
    pub async fn holds(&self, lease: Lease) -> Result<bool, StoreError> {
        sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM queue.jobs j JOIN queue.leases l USING (worker)
                               WHERE j.id = $1 AND j.lease = $2 AND l.until > now()) AS "holds!""#,
            lease.job(),
            lease.token()
        )
        .fetch_one(&self.pool)
        .await
        .doing("look whether the lease stands")
    }

    /// Removes requests that the index has carried out, and updates the ledger. Newer requests for the same points
    /// stay. Fails with a fenced error, and changes nothing, if another worker has the job.
    pub async fn finish_outbox(
        &self,
        lease: Lease,
        target: TargetId,
        done: &[(Claimed, Became)],
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(FINISH)?;
        lease.check(&mut tx).await?;
        let effects = Effects::of(done);
        effects.write_ledger(&mut tx, target).await?;
        effects.set_aside(&mut tx, target).await?;
        effects.remove_requests(&mut tx, target).await?;
        commit(tx, Step::WriteLedger, FINISH).await
    }

    /// Ends the embed job, and enqueues another one if requests are left or still claimed.
    pub async fn end_embedding(&self, lease: Lease, target: TargetId) -> Result<(), StoreError> {
        let what = "end embed work";
        let mut tx = self.pool.begin().await.doing(what)?;
        lease.settle(&mut tx).await?;
        sqlx::query!(
            "SELECT queue.enqueue('embed_opportunities', 'embed:' || target, jsonb_build_object('target', target), 'embed_opportunities:' || target,
                    delay => CASE WHEN bool_or(claim IS NULL) THEN interval '0' ELSE interval '15 s' END)
               FROM ingest.outbox WHERE target = $1 GROUP BY target",
            target.0
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        commit(tx, Step::EndEmbedding, what).await
    }

    /// Ends the embed job because the embedder or the index failed, and enqueues the next attempt in `pause`. Until then nobody asks
    /// either of them. Returns how often in a row they failed.
    pub async fn postpone_embedding(
        &self,
        lease: Lease,
        target: TargetId,
        why: &str,
        pause: Duration,
    ) -> Result<i32, StoreError> {
        let failures = sqlx::query_scalar!(
            r#"WITH gone AS (DELETE FROM queue.jobs WHERE id = $1 AND lease = $2 RETURNING id),
                    freed AS (UPDATE ingest.outbox SET claim = NULL WHERE target = $3 AND claim = $2),
                    noted AS (
                      UPDATE ingest.targets SET failures = failures + 1, failing_since = coalesce(failing_since, now()),
                             failure = left($4, 2000), retry_at = now() + make_interval(secs => $5)
                       WHERE id = $3 AND EXISTS (SELECT FROM gone) RETURNING failures, id, retry_at)
               SELECT failures AS "failures!" FROM noted,
                      LATERAL (SELECT queue.enqueue('embed_opportunities', 'embed:' || id, jsonb_build_object('target', id),
                                                    'embed_opportunities:' || id, delay => retry_at - now())) q"#,
            lease.job(),
            lease.token(),
            target.0,
            &*storable(why),
            pause.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await
        .doing("postpone embed work")?;
        failures.ok_or_else(|| QueueError::Fenced(lease.job()).into())
    }

    /// Ends the embed job if its target is not to be tried yet, and enqueues it for that time. Returns whether it did.
    pub async fn wait_for_probe(&self, lease: Lease, target: TargetId) -> Result<bool, StoreError> {
        sqlx::query_scalar!(
            r#"WITH early AS (SELECT id, retry_at FROM ingest.targets WHERE id = $3 AND retry_at > now() + interval '1 s'),
                    gone AS (DELETE FROM queue.jobs WHERE id = $1 AND lease = $2 AND EXISTS (SELECT FROM early) RETURNING id)
               SELECT true AS "waits!" FROM early,
                      LATERAL (SELECT queue.enqueue('embed_opportunities', 'embed:' || id, jsonb_build_object('target', id),
                                                    'embed_opportunities:' || id, delay => retry_at - now())) q
                WHERE EXISTS (SELECT FROM gone)"#,
            lease.job(),
            lease.token(),
            target.0
        )
        .fetch_optional(&self.pool)
        .await
        .map(|waits| waits.is_some())
        .doing("look when the embedder is tried next")
    }

    /// Returns how often in a row the embedder or the index of a target failed.
    pub async fn failures(&self, target: TargetId) -> Result<i32, StoreError> {
        let failures = sqlx::query_scalar!("SELECT failures FROM ingest.targets WHERE id = $1", target.0)
            .fetch_optional(&self.pool)
            .await
            .doing("look when the embedder is tried next")?;
        Ok(failures.unwrap_or(0))
    }

    /// Returns how many requests are open for what a run changed last, of the indexes that are kept in step now and do not fail.
    pub async fn outbox_of(&self, run: domain::RunId) -> Result<i64, StoreError> {
        // Through the rows of the run: an index on the run of each request was a fortieth of the time of publishing.
        sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM ingest.opportunities o JOIN ingest.outbox b ON b.opportunity = o.id
                 JOIN ingest.targets t ON t.id = b.target
                WHERE o.changed_run = $1 AND t.failures = 0 AND ingest.is_shown(t)"#,
            run.uuid()
        )
        .fetch_one(&self.pool)
        .await
        .doing("count embed work")
    }
}

/// The action that failed, for the errors of what follows.
const FINISH: &str = "finish embed work";

/// What finished requests change, column by column.
#[derive(Default)]
struct Effects {
    /// All of them.
    ids: Vec<Uuid>,
    versions: Vec<i64>,
    /// Those that have a point now.
    points: Vec<Uuid>,
    prints: Vec<Vec<u8>>,
    clusters: Vec<Uuid>,
    canonical: Vec<bool>,
    writes: Vec<i64>,
    seals: Vec<Value>,
    /// Those that count for the run that caused them, and which one that is.
    counted: Vec<Uuid>,
    runs: Vec<Uuid>,
    /// Those that have none any more.
    gone: Vec<Uuid>,
    /// Those whose text was looked at, or that are closed.
    settled: Vec<Uuid>,
    /// Those whose text is refused.
    aside: Vec<Uuid>,
    reasons: Vec<String>,
}

impl Effects {
    fn of(done: &[(Claimed, Became)]) -> Self {
        let mut effects = Self::default();
        for (claimed, became) in done {
            let id = claimed.row.id.uuid();
            effects.ids.push(id);
            effects.versions.push(claimed.version);
            if !matches!(became, Became::Unchanged) {
                effects.settled.push(id);
            }
            match became {
                Became::Point(seal) => effects.point(claimed, seal),
                Became::Unchanged => (),
                Became::Withdrawn => effects.gone.push(id),
                Became::SetAside(reason, seal) => {
                    effects.point(claimed, seal);
                    effects.aside.push(id);
                    effects.reasons.push(storable(reason).chars().take(2_000).collect());
                }
            }
        }
        effects
    }

    fn point(&mut self, claimed: &Claimed, seal: &Value) {
        self.points.push(claimed.row.id.uuid());
        self.prints.push(claimed.row.fingerprint.clone());
        self.clusters.push(claimed.row.cluster.uuid());
        self.canonical.push(claimed.row.canonical);
        self.writes.push(claimed.write);
        self.seals.push(seal.clone());
        if let Some(run) = claimed.run {
            self.counted.push(claimed.row.id.uuid());
            self.runs.push(run);
        }
    }

    async fn write_ledger(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        target: TargetId,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO ingest.embeddings (target, opportunity, model, fingerprint, version, seal, cluster, canonical)
             SELECT t.id, u.id, coalesce(t.model, ''), u.print, u.write, u.seal, u.cluster, u.canonical
               FROM ingest.targets t, unnest($2::uuid[], $3::bytea[], $4::bigint[], $5::jsonb[], $6::uuid[], $7::boolean[])
                    u(id, print, write, seal, cluster, canonical) WHERE t.id = $1
             ON CONFLICT (target, opportunity) DO UPDATE SET model = excluded.model, fingerprint = excluded.fingerprint,
                    version = excluded.version, seal = excluded.seal, cluster = excluded.cluster, canonical = excluded.canonical,
                    embedded_at = now()",
            target.0,
            &self.points,
            &self.prints,
            &self.writes,
            &self.seals,
            &self.clusters,
            &self.canonical
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(FINISH)
    }

    async fn set_aside(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        target: TargetId,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "WITH unlisted AS (DELETE FROM ingest.embeddings WHERE target = $1 AND opportunity = ANY ($2)),
                  tried AS (DELETE FROM ingest.set_aside WHERE target = $1 AND opportunity = ANY ($3) AND NOT opportunity = ANY ($4))
             INSERT INTO ingest.set_aside (target, opportunity, reason) SELECT $1, u.id, u.reason FROM unnest($4::uuid[], $5::text[]) u(id, reason)
             ON CONFLICT (target, opportunity) DO UPDATE SET reason = excluded.reason, at = now()",
            target.0,
            &self.gone,
            &self.settled,
            &self.aside,
            &self.reasons
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(FINISH)
    }

    async fn remove_requests(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        target: TargetId,
    ) -> Result<(), StoreError> {
        // A request that came meanwhile for another reason, such as another cluster, keeps the run of the one before: that has counted.
        sqlx::query!(
            "WITH done AS (
               DELETE FROM ingest.outbox b USING unnest($2::uuid[], $3::bigint[]) u(id, version)
                WHERE b.target = $1 AND b.opportunity = u.id AND b.version = u.version),
             later AS (
               UPDATE ingest.outbox b SET run = NULL
                 FROM unnest($2::uuid[], $3::bigint[]) u(id, version), unnest($5::uuid[], $4::uuid[]) c(id, run)
                WHERE b.target = $1 AND b.opportunity = u.id AND b.version > u.version AND c.id = u.id AND b.run = c.run),
             works AS (
               UPDATE ingest.targets SET failures = 0, failing_since = NULL, failure = NULL, retry_at = NULL WHERE id = $1 AND failures > 0)
             UPDATE ingest.runs r SET embedded = embedded + n.count
               FROM (SELECT id, count(*)::integer AS count FROM unnest($4::uuid[]) id GROUP BY id) n WHERE r.id = n.id",
            target.0,
            &self.ids,
            &self.versions,
            &self.runs,
            &self.counted
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(FINISH)
    }
}

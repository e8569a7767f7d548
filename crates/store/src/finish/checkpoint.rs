//! Checkpoints of a long run: new opportunities are published before the last page is parsed.

use std::time::Duration;

use domain::RunId;
use queue::Lease;
use sqlx::{Postgres, Transaction};

use super::{Facts, WHAT, facts, fix_plans, request_index_and_match};
use crate::{
    Store, StoreError,
    audit::{Scope, audit},
    error::Doing as _,
    failpoint::{Step, commit},
    rows::publish::{self, Which},
};

impl Store {
    /// Enqueues a checkpoint for each run that has staged rows and has published nothing for `every`.
    pub async fn request_checkpoints(&self, every: Duration) -> Result<(), StoreError> {
        sqlx::query!(
            "SELECT queue.enqueue('publish_new', 'close', jsonb_build_object('run', r.id), 'publish_new:' || r.id)
               FROM ingest.runs r
              WHERE r.state = 'running' AND r.mode <> 'replay'
                AND coalesce(r.published_at, r.started_at) < now() - make_interval(secs => $1)
                AND EXISTS (SELECT FROM ingest.staged s WHERE s.changed_run = r.id)
                AND NOT EXISTS (SELECT FROM queue.jobs j WHERE j.kind = 'publish_new' AND j.payload ->> 'run' = r.id::text)",
            every.as_secs_f64()
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("look for runs with a checkpoint to come")
    }

    /// Publishes the new opportunities of a running run, if the audit finds nothing. The audit leaves out checks that
    /// need the whole list. Changes and closings wait for the end of the run. Returns how many opportunities are new
    /// and, if nothing was published, why.
    pub async fn publish_new(&self, lease: Lease, run: RunId) -> Result<(i64, Option<String>), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        fix_plans(&mut tx).await?;
        lease.settle(&mut tx).await?;
        let facts = facts(&mut tx, run).await?;
        let doubts = if is_under_way(&mut tx, run).await? {
            doubts(&mut tx, run, &facts).await?
        } else {
            return end(tx).await;
        };
        let mut created = 0;
        if doubts.is_empty() {
            created = publish::publish(&mut tx, run, Which::New).await?.created;
            publish::clear_served(&mut tx, run).await?;
        }
        sqlx::query!(
            "UPDATE ingest.runs SET published_at = clock_timestamp(), doubts = $2 WHERE id = $1",
            run.uuid(),
            &doubts
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
        if created > 0 {
            request_index_and_match(&mut tx).await?;
        }
        commit(tx, Step::PublishNew, WHAT).await?;
        Ok((created, doubts.into_iter().next()))
    }
}

async fn end(tx: Transaction<'_, Postgres>) -> Result<(i64, Option<String>), StoreError> {
    commit(tx, Step::PublishNew, WHAT).await?;
    Ok((0, None))
}

async fn is_under_way(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT state = 'running' AS "running!" FROM ingest.runs WHERE id = $1"#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)
}

/// Audits what the run has parsed so far. It proves nothing about missing opportunities yet.
async fn doubts(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    facts: &Facts,
) -> Result<Vec<String>, StoreError> {
    let scope = Scope { whole: Vec::new(), ..facts.scope(run) };
    Ok(audit(tx, &scope).await?.doubts)
}

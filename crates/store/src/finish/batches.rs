//! A large run is published in batches, by several transactions at the same time.
//!
//! Each batch commits whole. The staged rows stay until the last one has committed: after a crash, the next attempt publishes all
//! batches again, which changes nothing in those that are served. What the audit decided is kept with the run, because an audit in
//! the middle would see half of it.

use domain::RunId;
use futures::{StreamExt as _, TryStreamExt as _};
use queue::Lease;
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, Transaction};

use super::{WHAT, verdict::Verdict};
use crate::{
    Store, StoreError,
    error::{Doing as _, stored_json},
    failpoint::{Step, commit},
    rows::publish::{self, Published, Which},
};

/// Rows of a batch, about: a transaction of a tenth of a second.
const BATCH: i64 = 4_000;
/// Batches at the same time. One PostgreSQL process uses one core; a second one takes what the parser no longer needs.
const AT_ONCE: usize = 2;

/// A decision to publish, kept with the run from the first batch to the last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Believed {
    closes: bool,
    lacks: Option<String>,
}

impl From<Believed> for Verdict {
    fn from(believed: Believed) -> Self {
        Self::Publish { closes: believed.closes, lacks: believed.lacks }
    }
}

/// Returns what an earlier attempt decided, if it began to publish.
pub(super) async fn believed(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<Option<Believed>, StoreError> {
    let kept = sqlx::query_scalar!("SELECT believed FROM ingest.runs WHERE id = $1", run.uuid())
        .fetch_one(&mut **tx)
        .await
        .doing(WHAT)?;
    kept.map(|kept| stored_json("ingest.runs.believed", &kept)).transpose()
}

/// Returns how many batches a run is published in; one means that it is published with its end.
pub(super) async fn batches(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<u32, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(staged), 0)::bigint AS "rows!" FROM ingest.pages WHERE run = $1"#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(u32::try_from((rows + BATCH - 1) / BATCH).unwrap_or(u32::MAX).max(1))
}

/// Keeps the decision to publish, before the first batch, and commits.
pub(super) async fn believe(
    mut tx: Transaction<'_, Postgres>,
    run: RunId,
    (closes, lacks): (bool, Option<&str>),
) -> Result<(), StoreError> {
    let believed = serde_json::json!(Believed { closes, lacks: lacks.map(str::to_owned) });
    sqlx::query!("UPDATE ingest.runs SET believed = $2 WHERE id = $1", run.uuid(), believed)
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
    commit(tx, Step::Believe, WHAT).await
}

impl Store {
    /// Publishes the staged rows of a run in batches. Returns what it has published, in earlier attempts too.
    pub(super) async fn publish_batches(
        &self,
        lease: Lease,
        run: RunId,
        (count, replaces_newer): (u32, bool),
    ) -> Result<Published, StoreError> {
        let batches = futures::stream::iter(0..count)
            .map(async |at| self.publish_batch(lease, run, Which::Batch { replaces_newer, at, count }).await);
        batches.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        let row = sqlx::query!(
            r#"SELECT count(*) FILTER (WHERE first_run = $1) AS "created!", count(*) FILTER (WHERE first_run <> $1) AS "changed!"
                 FROM ingest.opportunities WHERE changed_run = $1"#,
            run.uuid()
        )
        .fetch_one(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(Published { created: row.created, changed: row.changed })
    }

    async fn publish_batch(&self, lease: Lease, run: RunId, which: Which) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.check_shared(&mut tx).await?;
        publish::publish(&mut tx, run, which).await?;
        commit(tx, Step::PublishBatch, WHAT).await
    }
}

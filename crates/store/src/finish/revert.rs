//! Reverts: undo what a published run did, from the stored changes, in a run of its own.

use domain::{OpportunityId, RunId};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use uuid::Uuid;

use super::{WHAT, fix_plans, request_index_and_match};
use crate::{
    Decision, Mode, RunState, Store, StoreError,
    actions::record,
    error::Doing as _,
    failpoint::{Step, commit},
    rows::columns::{CONTENT, STANDING},
};

/// What a revert did.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Reverted {
    /// The new run that did it.
    #[schema(value_type = uuid::Uuid)]
    pub run: RunId,
    /// Number of opportunities that got their earlier content and state back.
    pub restored: u64,
    /// Number of opportunities that the reverted run created and that are now closed.
    pub closed: u64,
    /// Opportunities that a later run changed: they stay as they are.
    pub left: Vec<Left>,
}

/// An opportunity that a revert leaves as it is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Left {
    /// The opportunity.
    #[schema(value_type = uuid::Uuid)]
    pub opportunity: OpportunityId,
    /// Its identifier at the partner.
    pub external_id: String,
    /// Its title.
    pub title: String,
}

impl Store {
    /// Undoes what a published run created, changed, closed and reopened. Opportunities that a later run changed stay
    /// as they are, and are listed.
    pub async fn revert_run(&self, run: RunId, by: &str) -> Result<Reverted, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        fix_plans(&mut tx).await?;
        refuse_unpublished(&mut tx, run).await?;
        refuse_while_active(&mut tx, run).await?;
        let revert = enter(&mut tx, run, by).await?;
        let left = changed_since(&mut tx, run).await?;
        let restored = restore(&mut tx, run, revert).await?;
        let closed = close_created(&mut tx, run, revert).await?;
        forget_its_misses(&mut tx, run).await?;
        move_cursors_back(&mut tx, run).await?;
        if restored + closed > 0 {
            request_index_and_match(&mut tx).await?;
        }
        end(&mut tx, run, revert, by, restored, closed).await?;
        record(&mut tx, by, "revert", &run.to_string(), Some(&format!("by run {revert}"))).await?;
        commit(tx, Step::Revert, WHAT).await?;
        Ok(Reverted { run: revert, restored, closed, left })
    }
}

async fn refuse_unpublished(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: RunState", decision AS "decision: Decision", mode AS "mode: Mode", published_at
             FROM ingest.runs WHERE id = $1 FOR UPDATE"#,
        run.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
    .doing(WHAT)?
    .ok_or_else(|| StoreError::Missing(format!("run {run}")))?;
    if row.decision == Some(Decision::Reverted) {
        return Err(StoreError::denied(format!("run {run} was reverted already")));
    }
    let state = row.state;
    // A run that failed may have published at a checkpoint.
    let has_published = matches!(state, RunState::Complete | RunState::Partial)
        || state == RunState::Failed && row.published_at.is_some();
    if row.mode == Mode::Revert || !has_published {
        let hint = (state == RunState::Held && row.decision.is_none())
            .then(|| format!("Discard it: oim-etl runs discard {run}"));
        return Err(StoreError::Refused {
            message: format!("run {run} ({}, {state}) published nothing that could be undone", row.mode),
            hint,
        });
    }
    Ok(())
}

/// Makes sure that no run of the source is under way: its pages were compared with rows as they are served now.
pub(super) async fn refuse_while_active(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<(), StoreError> {
    let active = sqlx::query!(
        "SELECT a.id, a.source FROM ingest.runs a JOIN ingest.runs r ON r.source = a.source
          WHERE r.id = $1 AND a.state IN ('queued', 'running', 'closing') AND a.mode <> 'item'",
        run.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
    .doing(WHAT)?;
    match active {
        Some(active) => Err(StoreError::Refused {
            message: format!("run {} of {} is under way", active.id, active.source),
            hint: Some("Decide when it has ended".to_owned()),
        }),
        None => Ok(()),
    }
}

async fn enter(tx: &mut Transaction<'_, Postgres>, run: RunId, by: &str) -> Result<RunId, StoreError> {
    let id = sqlx::query_scalar!(
        "INSERT INTO ingest.runs (source, mode, trigger, revert_of, requested_by, state, walked, started_at, finished_at)
         SELECT source, 'revert', 'cli', id, $2, 'complete', true, now(), now() FROM ingest.runs WHERE id = $1 RETURNING id",
        run.uuid(),
        by
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(id.into())
}

/// Returns opportunities that the run created or changed, and a later run changed again.
async fn changed_since(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<Vec<Left>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT o.id, o.external_id, o.title FROM ingest.opportunities o
            WHERE NOT ingest.is_as_left_by($1, o.id)
              AND (o.first_run = $1 OR o.id IN (SELECT c.opportunity FROM ingest.changes c WHERE c.run = $1))
            ORDER BY o.external_id"#,
        run.uuid()
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let left = rows.into_iter().map(|row| Left {
        opportunity: row.id.into(),
        external_id: row.external_id,
        title: row.title,
    });
    Ok(left.collect())
}

/// Restores the earlier columns of every opportunity that the run changed and no later run did.
async fn restore(tx: &mut Transaction<'_, Postgres>, run: RunId, revert: RunId) -> Result<u64, StoreError> {
    let names = STANDING.iter().copied().filter(|name| *name != "changed_run");
    let columns: Vec<&str> = names.chain(["page"]).chain(CONTENT.iter().map(|column| column.name)).collect();
    let restored: Vec<String> = columns.iter().map(|name| format!("b.{name}")).collect();
    // The statement contains only names from our own table of columns. If the run changed a row more than once, its
    // first change holds the earlier value.
    let statement = format!(
        "WITH parts AS (
           SELECT c.opportunity, e.key, e.value -> 'from' AS was, c.id
             FROM ingest.changes c, jsonb_each(c.fields || c.beside) e WHERE c.run = $1),
         befores AS (
           SELECT opportunity, jsonb_object_agg(key, was ORDER BY id DESC) AS before FROM parts GROUP BY opportunity)
         UPDATE ingest.opportunities o SET ({}, changed_run, missed_by, updated_at)
              = (SELECT {}, $2::uuid, NULL::uuid, now() FROM jsonb_populate_record(o, befores.before) b)
           FROM befores WHERE befores.opportunity = o.id AND ingest.is_as_left_by($1, o.id) AND o.first_run <> $1",
        columns.join(", "),
        restored.join(", ")
    );
    sqlx::query(AssertSqlSafe(statement))
        .bind(run.uuid())
        .bind(revert.uuid())
        .execute(&mut **tx)
        .await
        .map(|done| done.rows_affected())
        .doing(WHAT)
}

/// Closes every opportunity that the run created and no later run changed.
pub(super) async fn close_created(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    revert: RunId,
) -> Result<u64, StoreError> {
    sqlx::query!(
        "UPDATE ingest.opportunities SET status = 'closed', closed_why = 'reverted', changed_run = $2, updated_at = now()
          WHERE first_run = $1 AND status = 'open' AND source = (SELECT source FROM ingest.runs WHERE id = $1)
            AND ingest.is_as_left_by($1, id)",
        run.uuid(),
        revert.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(|done| done.rows_affected())
    .doing(WHAT)
}

/// Forgets what the run alone did not show: it is no longer a proof that one more walk would complete.
async fn forget_its_misses(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!("UPDATE ingest.opportunities SET missed_by = NULL WHERE missed_by = $1", run.uuid())
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(WHAT)
}

/// Moves the cursors back, so that the next incremental run requests the same again, unless a later run moved them on.
async fn move_cursors_back(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.streams s SET complete_to = (r.cursors_before ->> s.stream)::timestamptz
           FROM ingest.runs r
          WHERE r.id = $1 AND s.source = r.source AND r.cursors_before ? s.stream AND s.complete_to = r.started_at",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Writes the result on both runs.
async fn end(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    revert: RunId,
    by: &str,
    restored: u64,
    closed: u64,
) -> Result<(), StoreError> {
    let (restored, closed) =
        (i32::try_from(restored).unwrap_or(i32::MAX), i32::try_from(closed).unwrap_or(i32::MAX));
    sqlx::query!(
        "UPDATE ingest.runs SET seen = $2, changed = $2, closed = $3, finished_at = clock_timestamp(), published_at = clock_timestamp(),
                message = 'it undid run ' || revert_of WHERE id = $1",
        revert.uuid(),
        restored,
        closed
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "UPDATE ingest.runs SET decision = 'reverted', decided_by = $2, message = left('reverted by ' || $2 || ' in run ' || $3::text, 2000)
          WHERE id = $1",
        run.uuid(),
        by,
        Uuid::to_string(&revert.uuid())
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

//! An operator's decisions on held runs.

use domain::RunId;
use sqlx::{Postgres, Transaction};

use super::{
    Facts, WHAT, count, facts, fix_plans, publish_all, request_index_and_match, revert, serve,
    verdict::summary,
};
use crate::{
    Decision, RunState, Store, StoreError,
    actions::record,
    error::Doing as _,
    failpoint::{Step, commit},
    rows::publish::{self, Published},
};

impl Store {
    /// Publishes a held run by an operator's decision, and closes what it did not show if it proves that. Returns how
    /// many opportunities it created, changed and closed.
    pub async fn publish_run(&self, run: RunId, by: &str) -> Result<(i64, i64, u64), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        fix_plans(&mut tx).await?;
        undecided(&mut tx, run).await?;
        let facts = facts(&mut tx, run).await?;
        revert::refuse_while_active(&mut tx, run).await?;
        refuse_if_outdated(&mut tx, run, &facts).await?;
        refuse_if_lost(&mut tx, run).await?;
        publish::drop_confirmed(&mut tx, run).await?;
        let published = publish_all(&mut tx, run, &facts).await?;
        let closed = serve(&mut tx, run, &facts, (facts.proves_absence(), &[], published)).await?;
        recount(&mut tx, run, published).await?;
        decide(&mut tx, run, by, Decision::Published, closed).await?;
        let detail = format!("{} new, {} changed, {closed} closed", published.created, published.changed);
        record(&mut tx, by, "publish", &run.to_string(), Some(&detail)).await?;
        commit(tx, Step::PublishHeld, WHAT).await?;
        Ok((published.created, published.changed, closed))
    }

    /// Discards a held run by an operator's decision, and deletes its staged rows.
    pub async fn discard_run(&self, run: RunId, by: &str) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        undecided(&mut tx, run).await?;
        // What a checkpoint of this run published is closed too.
        if revert::close_created(&mut tx, run, run).await? > 0 {
            request_index_and_match(&mut tx).await?;
        }
        publish::clear(&mut tx, run).await?;
        decide(&mut tx, run, by, Decision::Discarded, 0).await?;
        record(&mut tx, by, "discard", &run.to_string(), None).await?;
        commit(tx, Step::DiscardHeld, WHAT).await
    }
}

/// Locks a run, and checks that it is held and not decided yet.
async fn undecided(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"SELECT state AS "state: RunState", decision AS "decision: Decision" FROM ingest.runs WHERE id = $1 FOR UPDATE"#,
        run.uuid()
    )
        .fetch_optional(&mut **tx)
        .await
        .doing(WHAT)?
        .ok_or_else(|| StoreError::Missing(format!("run {run}")))?;
    if let Some(decision) = row.decision {
        return Err(StoreError::denied(format!("run {run} was {decision} already")));
    }
    if row.state != RunState::Held {
        return Err(StoreError::denied(format!("run {run} is {}; only a held one is decided on", row.state)));
    }
    Ok(())
}

/// Refuses to publish a run that would close opportunities if a newer complete run exists.
async fn refuse_if_outdated(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    facts: &Facts,
) -> Result<(), StoreError> {
    if !facts.proves_absence() {
        return Ok(());
    }
    let newer = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM ingest.runs n JOIN ingest.runs r ON n.source = r.source
                           WHERE r.id = $1 AND n.created_at > r.created_at AND n.state = 'complete' AND n.covers && r.covers
                             AND n.decision IS DISTINCT FROM 'reverted') AS "newer!""#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    let why = "a newer run of the source is complete, and what this one did not show may be there again";
    if newer { Err(StoreError::denied(format!("run {run} cannot be published: {why}"))) } else { Ok(()) }
}

/// Refuses to publish a run whose staged rows were lost in a crash of the database. The archive still has its pages.
async fn refuse_if_lost(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    let lost = sqlx::query!(
        r#"SELECT r.source, coalesce(sum(p.staged), 0) <> (SELECT count(*) FROM ingest.staged s WHERE s.changed_run = $1) AS "lost!"
             FROM ingest.runs r LEFT JOIN ingest.pages p ON p.run = r.id WHERE r.id = $1 GROUP BY r.source"#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    if lost.lost {
        return Err(StoreError::Refused {
            message: format!(
                "run {run} cannot be published: its staged rows are gone, removed after 30 days or lost in a crash of the database"
            ),
            hint: Some(format!("Parse its archive again: oim-etl replay {} --run {run}", lost.source)),
        });
    }
    Ok(())
}

/// Stores the decision, with what was doubted.
async fn decide(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    by: &str,
    decision: Decision,
    closed: u64,
) -> Result<(), StoreError> {
    let doubts = sqlx::query_scalar!("SELECT doubts FROM ingest.runs WHERE id = $1", run.uuid())
        .fetch_one(&mut **tx)
        .await
        .doing(WHAT)?;
    let message = format!("{decision} by {by}; it was doubted: {}", summary(&doubts));
    sqlx::query!(
        "UPDATE ingest.runs SET decision = $2, decided_by = $3, closed = $4, message = left($5, 2000),
                published_at = CASE WHEN $2 = 'published' THEN now() ELSE published_at END,
                state = CASE WHEN $2 <> 'published' THEN state WHEN walked AND pages_failed = 0 THEN 'complete' ELSE 'partial' END
          WHERE id = $1",
        run.uuid(),
        decision.as_str(),
        by,
        i32::try_from(closed).unwrap_or(i32::MAX),
        message
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Counts what a decision really published: newer runs may have served some of it since the run was held.
async fn recount(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    published: Published,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.runs r SET created = n.created, changed = n.changed, unchanged = r.seen - r.rejected - n.created - n.changed
           FROM (SELECT c.created, least($2, q.seen - q.rejected - c.created) AS changed
                   FROM ingest.runs q, (
                     SELECT count(*)::integer AS created FROM ingest.opportunities o WHERE o.changed_run = $1 AND o.first_run = $1) c
                  WHERE q.id = $1) n
          WHERE r.id = $1",
        run.uuid(),
        count(published.changed)
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

//! Removes old runs with their pages, rejections and answers, old history, and letters that nobody retries.
//!
//! What a replay or a revert of a kept run needs stays, whatever its age: the page of each row and of each visit, the pages since
//! the last walk that covered a stream, and what a revert would put back.

use serde::Serialize;
use sqlx::{Postgres, Transaction};

use crate::{Store, StoreError, error::Doing as _};

/// What to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Runs that ended in the last so many days.
    pub days: i32,
    /// The newest runs of each source, however old.
    pub runs: i64,
    /// Days for which the history of opportunities is kept; that since the oldest kept run is kept longer.
    pub changes_days: i32,
    /// Days for which the feed of changes is kept.
    pub feed_days: i32,
    /// Days for which the record of actions is kept, and with it the versions of source files, alerts and messages.
    pub actions_days: i32,
}

/// What was removed, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Runs.
    pub runs: u64,
    /// Pages of runs.
    pub pages: u64,
    /// Rejections of those pages.
    pub rejections: u64,
    /// Steps in the history of opportunities.
    pub changes: u64,
    /// Visits to pages that no list has shown since.
    pub visits: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Positions of the feed of changes.
    pub feed: u64,
    /// Entries of the record of actions.
    pub actions: u64,
    /// Alerts that are over, silences, messages, and versions of source files that are no longer in force.
    pub notes: u64,
    /// Answers that can go from the archive. They do at the next pruning, an hour later at least.
    pub answers: u64,
}

impl Pruned {
    /// Adds what was removed of another source.
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.pages += other.pages;
        self.rejections += other.rejections;
        self.changes += other.changes;
        self.visits += other.visits;
        self.dead_letters += other.dead_letters;
        self.feed += other.feed;
        self.actions += other.actions;
        self.notes += other.notes;
        self.answers += other.answers;
    }
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "remove old runs";

impl Store {
    /// Removes what a source no longer needs, in one transaction. `is_dry`: nothing is removed, but all of it is counted.
    pub async fn prune_source(
        &self,
        source: &str,
        keep: Retention,
        is_dry: bool,
    ) -> Result<Pruned, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        // Nobody requests a replay of what goes now.
        sqlx::query!("SELECT FROM ingest.sources WHERE slug = $1 FOR NO KEY UPDATE", source)
            .execute(&mut *tx)
            .await
            .doing(WHAT)?;
        let visits = old_visits(&mut tx, source, keep).await?;
        let (pages, rejections, answers) = old_pages(&mut tx, source, keep).await?;
        let changes = old_changes(&mut tx, source, keep).await?;
        let runs = old_runs(&mut tx, source, keep).await?;
        let pruned = Pruned { runs, pages, rejections, changes, visits, answers, ..Pruned::default() };
        if is_dry { tx.rollback().await } else { tx.commit().await }.doing(WHAT)?;
        Ok(pruned)
    }

    async fn prune_dead(&self, keep: Retention, is_dry: bool) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let done = sqlx::query!(
            "DELETE FROM queue.dead_letters WHERE died_at < now() - make_interval(days => $1)",
            keep.days
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
        if is_dry { tx.rollback().await } else { tx.commit().await }.doing(WHAT)?;
        Ok(done.rows_affected())
    }

    /// Removes what is of no source: dead letters that are older than the runs that are kept, old positions of the feed, and old records
    /// of what people did and were sent. Returns how many, or would.
    pub async fn prune_records(&self, keep: Retention, is_dry: bool) -> Result<Pruned, StoreError> {
        let dead_letters = self.prune_dead(keep, is_dry).await?;
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let feed = old_feed(&mut tx, keep.feed_days).await?;
        let actions = sqlx::query!(
            "DELETE FROM ingest.actions WHERE at < now() - make_interval(days => $1)",
            keep.actions_days
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?
        .rows_affected();
        let notes = old_notes(&mut tx, keep.actions_days).await?;
        if is_dry { tx.rollback().await } else { tx.commit().await }.doing(WHAT)?;
        Ok(Pruned { dead_letters, feed, actions, notes, ..Pruned::default() })
    }

    /// Returns keys of answers that nothing needs, at most `limit`. A request that was under way when its page went may have brought
    /// one back: such a key is dropped from the list.
    pub async fn unneeded_answers(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        sqlx::query!(
            "DELETE FROM ingest.unneeded_answers u
              WHERE EXISTS (SELECT FROM ingest.pages p WHERE p.archive_key = u.key)
                 OR EXISTS (SELECT FROM ingest.validators v WHERE v.archive_key = u.key)"
        )
        .execute(&self.pool)
        .await
        .doing(WHAT)?;
        sqlx::query_scalar!(
            "SELECT key FROM ingest.unneeded_answers WHERE since < now() - interval '1 hour' ORDER BY key LIMIT $1",
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)
    }

    /// Forgets answers that are gone from the archive.
    pub async fn answers_removed(&self, keys: &[String]) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM ingest.unneeded_answers WHERE key = ANY ($1)", keys)
            .execute(&self.pool)
            .await
            .map(drop)
            .doing(WHAT)
    }

    /// Enqueues the nightly pruning, once a tick. Returns whether this call did.
    pub async fn fire_pruning(
        &self,
        entry: &str,
        at: chrono::DateTime<chrono::Utc>,
    ) -> Result<bool, StoreError> {
        let fired = sqlx::query_scalar!(
            r#"WITH moved AS (UPDATE ingest.ticks SET last = $2 WHERE entry = $1 AND last < $2 RETURNING entry),
                    jobs AS (SELECT queue.enqueue('prune', 'prune', '{}', 'prune') FROM moved)
               SELECT count(*) AS "fired!" FROM jobs"#,
            entry,
            at
        )
        .fetch_one(&self.pool)
        .await
        .doing("enter the nightly pruning")?;
        Ok(fired > 0)
    }
}

/// A page that a list still shows is asked for again every few days: one that was not for so long is in no list.
async fn old_visits(
    tx: &mut Transaction<'_, Postgres>,
    source: &str,
    keep: Retention,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM ingest.visits WHERE source = $1 AND visited_at < now() - make_interval(days => $2)",
        source,
        keep.days
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(done.rows_affected())
}

/// Removes the pages of old runs that nothing needs, and lists their answers. Returns how many pages, rejections and answers.
async fn old_pages(
    tx: &mut Transaction<'_, Postgres>,
    source: &str,
    keep: Retention,
) -> Result<(u64, u64, u64), StoreError> {
    let row = sqlx::query!(
        r#"WITH old AS MATERIALIZED (SELECT id FROM ingest.old_runs($1, $2, $3) AS o (id)),
                needed AS MATERIALIZED (
                  SELECT o.page AS id FROM ingest.opportunities o WHERE o.source = $1 AND o.page IS NOT NULL
                  UNION SELECT v.page FROM ingest.visits v WHERE v.source = $1
                  UNION SELECT w.id FROM ingest.archive_since_walk($1) w
                  -- What a revert of a kept run would put back.
                  UNION SELECT (c.beside -> 'page' ->> 'from')::bigint FROM ingest.changes c JOIN ingest.runs r ON r.id = c.run
                         WHERE r.source = $1 AND r.id NOT IN (SELECT id FROM old) AND c.beside -> 'page' ->> 'from' IS NOT NULL),
                counted AS (
                  SELECT count(*) AS rejections FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page
                   WHERE p.run IN (SELECT id FROM old) AND p.id NOT IN (SELECT id FROM needed)),
                gone AS (
                  DELETE FROM ingest.pages p WHERE p.run IN (SELECT id FROM old) AND p.id NOT IN (SELECT id FROM needed)
                  RETURNING p.id, p.archive_key),
                -- A file is kept under its digest: the same one may come again.
                keys AS (
                  SELECT DISTINCT g.archive_key AS key FROM gone g
                   WHERE g.archive_key IS NOT NULL AND g.archive_key NOT LIKE '%/files/%' AND NOT EXISTS (
                         SELECT FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run
                          WHERE r.source = $1 AND p.archive_key = g.archive_key AND p.id NOT IN (SELECT id FROM gone))),
                forgotten AS (DELETE FROM ingest.validators v USING keys k WHERE v.source = $1 AND v.archive_key = k.key),
                listed AS (INSERT INTO ingest.unneeded_answers (key) SELECT key FROM keys ON CONFLICT DO NOTHING)
           SELECT (SELECT count(*) FROM gone) AS "pages!", (SELECT rejections FROM counted) AS "rejections!",
                  (SELECT count(*) FROM keys) AS "answers!""#,
        source,
        keep.days,
        keep.runs
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok((count(row.pages), count(row.rejections), count(row.answers)))
}

/// Removes history that is older than every kept run: a revert asks what changed a row since.
async fn old_changes(
    tx: &mut Transaction<'_, Postgres>,
    source: &str,
    keep: Retention,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM ingest.changes c USING ingest.opportunities o
          WHERE o.id = c.opportunity AND o.source = $1 AND c.at < now() - make_interval(days => $4)
            AND c.at < coalesce((SELECT min(r.created_at) FROM ingest.runs r
                                  WHERE r.source = $1 AND r.id NOT IN (SELECT id FROM ingest.old_runs($1, $2, $3) AS o (id))), now())",
        source,
        keep.days,
        keep.runs,
        keep.changes_days
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(done.rows_affected())
}

/// Removes old runs that have nothing left. One that another run names goes after that.
async fn old_runs(
    tx: &mut Transaction<'_, Postgres>,
    source: &str,
    keep: Retention,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM ingest.runs r
          WHERE r.id IN (SELECT id FROM ingest.old_runs($1, $2, $3) AS o (id))
            AND NOT EXISTS (SELECT FROM ingest.pages p WHERE p.run = r.id)
            AND NOT EXISTS (SELECT FROM ingest.changes c WHERE c.run = r.id)
            AND NOT EXISTS (SELECT FROM ingest.runs n WHERE n.replay_of = r.id OR n.revert_of = r.id)",
        source,
        keep.days,
        keep.runs
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(done.rows_affected())
}

/// Removes the beginning of the feed, up to the first position that is not old, and notes where it begins now. Returns how many
/// positions.
async fn old_feed(tx: &mut Transaction<'_, Postgres>, days: i32) -> Result<u64, StoreError> {
    sqlx::query!("SELECT ingest.number_feed()").fetch_one(&mut **tx).await.doing(WHAT)?;
    let gone = sqlx::query_scalar!(
        r#"WITH edge AS (SELECT coalesce((SELECT min(f.position) - 1 FROM ingest.feed f WHERE f.at >= now() - make_interval(days => $1)), h.position) AS position
                           FROM ingest.feed_head h FOR UPDATE OF h),
                gone AS (DELETE FROM ingest.feed f USING edge e WHERE f.position <= e.position RETURNING cardinality(f.opportunities) AS size),
                moved AS (UPDATE ingest.feed_head h SET pruned_to = greatest(h.pruned_to, e.position) FROM edge e WHERE EXISTS (SELECT FROM gone))
           SELECT coalesce(sum(size), 0)::bigint AS "gone!" FROM gone"#,
        days
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(u64::try_from(gone).unwrap_or(0))
}

/// Removes alerts that are over, silences, messages, and versions of source files. The version in force stays, and so does the last one
/// that a worker brought.
async fn old_notes(tx: &mut Transaction<'_, Postgres>, days: i32) -> Result<u64, StoreError> {
    let gone = sqlx::query_scalar!(
        r#"WITH alerts AS (DELETE FROM ingest.alerts WHERE ended_at < now() - make_interval(days => $1) RETURNING 1),
                silences AS (DELETE FROM ingest.silences WHERE least(until, ended_at) < now() - make_interval(days => $1) RETURNING 1),
                messages AS (DELETE FROM ingest.notifications WHERE at < now() - make_interval(days => $1) AND alert IS NULL RETURNING 1),
                files AS (DELETE FROM ingest.source_files f WHERE f.at < now() - make_interval(days => $1)
                             AND f.id < (SELECT max(n.id) FROM ingest.source_files n WHERE n.source = f.source)
                             AND f.id < (SELECT max(n.id) FROM ingest.source_files n WHERE n.source = f.source AND n.origin <> 'applied')
                             RETURNING 1)
           SELECT (SELECT count(*) FROM alerts) + (SELECT count(*) FROM silences) + (SELECT count(*) FROM messages)
                  + (SELECT count(*) FROM files) AS "gone!""#,
        days
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(u64::try_from(gone).unwrap_or(0))
}

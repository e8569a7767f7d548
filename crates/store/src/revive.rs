//! Dead letters: which there are, and what becomes of them when an operator retries or discards them.
//!
//! When a job was given up, its page failed and its run continued or ended without it (`dead_letters`). A retry brings that
//! back as it was, if the run is still under way. Of a run that has ended, its pages become a run of their own, of mode
//! `pages`, which fetches and parses these pages alone; a crawl becomes a new run that asks for the same.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use domain::{RunId, SourceSlug};
use queue::Lease;
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    RunState, Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// The action that failed, for the errors of this file.
const WHAT: &str = "retry dead letters";

/// Which dead letters: all that fit everything that is given.
#[derive(Debug, Clone, Default)]
pub struct WhichDead {
    /// These; empty means any.
    pub ids: Vec<i64>,
    /// Those of this source.
    pub source: Option<SourceSlug>,
    /// Those whose reason contains this text, in any case.
    pub reason: Option<String>,
    /// Those that were given up longer ago.
    pub older_than: Option<Duration>,
}

/// A job that was given up, and what it was about.
#[derive(Debug, Clone, Serialize)]
pub struct DeadRow {
    /// Its number, which was that of the job.
    pub id: i64,
    /// Stored name of the job.
    pub kind: String,
    /// Its lane.
    pub lane: String,
    /// Its arguments.
    pub payload: Value,
    /// How often it was tried.
    pub attempts: i16,
    /// Why it was given up.
    pub reason: String,
    /// When the job was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
    /// The source.
    pub source: Option<String>,
    /// The run.
    pub run: Option<Uuid>,
    /// The page.
    pub page: Option<i64>,
    /// The address of the page.
    pub url: Option<String>,
    priority: i16,
}

/// What became of retried dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Retried {
    /// Number of dead letters.
    pub letters: usize,
    /// Jobs that are queued again, in the run that they were of.
    pub jobs: usize,
    /// Runs that do it, each with its source.
    pub runs: Vec<(RunId, String)>,
    /// Dead letters whose page or run is gone: there is nothing to do.
    pub moot: usize,
}

impl Store {
    /// Returns dead letters, newest first, at most `limit`, and how many there are in all.
    pub async fn dead(&self, which: &WhichDead, limit: i64) -> Result<(Vec<DeadRow>, i64), StoreError> {
        let what = "list the dead letters";
        let seconds = which.older_than.map(|age| age.as_secs_f64());
        let rows = sqlx::query_as!(
            DeadRow,
            r#"SELECT id AS "id!", kind AS "kind!", lane AS "lane!", payload AS "payload!", attempts AS "attempts!", reason AS "reason!",
                      created_at AS "created_at!", died_at AS "died_at!", source, run, page, url, priority AS "priority!"
                 FROM ingest.dead_letters_now
                WHERE ($1::bigint[] = '{}' OR id = ANY ($1)) AND ($2::text IS NULL OR source = $2)
                  AND ($3::text IS NULL OR position(lower($3) IN lower(reason)) > 0)
                  AND ($4::float8 IS NULL OR died_at < now() - make_interval(secs => $4))
                ORDER BY died_at DESC, id DESC LIMIT $5"#,
            &which.ids,
            which.source.as_ref().map(SourceSlug::as_str),
            which.reason,
            seconds,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        let all = sqlx::query_scalar!(
            r#"SELECT count(*) AS "all!" FROM ingest.dead_letters_now
                WHERE ($1::bigint[] = '{}' OR id = ANY ($1)) AND ($2::text IS NULL OR source = $2)
                  AND ($3::text IS NULL OR position(lower($3) IN lower(reason)) > 0)
                  AND ($4::float8 IS NULL OR died_at < now() - make_interval(secs => $4))"#,
            &which.ids,
            which.source.as_ref().map(SourceSlug::as_str),
            which.reason,
            seconds
        )
        .fetch_one(&self.pool)
        .await
        .doing(what)?;
        Ok((rows, all))
    }

    /// Returns the dead letters whose number begins with these digits: the one that is these digits, or all others.
    pub async fn dead_like(&self, digits: &str) -> Result<Vec<i64>, StoreError> {
        let found = sqlx::query_scalar!(
            "SELECT id FROM queue.dead_letters WHERE starts_with(id::text, $1) ORDER BY length(id::text), id LIMIT 20",
            digits
        )
        .fetch_all(&self.pool)
        .await
        .doing("find a dead letter")?;
        let exact = found.iter().copied().find(|id| id.to_string() == digits);
        Ok(exact.map_or(found, |id| vec![id]))
    }

    /// Removes dead letters. What followed from them stays: their pages are failed, and their runs ended without these. Returns
    /// how many there were.
    pub async fn discard_dead(&self, which: &WhichDead) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let removed = take(&mut tx, which).await?.len();
        tx.commit().await.doing(WHAT)?;
        Ok(u64::try_from(removed).unwrap_or(u64::MAX))
    }

    /// Retries dead letters, all of them or none.
    pub async fn retry_dead(&self, which: &WhichDead, by: &str) -> Result<Retried, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let letters = take(&mut tx, which).await?;
        let mut retried = Retried { letters: letters.len(), ..Retried::default() };
        let mut pages = BTreeMap::<Uuid, Vec<i64>>::new();
        for letter in &letters {
            match (letter.kind.as_str(), letter.run, letter.page) {
                ("fetch_page" | "parse_page", Some(run), Some(page)) => {
                    pages.entry(run).or_default().push(page);
                }
                ("fetch_source", Some(run), _) => crawl_again(&mut tx, run, by, &mut retried).await?,
                ("finish_run", Some(run), _) => end_again(&mut tx, run, by, &mut retried).await?,
                ("fetch_page" | "parse_page" | "fetch_source" | "finish_run", ..) => retried.moot += 1,
                _ => enqueue(&mut tx, letter, &mut retried).await?,
            }
        }
        pages_again(&mut tx, pages, by, &mut retried).await?;
        tx.commit().await.doing(WHAT)?;
        Ok(retried)
    }

    /// Ends the crawl of a run of mode `pages`: enqueues what fetches or parses each of its pages.
    pub async fn open_pages(&self, lease: Lease, run: RunId) -> Result<(), StoreError> {
        let what = "open the pages of a run";
        let mut tx = self.pool.begin().await.doing(what)?;
        lease.settle(&mut tx).await?;
        enqueue_pages(&mut tx, run.uuid()).await?;
        sqlx::query!("UPDATE ingest.runs SET walked = true WHERE id = $1", run.uuid())
            .execute(&mut *tx)
            .await
            .doing(what)?;
        commit(tx, Step::EndCrawl, what).await?;
        self.close_if_parsed(run).await;
        Ok(())
    }
}

/// Takes the chosen dead letters out of their table.
async fn take(tx: &mut Transaction<'_, Postgres>, which: &WhichDead) -> Result<Vec<DeadRow>, StoreError> {
    sqlx::query_as!(
        DeadRow,
        r#"WITH chosen AS (
             SELECT * FROM ingest.dead_letters_now
              WHERE ($1::bigint[] = '{}' OR id = ANY ($1)) AND ($2::text IS NULL OR source = $2)
                AND ($3::text IS NULL OR position(lower($3) IN lower(reason)) > 0)
                AND ($4::float8 IS NULL OR died_at < now() - make_interval(secs => $4))),
           gone AS (DELETE FROM queue.dead_letters WHERE id IN (SELECT id FROM chosen) RETURNING id)
           SELECT c.id AS "id!", c.kind AS "kind!", c.lane AS "lane!", c.payload AS "payload!", c.attempts AS "attempts!",
                  c.reason AS "reason!", c.created_at AS "created_at!", c.died_at AS "died_at!", c.source, c.run, c.page, c.url,
                  c.priority AS "priority!"
             FROM chosen c JOIN gone USING (id) ORDER BY c.id"#,
        &which.ids,
        which.source.as_ref().map(SourceSlug::as_str),
        which.reason,
        which.older_than.map(|age| age.as_secs_f64())
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)
}

/// Enqueues a job that is about neither a page nor a run as a whole.
async fn enqueue(
    tx: &mut Transaction<'_, Postgres>,
    letter: &DeadRow,
    retried: &mut Retried,
) -> Result<(), StoreError> {
    // Jobs without arguments, such as `embed_opportunities`, are waited for by their name.
    let key = letter.payload.as_object().is_some_and(serde_json::Map::is_empty).then_some(&*letter.kind);
    sqlx::query!(
        "SELECT queue.enqueue($1, $2, $3, $4, $5::integer)",
        letter.kind,
        letter.lane,
        letter.payload,
        key,
        i32::from(letter.priority)
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    retried.jobs += 1;
    Ok(())
}

/// Brings pages back: in their run while that is under way, else in a new run of their source.
async fn pages_again(
    tx: &mut Transaction<'_, Postgres>,
    pages: BTreeMap<Uuid, Vec<i64>>,
    by: &str,
    retried: &mut Retried,
) -> Result<(), StoreError> {
    let mut of_ended = BTreeMap::<String, Vec<i64>>::new();
    for (run, mut pages) in pages {
        let row = sqlx::query!(
            r#"SELECT state AS "state: RunState", source FROM ingest.runs WHERE id = $1 FOR UPDATE"#,
            run
        )
        .fetch_one(&mut **tx)
        .await
        .doing(WHAT)?;
        if row.state.ended() {
            of_ended.entry(row.source).or_default().append(&mut pages);
            continue;
        }
        retried.jobs += pages.len();
        reopen(tx, run, &pages).await?;
    }
    for (source, pages) in of_ended {
        let run = run_of_pages(tx, &source, &pages, by).await?;
        retried.runs.push((run.into(), source));
    }
    Ok(())
}

/// Opens failed pages of a run that is under way. If it is ending already, it waits for them: who has its end in hand loses
/// the lease.
async fn reopen(tx: &mut Transaction<'_, Postgres>, run: Uuid, pages: &[i64]) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH ending AS (UPDATE ingest.runs SET state = 'running' WHERE id = $1 AND state = 'closing' RETURNING id)
         DELETE FROM queue.jobs WHERE kind = 'finish_run' AND payload ->> 'run' IN (SELECT id::text FROM ending)",
        run
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "UPDATE ingest.pages SET state = CASE WHEN archive_key IS NULL THEN 'wanted' ELSE 'archived' END, alarm = NULL
          WHERE id = ANY ($1) AND state = 'failed'",
        pages
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "SELECT queue.enqueue(j.kind, j.lane || r.source, jsonb_build_object('page', p.id), j.kind || ':' || p.id)
           FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run,
                LATERAL (SELECT CASE p.state WHEN 'wanted' THEN 'fetch_page' ELSE 'parse_page' END AS kind,
                                CASE p.state WHEN 'wanted' THEN 'fetch:' ELSE 'read:' END AS lane) j
          WHERE p.id = ANY ($1) AND p.state IN ('wanted', 'archived')",
        pages
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Enqueues what fetches or parses each open page of a run.
async fn enqueue_pages(tx: &mut Transaction<'_, Postgres>, run: Uuid) -> Result<(), StoreError> {
    let open = sqlx::query_scalar!(
        "SELECT id FROM ingest.pages WHERE run = $1 AND state IN ('wanted', 'archived')",
        run
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    reopen(tx, run, &open).await
}

/// Makes a run of pages that others failed to fetch or to parse, and starts it when no other run of the source is active.
async fn run_of_pages(
    tx: &mut Transaction<'_, Postgres>,
    source: &str,
    pages: &[i64],
    by: &str,
) -> Result<Uuid, StoreError> {
    let run = sqlx::query_scalar!(
        "INSERT INTO ingest.runs (source, mode, trigger, requested_by, state) VALUES ($1, 'pages', 'cli', $2, 'waiting') RETURNING id",
        source,
        by
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "INSERT INTO ingest.pages (run, stream, role, ordinal, url, request, state, status, content_type, headers, archive_key, sha256,
                bytes, fetched_at)
         SELECT $1, a.stream, a.role, row_number() OVER (PARTITION BY a.role, a.stream ORDER BY a.id) - 1, a.url, a.request,
                CASE WHEN a.archive_key IS NULL THEN 'wanted' ELSE 'archived' END, a.status, a.content_type, a.headers, a.archive_key,
                a.sha256, a.bytes, a.fetched_at
           FROM ingest.pages a WHERE a.id = ANY ($2) ORDER BY a.id DESC
         ON CONFLICT DO NOTHING",
        run,
        pages
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    start(tx, source).await?;
    Ok(run)
}

/// Asks again for what a crawl that was given up asked for. Of a run of pages, these pages.
async fn crawl_again(
    tx: &mut Transaction<'_, Postgres>,
    run: Uuid,
    by: &str,
    retried: &mut Retried,
) -> Result<(), StoreError> {
    let source = sqlx::query_scalar!("SELECT source FROM ingest.runs WHERE id = $1", run)
        .fetch_one(&mut **tx)
        .await
        .doing(WHAT)?;
    let pages = sqlx::query_scalar!(
        "SELECT p.id FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run WHERE r.id = $1 AND r.mode = 'pages'",
        run
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let again = if pages.is_empty() {
        request_again(tx, run, by).await?
    } else {
        run_of_pages(tx, &source, &pages, by).await?
    };
    retried.runs.push((again.into(), source));
    Ok(())
}

/// Makes a waiting run like this one, unless one waits that does the same.
async fn request_again(tx: &mut Transaction<'_, Postgres>, run: Uuid, by: &str) -> Result<Uuid, StoreError> {
    let waiting = sqlx::query_scalar!(
        "SELECT w.id FROM ingest.runs r JOIN ingest.runs w ON w.source = r.source AND w.state IN ('waiting', 'queued') AND w.id <> r.id
          WHERE r.id = $1 AND ingest.fulfills(w, r.mode, r.since, r.record_limit, r.replay_of, r.file, r.only_stale)
          ORDER BY w.created_at LIMIT 1",
        run
    )
    .fetch_optional(&mut **tx)
    .await
    .doing(WHAT)?;
    if let Some(waiting) = waiting {
        return Ok(waiting);
    }
    let row = sqlx::query!(
        "INSERT INTO ingest.runs (source, mode, trigger, since, record_limit, replay_of, file, only_stale, requested_by, state)
         SELECT source, mode, 'cli', since, record_limit, replay_of, file, only_stale, $2, 'waiting' FROM ingest.runs WHERE id = $1
         RETURNING id, source",
        run,
        by
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    start(tx, &row.source).await?;
    Ok(row.id)
}

/// Ends a run that could not be ended. If a later run of its source has ended well or one is active, what it staged is no
/// longer the newest: a replay of the newest archived answers takes its place.
async fn end_again(
    tx: &mut Transaction<'_, Postgres>,
    run: Uuid,
    by: &str,
    retried: &mut Retried,
) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"SELECT r.source, EXISTS (SELECT FROM ingest.runs o WHERE o.source = r.source AND o.id <> r.id
                  AND (o.state IN ('queued', 'running', 'closing') OR o.created_at > r.created_at AND o.state IN ('complete', 'partial', 'held'))) AS "is_late!"
             FROM ingest.runs r WHERE r.id = $1 FOR UPDATE"#,
        run
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    if row.is_late {
        let replay = sqlx::query_scalar!(
            "INSERT INTO ingest.runs (source, mode, trigger, requested_by, state) VALUES ($1, 'replay', 'cli', $2, 'waiting') RETURNING id",
            row.source,
            by
        )
        .fetch_one(&mut **tx)
        .await
        .doing(WHAT)?;
        start(tx, &row.source).await?;
        retried.runs.push((replay.into(), row.source));
        return Ok(());
    }
    sqlx::query!(
        "WITH again AS (UPDATE ingest.runs SET state = 'closing', finished_at = NULL, message = NULL
                         WHERE id = $1 AND state = 'failed' RETURNING id)
         SELECT queue.enqueue('finish_run', 'close', jsonb_build_object('run', id), 'finish_run:' || id, 20) FROM again",
        run
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    retried.jobs += 1;
    Ok(())
}

async fn start(tx: &mut Transaction<'_, Postgres>, source: &str) -> Result<(), StoreError> {
    sqlx::query!("SELECT ingest.start_waiting($1)", source).execute(&mut **tx).await.map(drop).doing(WHAT)
}

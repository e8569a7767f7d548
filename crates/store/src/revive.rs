//! Dead letters: which there are, and what becomes of them when an operator retries or discards them.
//!
//! When a job was given up, its page failed and its run continued or ended without it (`dead_letters`). A retry brings that
//! back as it was, if the run is still under way. Of a run that has ended, its pages become a run of their own, of mode
//! `pages`, which fetches and parses these pages alone; a crawl becomes a new run that asks for the same.

mod pages;
mod runs;

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use domain::{RunId, SourceSlug};
use queue::Lease;
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use pages::{enqueue_pages, pages_again};
use runs::{crawl_again, end_again};

use crate::{
    Store, StoreError,
    actions::record,
    error::Doing as _,
    failpoint::{Step, commit},
    served_rows::stored_moment,
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

/// Where a page of dead letters ends. Its text is opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadCursor {
    /// When the last one was given up.
    pub at: DateTime<Utc>,
    /// Its number.
    pub id: i64,
}

impl DeadRow {
    /// Returns where a page ends that this one is the last of.
    #[must_use]
    pub fn cursor(&self) -> DeadCursor {
        DeadCursor { at: self.died_at, id: self.id }
    }
}

impl std::fmt::Display for DeadCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at.timestamp_micros(), self.id)
    }
}

impl std::str::FromStr for DeadCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.rsplit_once('-').ok_or(())?;
        Ok(Self { at: stored_moment(at)?, id: id.parse().map_err(drop)? })
    }
}

/// A job that was given up, and what it was about.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Retried {
    /// Number of dead letters.
    pub letters: usize,
    /// Jobs that are queued again, in the run that they were of.
    pub jobs: usize,
    /// Runs that do it, each with its source.
    #[schema(value_type = Vec<Vec<String>>)]
    pub runs: Vec<(RunId, String)>,
    /// Dead letters whose page or run is gone: there is nothing to do.
    pub moot: usize,
}

impl Store {
    /// Returns dead letters, newest first, at most `limit` behind `after`, and how many there are in all.
    pub async fn dead(
        &self,
        which: &WhichDead,
        after: Option<DeadCursor>,
        limit: i64,
    ) -> Result<(Vec<DeadRow>, i64), StoreError> {
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
                  AND ($6::timestamptz IS NULL OR (died_at, id) < ($6, $7))
                ORDER BY died_at DESC, id DESC LIMIT $5"#,
            &which.ids,
            which.source.as_ref().map(SourceSlug::as_str),
            which.reason,
            seconds,
            limit,
            after.map(|after| after.at),
            after.map_or(0, |after| after.id)
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
    pub async fn discard_dead(&self, which: &WhichDead, by: &str) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let letters = take(&mut tx, which).await?;
        let removed = letters.len();
        record_letters(&mut tx, by, "discard_dead", &letters).await?;
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
        record_letters(&mut tx, by, "retry_dead", &letters).await?;
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

async fn start(tx: &mut Transaction<'_, Postgres>, source: &str) -> Result<(), StoreError> {
    sqlx::query!("SELECT ingest.start_waiting($1)", source).execute(&mut **tx).await.map(drop).doing(WHAT)
}

/// Records what was done with dead letters, if there were any.
async fn record_letters(
    tx: &mut Transaction<'_, Postgres>,
    by: &str,
    action: &str,
    letters: &[DeadRow],
) -> Result<(), StoreError> {
    /// Numbers that are named; of more, only how many there are.
    const NAMED: usize = 5;
    if letters.is_empty() {
        return Ok(());
    }
    let mut subject: Vec<String> = letters.iter().take(NAMED).map(|letter| letter.id.to_string()).collect();
    if letters.len() > NAMED {
        subject.push(format!("and {} more", letters.len() - NAMED));
    }
    record(tx, by, action, &subject.join(", "), None).await
}

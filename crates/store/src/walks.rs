//! The ending of each stream's crawl, and what it proves.

use domain::{RunId, SourceSlug};
use sqlx::{Postgres, Transaction};

use queue::{Lease, storable};

use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// How the crawl of one stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct StreamWalk {
    /// The stream.
    pub stream: String,
    /// Whether the crawl saw everything the source publishes there, so that what it did not show is missing.
    pub covers: bool,
    /// Code of the ending.
    pub ending: &'static str,
    /// The last total that the source gave.
    pub promised: Option<u64>,
    /// Number of records that count towards the total, if they were counted.
    pub records: Option<u64>,
    /// Whether the crawl requested everything.
    pub is_whole: bool,
    /// Whether the list cannot have changed between pages.
    pub is_snapshot: bool,
    /// Why the ending is not proven.
    pub unproven: Option<String>,
    /// Whether the only reason is that the stream never ended like this before.
    pub is_unusual: bool,
}

impl StreamWalk {
    /// The ending of a file, which is complete if its sender says so.
    pub fn of_file(stream: impl Into<String>, is_complete: bool) -> Self {
        Self {
            stream: stream.into(),
            covers: is_complete,
            ending: "file",
            promised: None,
            records: None,
            is_whole: is_complete,
            is_snapshot: true,
            unproven: None,
            is_unusual: false,
        }
    }
}

/// How an earlier run ended a stream that it requested as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierWalk {
    /// Code of the ending.
    pub ending: String,
    /// Whether the run was complete, and the ending proven.
    pub is_complete: bool,
    /// Whether the ending was unproven only because the stream never ended like that before.
    pub is_unusual: bool,
}

/// How many earlier endings are considered.
const HISTORY: i64 = 50;

/// What a list page of an interrupted crawl showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPage {
    /// Its position in the crawl.
    pub ordinal: i32,
    /// The records it shows, each as the first 64 bits of a digest.
    pub shown: Vec<i64>,
    /// The total number of records in the list, as the page gives it.
    pub promised: Option<i64>,
}

fn count(number: Option<u64>) -> Option<i64> {
    number.map(|number| i64::try_from(number).unwrap_or(i64::MAX))
}

impl Store {
    /// Returns what the archived list pages of a stream in a run show, in their order.
    pub async fn shown(&self, run: RunId, stream: &str) -> Result<Vec<ShownPage>, StoreError> {
        sqlx::query_as!(
            ShownPage,
            "SELECT ordinal, shown, promised FROM ingest.pages
              WHERE run = $1 AND stream = $2 AND role = 'list' ORDER BY ordinal",
            run.uuid(),
            stream
        )
        .fetch_all(&self.pool)
        .await
        .doing("read what a walk has seen")
    }

    /// Returns how earlier runs ended a stream that they requested as a whole, newest first.
    pub async fn earlier_walks(
        &self,
        source: &SourceSlug,
        stream: &str,
    ) -> Result<Vec<EarlierWalk>, StoreError> {
        sqlx::query_as!(
            EarlierWalk,
            r#"SELECT w.ending, r.state = 'complete' AND w.unproven IS NULL AS "is_complete!", w.is_unusual
                 FROM ingest.walks w JOIN ingest.runs r ON r.id = w.run
                WHERE r.source = $1 AND w.stream = $2 AND w.is_whole AND r.mode IN ('full', 'incremental')
                  AND r.finished_at IS NOT NULL
                ORDER BY r.created_at DESC LIMIT $3"#,
            source.as_str(),
            stream,
            HISTORY
        )
        .fetch_all(&self.pool)
        .await
        .doing("read how a stream ended before")
    }

    /// Ends the crawl of a run, and its job. `walks`: the ending of each stream. `retired`: streams that the source
    /// file no longer names; the run covers them if it saw everything else. An unproven ending makes the run partial.
    pub async fn end_walk(
        &self,
        lease: Lease,
        run: RunId,
        walks: &[StreamWalk],
        retired: &[String],
    ) -> Result<(), StoreError> {
        let what = "end a walk";
        let covered = walks.iter().filter(|walk| walk.covers).map(|walk| walk.stream.clone());
        let covers: Vec<String> = covered.chain(retired.iter().cloned()).collect();
        let unproven: Vec<&str> = walks.iter().filter_map(|walk| walk.unproven.as_deref()).collect();
        let shortfall = (!unproven.is_empty()).then(|| storable(&unproven.join("; ")).into_owned());
        let mut tx = self.pool.begin().await.doing(what)?;
        lease.settle(&mut tx).await?;
        for walk in walks {
            enter(&mut tx, run, walk).await?;
        }
        sqlx::query!(
            "UPDATE ingest.runs SET covers = $2, message = left($3, 2000), walked = true,
                    pages_failed = pages_failed + CASE WHEN $3::text IS NULL THEN 0 ELSE 1 END
              WHERE id = $1",
            run.uuid(),
            &covers,
            shortfall
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        commit(tx, Step::EndCrawl, what).await?;
        self.close_if_parsed(run).await;
        Ok(())
    }
}

async fn enter(tx: &mut Transaction<'_, Postgres>, run: RunId, walk: &StreamWalk) -> Result<(), StoreError> {
    let unproven = walk.unproven.as_deref().map(storable);
    sqlx::query!(
        "INSERT INTO ingest.walks (run, stream, ending, promised, records, is_whole, is_snapshot, unproven, is_unusual)
         VALUES ($1, $2, $3, $4, $5, $6, $7, left($8, 2000), $9)",
        run.uuid(),
        walk.stream,
        walk.ending,
        count(walk.promised),
        count(walk.records),
        walk.is_whole,
        walk.is_snapshot,
        unproven.as_deref(),
        walk.is_unusual
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing("enter how a stream ended")
}

//! The SQL of the schema `ingest`: sources, runs, pages, opportunities, outbox and rate budget.
//!
//! The queue has its own crate; [`Store::queue`] returns it. A statement here may enqueue the jobs that its rows need.
//!
//! Each method is a whole step of the pipeline, in one transaction. Committing a parsed page, for example, writes rows,
//! rejections, counters, follow-up jobs and the end of the job together, or nothing at all. No caller holds a
//! transaction, so no caller can commit half a step.
//!
//! # Map
//!
//! A run from its request to its end, in the order of the pipeline:
//!
//! - `sources`: the sources and streams that a worker knows
//! - `registry`: the versions of source files, and those in force
//! - `control`: what operators set of a source: paused, rate
//! - `ticks`: the timetable's last ticks; each becomes one run
//! - `runs`: requests and states of runs, cursors, and what starts when a run ends
//! - `items`: one opportunity again, beside the runs of its source
//! - `budget`: slots of a source's rate, shared by all workers
//! - `hosts`: hosts that fail, and when they are asked again
//! - `walks`: how the crawl of each stream ended, and what earlier crawls ended with
//! - `pages`: archived answers and their validators
//! - `reuse`: pages whose bytes were parsed before
//! - `visits`: detail pages that are not due, for which their last visit stands
//! - `replay`: which archived pages a replay parses again
//! - `stale`: rows that an older source file or older rules have read
//! - `commit/`: what was parsed from pages, with the ends of their jobs: in groups (`group`), large pages in parts (`parts`)
//! - `rejections`: rejected records, and warnings
//! - `rows/`: the columns of an opportunity (`columns`, `columns/`), known drafts (`known`), staging (`stage`, by `copy`), publication (`publish`)
//! - `audit/`: rows beside their past (`gather`), as numbers (`measure`, `statistics`), the doubts (`judge`), and lists that lack too much (`absence`)
//! - `finish`, `finish/`: the end of a run: what becomes of it (`verdict`), what it closes (`close`), publication before its end
//!   (`checkpoint`), an operator's decisions (`decide`, `revert`), and the own pages of what a walk missed (`second_look`)
//! - `cancel`: the end of a run that nobody wants any more
//! - `house_contacts`: addresses that a portal prints beside every post
//!
//! After a run, and beside it:
//!
//! - `matching`, `matching/`: duplicates: keys and pairs (`keys`), what is compared (`members`), and an operator's decisions (`review`)
//! - `targets`: the vector indexes that are kept in step, and their verifications
//! - `served`: which index searches go to, and which are kept besides
//! - `vector_cache`: vectors that were made before
//! - `outbox`: requests to update the points of an index, and the ledger of what it holds
//! - `index_rows`: opportunities as an index needs them, beside what it holds
//! - `dead_letters`: what follows from a job that is given up
//! - `revive`, `revive/`: dead letters that an operator retries or discards: their pages (`pages`), and their runs (`runs`)
//! - `prune`: the removal of old runs and of all that belongs to them
//! - `reap`: jobs of dead workers, and follow-up jobs that were not enqueued
//!
//! What people ask:
//!
//! - `actions`: the record of what people and services did
//! - `tokens`: who may use API and console
//! - `watched`: what may be wrong, for alerts
//! - `alerts`: what is wrong, and to whom it was reported
//! - `silences`: what is not reported for a while
//! - `notifications`: messages that wait to be sent
//! - `certificates`: until when the certificates of hosts are valid
//! - `digest`: what a day brought
//! - `feed`: the changes that other services follow
//! - `served_rows`: opportunities as other services read them, by filters
//! - `freshness`: how fresh the sources are
//! - `holdings`: what is held
//! - `preview`: what publishing a run or some pages would change
//! - `timeline`: what a run did, and when
//! - `explain`: origin and history of an opportunity
//! - `shown`: what a search may show, and an opportunity to which others are similar
//! - `served_closing`: the same in the order in which they close, and counts with a limit
//! - `served_after`: the time from a fetched page to its served rows
//! - `overview`: the figures of `oim-etl status`
//! - `figures`: the further figures of `/metrics`
//!
//! Under all of it:
//!
//! - `schema`: migrations, roles, and whether this program fits the database
//! - `words`: stored words, as types
//! - `error`: failures, worded for an operator
//! - `failpoint`: the steps at which a test lets the process die

mod actions;
mod alerts;
mod audit;
mod budget;
mod cancel;
mod certificates;
mod commit;
mod control;
mod dead_letters;
mod digest;
mod error;
mod explain;
pub mod failpoint;
mod feed;
mod figures;
mod finish;
mod freshness;
mod holdings;
mod hosts;
mod house_contacts;
mod index_rows;
mod items;
mod matching;
mod notifications;
mod outbox;
mod overview;
mod pages;
mod preview;
mod prune;
mod reap;
mod registry;
mod rejections;
mod replay;
mod reuse;
mod revive;
mod rows;
mod runs;
mod schema;
mod served;
mod served_after;
mod served_closing;
mod served_rows;
mod shown;
mod silences;
mod sources;
mod stale;
mod targets;
mod ticks;
mod timeline;
mod tokens;
mod vector_cache;
mod visits;
mod walks;
mod watched;
mod words;

use std::{any::Any, fmt, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use error::Doing as _;
use queue::Queue;
use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub use actions::ActionRow;
pub use alerts::{Alert, Finding, Routing};
pub use budget::{AnswerNoted, Slot, SlotWanted};
pub use certificates::Certificate;
pub use commit::{GROUP, PageCommit, ParsedPage, Reading, Tally, Unchanged, Wanted};
pub use control::SourceState;
pub use digest::{DigestFigures, HeldRun, Moved};
pub use error::StoreError;
pub use explain::{Duplicate, OpportunityHistory, Step};
pub use feed::FeedEntry;
pub use figures::{DeadCount, Figures, SourceFigures};
pub use finish::{Left, Missed, Reverted, Withdrawn};
pub use freshness::{DayOfRuns, Freshness};
pub use holdings::Holdings;
pub use hosts::{Failing, FailingHost, HostFailed, HostTurn, LONGEST_REST};
pub use index_rows::{Compared, IndexRow};
pub use items::Item;
pub use matching::{DoubtedPair, DoubtedSide, Houses, PairCursor, PairDecision};
pub use notifications::{ChannelState, Message, Notification};
pub use outbox::{Became, Claimed};
pub use overview::{Overview, PoolState};
pub use pages::{Archived, NewListPage, PageRow, Validator};
pub use preview::{Change, PagePreview, Preview};
pub use prune::{Pruned, Retention};
pub use registry::{FileInForce, FileVersion, NewFile, RefusedFiles};
pub use rejections::{DoubtedRow, RejectionCount, RejectionRow, RejectionTotal, WhichRejections};
pub use revive::{DeadCursor, DeadRow, Retried, WhichDead};
pub use rows::{KnownDrafts, Origin, fields_of_columns};
pub use runs::{Entered, FileRef, RunRequest, RunRow, WhichRuns};
pub use schema::Schema;
pub use served::Served;
pub use served_after::ServedAfter;
pub use served_closing::ClosingCursor;
pub use served_rows::{Cursor, Filters, ServedPlace, ServedRow};
pub use shown::Standing;
pub use silences::Silence;
pub use sources::SourceRow;
pub use stale::{Replayed, Stale};
pub use targets::{SetAside, Target, TargetId, TargetState, Verified};
pub use ticks::Fired;
pub use timeline::{RunChange, Timeline};
pub use tokens::{Digest, TokenRow};
pub use vector_cache::TextDigest;
pub use visits::{Visit, Visits};
pub use walks::{EarlierWalk, ShownPage, StreamWalk};
pub use watched::{Watched, Yield};
pub use words::{
    AlertKind, Channel, Decision, Event, FileOrigin, Mode, Notice, PageRole, PageState, RunOutcome, RunState,
    Scope, Status, Trigger, UnknownWord,
};

/// A connection that was used within this time is taken from the pool without a ping.
const FRESH: Duration = Duration::from_secs(1);
/// Longest wait for the server.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A pool of connections to the database, with all operations on the schema `ingest`.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    queue: Queue,
    /// A value that must outlive the pool, such as a private server.
    _keeps: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens a pool of at most `connections`. Fails at once if the server refuses the connection, and if it does
    /// not answer within 10 seconds.
    pub async fn connect(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(StoreError::bad_url)?;
        // Each process has a name of its own: the reaper ends what a dead worker has left open.
        let options = options.application_name(&format!("oim-etl {}", uuid::Uuid::now_v7()));
        let place = error::place_of(&options);
        // A pool tries again and again until its time is over. Who cannot be reached at all is named at once.
        match tokio::time::timeout(ANSWER_WITHIN, PgConnection::connect_with(&options)).await {
            Ok(Ok(connection)) => connection.close().await.unwrap_or_default(),
            Ok(Err(source)) => return Err(StoreError::Unreachable { place, source }),
            Err(_) => return Err(StoreError::Unreachable { place, source: sqlx::Error::PoolTimedOut }),
        }
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ANSWER_WITHIN)
            // A ping before each use made up half of all round trips. Only an idle connection needs one: its server may
            // have been restarted since.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move { Ok(meta.idle_for < FRESH || connection.ping().await.is_ok()) })
            })
            // Compiling a plan takes longer than any statement here runs: with JIT, a day's ingest took four times as
            // long. A page read at random costs about as much as the next one on the disks of today. With the default
            // of 4, PostgreSQL reads a whole table of 100,000 rows to look up the 5,000 of a group of pages. A batch of
            // staged rows is put in order in memory: with the default of 4 MB, a file took a tenth of the time.
            // Who is stopped within a transaction (a paused machine, Ctrl-Z) would keep its locks for as long as it sleeps. A worker's are
            // ended when its lease is over; this is for commands, and for a worker that has nobody beside it.
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection
                        .execute("SET jit = off; SET random_page_cost = 1.1; SET work_mem = '32MB'; SET idle_in_transaction_session_timeout = '1min'")
                        .await
                        .map(drop)
                })
            })
            .connect_with(options)
            .await
            .map_err(|source| StoreError::Unreachable { place, source })?;
        Ok(Self { queue: Queue::new(pool.clone()), pool, _keeps: None })
    }

    /// Keeps `server` until the last clone of this store is dropped.
    #[must_use]
    pub fn keeping(self, server: Arc<dyn Any + Send + Sync>) -> Self {
        Self { _keeps: Some(server), ..self }
    }

    /// Checks that the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map(drop).doing("answer a ping")
    }

    /// Returns the time of the database, which all workers share.
    pub async fn now(&self) -> Result<DateTime<Utc>, StoreError> {
        sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#)
            .fetch_one(&self.pool)
            .await
            .doing("ask the database for the time")
    }

    /// Closes the pool after pending statements have ended.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Returns how many connections of the pool are in use, and how many are not.
    pub fn connections(&self) -> (usize, usize) {
        let idle = self.pool.num_idle();
        (usize::try_from(self.pool.size()).unwrap_or(0).saturating_sub(idle), idle)
    }

    /// Returns the queue of this database.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Returns the pool, for tests and benchmarks that inspect rows.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    #[test]
    fn the_map_names_every_file() {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = fs::read_dir(&src).unwrap().map(|entry| entry.unwrap().path());
        let files: BTreeSet<String> =
            files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        let map = fs::read_to_string(src.join("lib.rs")).unwrap();
        let lines = map.lines().filter_map(|line| line.strip_prefix("//! - `")?.split(['`', '/']).next());
        let mut named: BTreeSet<String> = lines.map(str::to_owned).collect();
        named.insert("lib".to_owned());
        assert_eq!(named, files);
    }
}

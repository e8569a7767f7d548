//! The steps of a run at which a test lets the process die, before or after each.
//!
//! [`Step::ALL`] is the list: every transaction of this crate commits through `commit`, which names its step, and
//! `tests/it/crash/failpoints.rs` has a scenario for each step, or does not compile. With the feature `failpoints`, which only the tests
//! turn on, a process aborts where the variable `OIM_FAILPOINT` says: `before:commit_page`, `after:end_run`. With `stop:before:commit_page`
//! it stops there (SIGSTOP) until the test wakes it. Without the feature nothing of this is left in the program.

use sqlx::{Postgres, Transaction};

use crate::{StoreError, error::Doing as _};

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $name:literal,)*) => {
        /// A step whose effect is whole or absent, whenever the process dies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Step { $($(#[$doc])* $step,)* }

        impl Step {
            /// Every step, in the order of a run.
            pub const ALL: &[Self] = &[$(Self::$step,)*];

            /// Returns its name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$step => $name,)* }
            }
        }
    };
}

steps! {
    /// A worker registers the sources it knows.
    RegisterSources = "register_sources",
    /// The reaper enqueues what dead workers left.
    Reap = "reap",
    /// The reaper closes what passed its date.
    CloseByDate = "close_by_date",
    /// An answer is written to the archive.
    ArchiveAnswer = "archive_answer",
    /// A list page or a file is entered.
    EnterListPage = "enter_list_page",
    /// A detail page is entered, to be parsed by a job of its own.
    EnterDetail = "enter_detail",
    /// A detail page is gone.
    DetailGone = "detail_gone",
    /// The crawl of a run has ended.
    EndCrawl = "end_crawl",
    /// The archived pages of a replay are entered.
    CopyArchive = "copy_archive",
    /// The rows of a page are written to `ingest.staged`.
    StageRows = "stage_rows",
    /// A part of a large page is committed.
    CommitPart = "commit_part",
    /// Pages that were ready together are committed, or the last part of a large one.
    CommitPage = "commit_page",
    /// The end of a run whose pages are all parsed is enqueued.
    StartClosing = "start_closing",
    /// New rows of a long run are published.
    PublishNew = "publish_new",
    /// Pages whose staged rows were lost are enqueued again.
    ParseAgain = "parse_again",
    /// The audit of a large run believes it, and its rows are published in batches from now on.
    Believe = "believe",
    /// A batch of the staged rows of a large run becomes served rows.
    PublishBatch = "publish_batch",
    /// The staged rows of a run become served ones.
    PublishRows = "publish_rows",
    /// What a run proves gone is closed.
    CloseMissing = "close_missing",
    /// The cursors move.
    MoveCursors = "move_cursors",
    /// A run is audited, and published or held.
    EndRun = "end_run",
    /// An operator publishes a held run.
    PublishHeld = "publish_held",
    /// An operator discards a held run.
    DiscardHeld = "discard_held",
    /// An operator reverts a published run.
    Revert = "revert",
    /// A worker registers the index that it keeps.
    RegisterTarget = "register_target",
    /// An index is kept in step, whatever model is configured.
    KeepTarget = "keep_target",
    /// Points that are missing are requested.
    RequestPoints = "request_points",
    /// Vectors are kept for the next time that their texts are seen.
    KeepVectors = "keep_vectors",
    /// Points are written to the index.
    WritePoints = "write_points",
    /// The ledger notes what the index holds.
    WriteLedger = "write_ledger",
    /// The outbox is empty.
    EndEmbedding = "end_embedding",
    /// Searches go to another index.
    Serve = "serve_index",
    /// The alias on the server follows.
    MoveAlias = "move_alias",
    /// The clusters of changed rows are written.
    WriteClusters = "write_clusters",
    /// All changed rows are compared.
    EndMatching = "end_matching",
}

/// Dies here if a test wants to know what is left when a process dies before this step.
pub fn before(step: Step) {
    reached("before", step);
}

/// The same after this step.
pub fn after(step: Step) {
    reached("after", step);
}

#[cfg(feature = "failpoints")]
fn reached(moment: &str, step: Step) {
    static ARMED: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("OIM_FAILPOINT").ok());
    // Once: whoever wakes up continues.
    static STOPPED: std::sync::Once = std::sync::Once::new();
    let Some(armed) = ARMED.as_deref() else { return };
    let point = armed.strip_prefix("stop:");
    if point.unwrap_or(armed).strip_prefix(moment).and_then(|rest| rest.strip_prefix(':'))
        != Some(step.name())
    {
        return;
    }
    if point.is_none() {
        std::process::abort();
    }
    STOPPED.call_once(|| {
        let stopped = std::process::Command::new("sh").args(["-c", "kill -STOP $PPID"]).status();
        assert!(stopped.is_ok_and(|status| status.success()), "the process cannot stop itself");
    });
}

#[cfg(not(feature = "failpoints"))]
fn reached(_: &str, _: Step) {}

/// Does a step that is one statement, or is not in this database.
pub async fn step<T, E>(step: Step, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    before(step);
    let done = work.await?;
    after(step);
    Ok(done)
}

/// Commits a step. `what`: the action that failed, for the error.
pub(crate) async fn commit(
    tx: Transaction<'_, Postgres>,
    step: Step,
    what: &'static str,
) -> Result<(), StoreError> {
    before(step);
    tx.commit().await.doing(what)?;
    after(step);
    Ok(())
}

//! Runs, from request to end.

use chrono::{DateTime, Utc};
use domain::{RunId, SourceSlug};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Cursor, Decision, Mode, RunOutcome, RunState, Store, StoreError, Trigger,
    actions::record,
    error::{Doing as _, stored_json},
    failpoint::{Step, after, before},
};

/// A request for a run, from any trigger.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The partner.
    pub source: SourceSlug,
    /// How much to request.
    pub mode: Mode,
    /// What requests it.
    pub trigger: Trigger,
    /// Request only what is newer than this; replaces the cursor.
    pub since: Option<DateTime<Utc>>,
    /// Stop after this many records.
    pub limit: Option<i32>,
    /// A key of the caller; the same key never creates two runs.
    pub idempotency_key: Option<String>,
    /// Name of the person or service that requests it.
    pub requested_by: String,
    /// The run whose archive is parsed again; only with [`Mode::Replay`]. `None`: the newest archived answers of the
    /// source.
    pub replay_of: Option<RunId>,
    /// Whether to parse only the pages of rows that an older source file or older rules have read; only with
    /// [`Mode::Replay`] of no one run.
    pub only_stale: bool,
    /// The file to parse; only with [`Mode::File`].
    pub file: Option<FileRef>,
}

impl RunRequest {
    /// An incremental run without further options.
    pub fn new(source: SourceSlug, trigger: Trigger, requested_by: impl Into<String>) -> Self {
        Self {
            source,
            mode: Mode::Incremental,
            trigger,
            since: None,
            limit: None,
            idempotency_key: None,
            requested_by: requested_by.into(),
            replay_of: None,
            only_stale: false,
            file: None,
        }
    }
}

/// A file in the archive that a partner sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileRef {
    /// The stream it holds.
    pub stream: String,
    /// Its original name.
    pub name: String,
    /// Its key in the archive.
    pub key: String,
    /// Hexadecimal SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Whether it is the whole list, so that what it does not show is missing.
    pub complete: bool,
}

/// The answer to a [`RunRequest`].
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct Entered {
    /// The run that serves the request.
    #[schema(value_type = Uuid)]
    pub run: RunId,
    /// Whether the request created it.
    pub is_new: bool,
}

/// A stored run.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[allow(missing_docs, reason = "the columns of ingest.runs, documented in migrations/0002_ingest.sql")]
pub struct RunRow {
    #[schema(value_type = Uuid)]
    pub id: RunId,
    pub source: String,
    pub mode: Mode,
    pub trigger: Trigger,
    pub state: RunState,
    pub since: Option<DateTime<Utc>>,
    pub record_limit: Option<i32>,
    #[schema(value_type = Option<Uuid>)]
    pub replay_of: Option<RunId>,
    pub only_stale: bool,
    #[schema(value_type = Option<Uuid>)]
    pub revert_of: Option<RunId>,
    pub walked: bool,
    pub covers: Vec<String>,
    pub file: Option<FileRef>,
    pub pages_open: i32,
    pub pages: i32,
    pub pages_failed: i32,
    pub requests: i32,
    pub seen: i32,
    pub created: i32,
    pub changed: i32,
    pub unchanged: i32,
    pub rejected: i32,
    pub closed: i32,
    pub embedded: i32,
    pub message: Option<String>,
    pub doubts: Vec<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub last_fetch_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    pub decision: Option<Decision>,
    pub decided_by: Option<String>,
    pub outcome: RunOutcome,
}

struct Raw {
    id: Uuid,
    source: String,
    mode: Mode,
    trigger: Trigger,
    state: RunState,
    since: Option<DateTime<Utc>>,
    record_limit: Option<i32>,
    replay_of: Option<Uuid>,
    only_stale: bool,
    revert_of: Option<Uuid>,
    walked: bool,
    covers: Vec<String>,
    file: Option<serde_json::Value>,
    pages_open: i32,
    pages: i32,
    pages_failed: i32,
    requests: i32,
    seen: i32,
    created: i32,
    changed: i32,
    unchanged: i32,
    rejected: i32,
    closed: i32,
    embedded: i32,
    message: Option<String>,
    doubts: Vec<String>,
    published_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    last_fetch_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    decision: Option<Decision>,
    decided_by: Option<String>,
    outcome: RunOutcome,
}

impl TryFrom<Raw> for RunRow {
    type Error = StoreError;
    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            id: raw.id.into(),
            source: raw.source,
            mode: raw.mode,
            trigger: raw.trigger,
            state: raw.state,
            since: raw.since,
            record_limit: raw.record_limit,
            replay_of: raw.replay_of.map(RunId::from),
            only_stale: raw.only_stale,
            revert_of: raw.revert_of.map(RunId::from),
            walked: raw.walked,
            covers: raw.covers,
            file: raw.file.map(|file| stored_json("ingest.runs.file", &file)).transpose()?,
            pages_open: raw.pages_open,
            pages: raw.pages,
            pages_failed: raw.pages_failed,
            requests: raw.requests,
            seen: raw.seen,
            created: raw.created,
            changed: raw.changed,
            unchanged: raw.unchanged,
            rejected: raw.rejected,
            closed: raw.closed,
            embedded: raw.embedded,
            message: raw.message,
            doubts: raw.doubts,
            published_at: raw.published_at,
            created_at: raw.created_at,
            started_at: raw.started_at,
            last_fetch_at: raw.last_fetch_at,
            finished_at: raw.finished_at,
            decision: raw.decision,
            decided_by: raw.decided_by,
            outcome: raw.outcome,
        })
    }
}

/// The action that failed when a run is requested.
const ENTER: &str = "enter a run";

/// Which runs to list. What is empty lets every run pass.
#[derive(Debug, Clone, Default)]
pub struct WhichRuns {
    /// Those of these sources.
    pub sources: Vec<String>,
    /// Those that stand so.
    pub states: Vec<RunOutcome>,
    /// Those that were requested at this time or later.
    pub since: Option<DateTime<Utc>>,
}

impl Store {
    /// Creates a run and its first job, or returns the run that already does what is requested.
    pub async fn request_run(&self, request: &RunRequest) -> Result<Entered, StoreError> {
        let mut tx = self.pool.begin().await.doing(ENTER)?;
        let row = sqlx::query!(
            r#"SELECT run AS "run!", is_new AS "is_new!"
                 FROM ingest.request_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
            request.source.as_str(),
            request.mode.as_str(),
            request.trigger.as_str(),
            request.since,
            request.limit,
            request.idempotency_key,
            request.requested_by,
            request.replay_of.map(RunId::uuid),
            request.file.as_ref().map(|file| serde_json::json!(file)),
            request.only_stale
        )
        .fetch_one(&mut *tx)
        .await
        .doing(ENTER)?;
        let entered = Entered { run: row.run.into(), is_new: row.is_new };
        if entered.is_new && matches!(request.trigger, Trigger::Cli | Trigger::Http) {
            let detail = format!("{} run {}", request.mode, entered.run);
            record(&mut tx, &request.requested_by, "ingest", request.source.as_str(), Some(&detail)).await?;
        }
        tx.commit().await.doing(ENTER)?;
        Ok(entered)
    }

    /// Returns a run by its id.
    pub async fn run(&self, id: RunId) -> Result<RunRow, StoreError> {
        let found = self.select_runs(Some(&[id.uuid()]), None, 1).await?;
        found.into_iter().next().ok_or_else(|| StoreError::Missing(format!("run {id}")))
    }

    /// Returns the newest runs, of one source or of all.
    pub async fn runs(&self, source: Option<&SourceSlug>, limit: i64) -> Result<Vec<RunRow>, StoreError> {
        self.select_runs(None, source.map(SourceSlug::as_str), limit).await
    }

    /// Returns the runs whose id begins with these characters: newest first, and a few at most.
    pub async fn runs_like(&self, begin: &str) -> Result<Vec<RunId>, StoreError> {
        let found = sqlx::query_scalar!(
            "SELECT id FROM ingest.runs WHERE starts_with(id::text, lower($1)) ORDER BY created_at DESC LIMIT 10",
            begin
        )
        .fetch_all(&self.pool)
        .await
        .doing("find a run")?;
        Ok(found.into_iter().map(RunId::from).collect())
    }

    /// Returns runs, newest first, at most `limit` behind `after`, and how many there are in all.
    pub async fn runs_where(
        &self,
        which: &WhichRuns,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<(Vec<RunRow>, i64), StoreError> {
        let what = "list the runs";
        let states: Vec<&str> = which.states.iter().map(|state| state.as_str()).collect();
        let ids = sqlx::query_scalar!(
            "SELECT id FROM ingest.runs
              WHERE ($1::text[] = '{}' OR source = ANY ($1)) AND ($2::text[] = '{}' OR ingest.outcome(state, decision, message) = ANY ($2))
                AND ($3::timestamptz IS NULL OR created_at >= $3)
                AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
              ORDER BY created_at DESC, id DESC LIMIT $6",
            &which.sources,
            &states as &[&str],
            which.since,
            after.map(|after| after.at),
            after.map(|after| after.id),
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        let all = sqlx::query_scalar!(
            r#"SELECT count(*) AS "all!" FROM ingest.runs
                WHERE ($1::text[] = '{}' OR source = ANY ($1)) AND ($2::text[] = '{}' OR ingest.outcome(state, decision, message) = ANY ($2))
                  AND ($3::timestamptz IS NULL OR created_at >= $3)"#,
            &which.sources,
            &states as &[&str],
            which.since
        )
        .fetch_one(&self.pool)
        .await
        .doing(what)?;
        Ok((self.select_runs(Some(&ids), None, limit).await?, all))
    }

    async fn select_runs(
        &self,
        ids: Option<&[Uuid]>,
        source: Option<&str>,
        limit: i64,
    ) -> Result<Vec<RunRow>, StoreError> {
        let rows = sqlx::query_as!(
            Raw,
            r#"SELECT id AS "id!", source AS "source!", mode AS "mode!: Mode", trigger AS "trigger!: Trigger", state AS "state!: RunState", since,
                      record_limit, replay_of, only_stale AS "only_stale!", revert_of, walked AS "walked!", covers AS "covers!", file, pages_open AS "pages_open!",
                      pages AS "pages!", pages_failed AS "pages_failed!", requests AS "requests!", seen AS "seen!",
                      created AS "created!", changed AS "changed!", unchanged AS "unchanged!", rejected AS "rejected!",
                      closed AS "closed!", embedded AS "embedded!", message, doubts AS "doubts!", published_at, created_at AS "created_at!", started_at,
                      last_fetch_at, finished_at,
                      decision AS "decision: Decision", decided_by, outcome AS "outcome!: RunOutcome"
               FROM ingest.runs_now
              WHERE ($1::uuid[] IS NULL OR id = ANY ($1)) AND ($2::text IS NULL OR source = $2)
               ORDER BY created_at DESC, id DESC LIMIT $3"#,
            ids,
            source,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the runs")?;
        rows.into_iter().map(RunRow::try_from).collect()
    }

    /// Marks a run as started with this version of the source file. A resumed run keeps its start time.
    pub async fn begin_run(&self, run: RunId, spec_version: &str) -> Result<RunRow, StoreError> {
        sqlx::query!(
            "UPDATE ingest.runs SET state = 'running', spec_version = $2, started_at = coalesce(started_at, now()),
                    message = NULL
              WHERE id = $1 AND state IN ('queued', 'running')",
            run.uuid(),
            spec_version
        )
        .execute(&self.pool)
        .await
        .doing("begin a run")?;
        self.run(run).await
    }

    /// Returns the cursor of a stream; `None` before its first complete run.
    pub async fn complete_to(
        &self,
        source: &SourceSlug,
        stream: &str,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        sqlx::query_scalar!(
            "SELECT complete_to FROM ingest.streams WHERE source = $1 AND stream = $2",
            source.as_str(),
            stream
        )
        .fetch_optional(&self.pool)
        .await
        .map(Option::flatten)
        .doing("read the cursor of a stream")
    }

    /// Writes on the run what it waits for, for those who follow it.
    pub async fn note_run(&self, run: RunId, message: &str) -> Result<(), StoreError> {
        let message = queue::storable(message);
        sqlx::query!(
            "UPDATE ingest.runs SET message = left($2, 2000) WHERE id = $1 AND finished_at IS NULL",
            run.uuid(),
            &*message
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("note the state of a run")
    }

    /// Enqueues the end of the run if the page just committed was its last one. Call it after the commit: of two last
    /// pages that commit at once, neither sees the other before. An error here is repaired by the next [`Store::reap`].
    pub(crate) async fn close_if_parsed(&self, run: RunId) {
        before(Step::StartClosing);
        if let Ok(mut connection) = self.pool.acquire().await {
            let _ = close_if_parsed(&mut connection, run).await;
        }
        after(Step::StartClosing);
    }
}

/// Enqueues the end of a run whose crawl is over and whose pages are all parsed.
pub(crate) async fn close_if_parsed(connection: &mut PgConnection, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH closing AS (
           UPDATE ingest.runs r SET state = 'closing'
            WHERE r.id = $1 AND r.walked AND r.state IN ('queued', 'running')
              AND NOT EXISTS (SELECT FROM ingest.pages p WHERE p.run = $1 AND p.state IN ('wanted', 'archived'))
           RETURNING r.id, r.mode)
         SELECT queue.enqueue('finish_run', 'close', jsonb_build_object('run', id), 'finish_run:' || id,
                CASE mode WHEN 'item' THEN 30 ELSE 20 END) FROM closing",
        run.uuid()
    )
    .execute(connection)
    .await
    .map(drop)
    .doing("end a run whose pages are parsed")
}

/// Starts the run that waits longest for a source, after `ended`, a run of it, has ended in the same transaction.
pub(crate) async fn start_waiting(connection: &mut PgConnection, ended: RunId) -> Result<(), StoreError> {
    sqlx::query!("SELECT ingest.start_waiting(source) FROM ingest.runs WHERE id = $1", ended.uuid())
        .execute(connection)
        .await
        .map(drop)
        .doing("start a waiting run")
}

//! What a replay parses again: the archive of one run, or the newest archived answers of a source.

use domain::{DraftDigest, RunId, SourceSlug};
use queue::Lease;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Mode, PageRole, PageRow, PageState, Replayed, Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// The action that failed, for the errors of this file.
const WHAT: &str = "read the archived pages of a source";

impl Store {
    /// Returns the archived pages that a replay parses again.
    pub async fn archive_of(
        &self,
        source: &SourceSlug,
        which: Replayed<'_>,
    ) -> Result<Vec<PageRow>, StoreError> {
        let mut connection = self.pool.acquire().await.doing(WHAT)?;
        let pages = archived_pages(&mut connection, source.as_str(), which).await?;
        sqlx::query_as!(
            PageRow,
            r#"SELECT p.id, p.run AS "run: Uuid", r.source, r.mode AS "mode: Mode", p.stream, p.role AS "role: PageRole", p.ordinal, p.url, p.request, p.take,
                      p.state AS "state: PageState", p.status, p.headers, p.archive_key, p.sha256, p.bytes, p.parts, $2::boolean AS "replaces_newer!", p.fetched_at
                 FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run WHERE p.id = ANY ($1) ORDER BY p.fetched_at, p.id"#,
            &pages,
            matches!(which, Replayed::Run(_))
        )
        .fetch_all(&mut *connection)
        .await
        .doing(WHAT)
    }

    /// Returns the runs whose pages [`Store::archive_of`] returns.
    pub async fn runs_of_archive(
        &self,
        source: &SourceSlug,
        run: Option<RunId>,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut connection = self.pool.acquire().await.doing(WHAT)?;
        let pages = archived_pages(&mut connection, source.as_str(), run.into()).await?;
        let runs = sqlx::query_scalar!("SELECT DISTINCT run FROM ingest.pages WHERE id = ANY ($1)", &pages)
            .fetch_all(&mut *connection)
            .await
            .doing("find the runs of an archive")?;
        Ok(runs.into_iter().map(RunId::from).collect())
    }

    /// Copies the archived pages into a replay, and enqueues their parsing. Returns how many pages were copied.
    pub async fn replay_pages(
        &self,
        lease: Lease,
        replay: RunId,
        which: Replayed<'_>,
    ) -> Result<u64, StoreError> {
        let what = "enter the pages of a replay";
        let mut tx = self.pool.begin().await.doing(what)?;
        lease.check(&mut tx).await?;
        let source = sqlx::query_scalar!("SELECT source FROM ingest.runs WHERE id = $1", replay.uuid())
            .fetch_optional(&mut *tx)
            .await
            .doing(what)?
            .ok_or_else(|| StoreError::Missing(format!("run {replay}")))?;
        let pages = archived_pages(&mut tx, &source, which).await?;
        let copied = sqlx::query_scalar!(
            r#"WITH copied AS (
                 INSERT INTO ingest.pages (run, stream, role, ordinal, url, request, take, state, status, content_type,
                        headers, archive_key, sha256, bytes, fetched_at)
                 SELECT $1, a.stream, a.role, row_number() OVER (PARTITION BY a.role, a.stream ORDER BY a.fetched_at, a.id) - 1, a.url,
                        a.request, NULL, 'archived', a.status, a.content_type, a.headers, a.archive_key, a.sha256, a.bytes, a.fetched_at
                   FROM ingest.pages a WHERE a.id = ANY ($2)
                 ON CONFLICT DO NOTHING RETURNING id, role),
               -- Detail pages wait for the list records of now: commit/relink.rs.
               queued AS (
                 INSERT INTO queue.jobs (kind, lane, payload, key)
                 SELECT 'parse_page', 'read:' || $3, jsonb_build_object('page', id), 'parse_page:' || id FROM copied
                  WHERE role <> 'detail' OR NOT EXISTS (SELECT FROM copied WHERE role <> 'detail'))
               SELECT count(*) AS "count!" FROM copied"#,
            replay.uuid(),
            &pages,
            source
        )
        .fetch_one(&mut *tx)
        .await
        .doing(what)?;
        commit(tx, Step::CopyArchive, what).await?;
        Ok(u64::try_from(copied).unwrap_or(0))
    }
}

/// Returns the numbers of the pages that a replay parses again.
async fn archived_pages(
    connection: &mut PgConnection,
    source: &str,
    which: Replayed<'_>,
) -> Result<Vec<i64>, StoreError> {
    match which {
        Replayed::Run(run) => sqlx::query_scalar!(
            "SELECT id FROM ingest.pages WHERE run = $1 AND archive_key IS NOT NULL",
            run.uuid()
        )
        .fetch_all(connection)
        .await
        .doing(WHAT),
        Replayed::Stale { read_by } => sqlx::query_scalar!(
            r#"WITH stale AS MATERIALIZED (SELECT page FROM ingest.stale_pages($1, $2, $3)),
                    linked AS (SELECT DISTINCT stream FROM ingest.pages WHERE role = 'detail' AND id IN (SELECT page FROM stale)),
                    -- A detail page is read beside its list record.
                    lists AS (
                      SELECT DISTINCT ON (p.stream, p.url, p.request - 'ordinal') p.id FROM ingest.archive_since_walk($1) p
                       WHERE p.role = 'list' AND p.stream IN (SELECT stream FROM linked)
                       ORDER BY p.stream, p.url, p.request - 'ordinal', p.fetched_at DESC, p.id DESC)
               SELECT page AS "page!" FROM stale UNION SELECT id FROM lists"#,
            source,
            read_by,
            &DraftDigest::mark(read_by)[..]
        )
        .fetch_all(connection)
        .await
        .doing(WHAT),
        Replayed::Newest => newest_pages(connection, source).await,
    }
}

/// Returns the newest archived answer for each list page and each record of a source, from the last walk that covered a stream
/// whole and from everything after it. What an operator discarded or reverted is left out.
async fn newest_pages(connection: &mut PgConnection, source: &str) -> Result<Vec<i64>, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT ON (p.role, p.stream, p.url, CASE WHEN p.role = 'list' THEN p.request - 'ordinal' END) p.id AS "id!"
             FROM ingest.archive_since_walk($1) p
            ORDER BY p.role, p.stream, p.url, CASE WHEN p.role = 'list' THEN p.request - 'ordinal' END, p.fetched_at DESC, p.id DESC"#,
        source
    )
    .fetch_all(connection)
    .await
    .doing(WHAT)
}

//! Pages that were given up, brought back.

use std::collections::BTreeMap;

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{Retried, WHAT, start};
use crate::{RunState, StoreError, error::Doing as _};

/// Brings pages back: in their run while that is under way, else in a new run of their source.
pub(super) async fn pages_again(
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
          WHERE p.id = ANY ($1) AND p.state IN ('wanted', 'archived')
            -- Detail pages of a replay wait for its lists: commit/relink.rs.
            AND NOT (r.mode = 'replay' AND p.role = 'detail' AND EXISTS (
                SELECT FROM ingest.pages l WHERE l.run = r.id AND l.role <> 'detail' AND l.state = 'archived'))",
        pages
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Enqueues what fetches or parses each open page of a run.
pub(super) async fn enqueue_pages(tx: &mut Transaction<'_, Postgres>, run: Uuid) -> Result<(), StoreError> {
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
pub(super) async fn run_of_pages(
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

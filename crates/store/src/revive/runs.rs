//! Crawls and ends of runs that were given up, brought back.

use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{Retried, WHAT, pages::run_of_pages, start};
use crate::{StoreError, error::Doing as _};

/// Asks again for what a crawl that was given up asked for. Of a run of pages, these pages.
pub(super) async fn crawl_again(
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

/// Ends a run that could not be ended. If a later run of its source has ended well or one is active, newer rows than those it staged
/// are served: a replay of the newest archived answers takes its place.
pub(super) async fn end_again(
    tx: &mut Transaction<'_, Postgres>,
    run: Uuid,
    by: &str,
    retried: &mut Retried,
) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"SELECT r.source, EXISTS (SELECT FROM ingest.runs o WHERE o.source = r.source AND o.id <> r.id
                  AND (o.state IN ('queued', 'running', 'closing') AND o.mode <> 'item' OR o.created_at > r.created_at AND o.state IN ('complete', 'partial', 'held') AND o.mode <> 'item')) AS "is_late!"
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

//! The detail pages that a list page links to: a request for each that is worth one, and the last visit for each other.

use queue::storable_json;
use serde_json::Value;
use sqlx::{Postgres, Transaction};

use super::{WHAT, Wanted};
use crate::{Mode, PageRow, StoreError, error::Doing as _, reuse::read_next};

/// What became of the detail pages of a list page, as counts. Those that the run knew before are left out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    /// Those with a request.
    pub(super) wanted: usize,
    /// Those without one: an earlier visit stands for them.
    pub(super) spared: usize,
}

/// Stores the detail pages that the run has not requested yet, and enqueues a job to fetch each. A page that is not due, and whose
/// list record is the same as at its last visit, is not fetched: it gets the answer of that visit. That answer stands only if its
/// run was published, and everything it showed is still served or past its date: what was missed, closed or undone meanwhile
/// is asked for. A full run asks for every page.
pub(super) async fn want(
    tx: &mut Transaction<'_, Postgres>,
    page: &PageRow,
    wanted: &[Wanted],
    read_by: &str,
) -> Result<Asked, StoreError> {
    if wanted.is_empty() {
        return Ok(Asked::default());
    }
    let (urls, cards): (Vec<&str>, Vec<Value>) =
        wanted.iter().map(|wanted| (&*wanted.url, storable_json(wanted.card.clone()))).unzip();
    let keys: Vec<&str> = wanted.iter().map(|wanted| &*wanted.visit.url).collect();
    let digests: Vec<&[u8]> = wanted.iter().map(|wanted| &wanted.visit.card[..]).collect();
    // Two addresses that differ in a session alone are the same page only if the list record names the same record.
    let fresh = sqlx::query!(
        r#"WITH asked AS (SELECT * FROM unnest($4::text[], $5::jsonb[], $7::text[], $8::bytea[]) AS a (url, card, key, digest)),
           standing AS (
             SELECT a.url, p.status, p.content_type, p.headers, p.archive_key, p.sha256, p.bytes, p.fetched_at
               FROM asked a JOIN ingest.visits v ON v.source = $6 AND v.stream = $2 AND v.url = a.key
               JOIN ingest.pages p ON p.id = v.page JOIN ingest.runs r ON r.id = p.run
              WHERE $9 AND v.due_at > clock_timestamp() AND v.card = a.digest AND p.state = 'read' AND p.archive_key IS NOT NULL
                AND (p.url = a.url OR a.card ->> 'external_id' IS NOT NULL)
                AND r.state IN ('complete', 'partial') AND r.decision IS DISTINCT FROM 'reverted'
                AND NOT EXISTS (
                    SELECT FROM unnest(p.seen) AS s (id) LEFT JOIN ingest.opportunities o ON o.id = s.id
                     WHERE o.id IS NULL OR o.missed_by IS NOT NULL
                        OR NOT (o.status = 'open' OR o.closed_why IN ('date', 'ended')))),
           fresh AS (
             INSERT INTO ingest.pages (run, stream, role, ordinal, url, request, state, status, content_type, headers,
                    archive_key, sha256, bytes, fetched_at)
             SELECT $1, $2, 'detail', $3, a.url, a.card, CASE WHEN s.url IS NULL THEN 'wanted' ELSE 'archived' END,
                    s.status, s.content_type, s.headers, s.archive_key, s.sha256, s.bytes, s.fetched_at
               FROM asked a LEFT JOIN standing s ON s.url = a.url
             ON CONFLICT DO NOTHING RETURNING id, state),
           queued AS (
             INSERT INTO queue.jobs (kind, lane, payload, key)
             SELECT 'fetch_page', 'fetch:' || $6, jsonb_build_object('page', id), 'fetch_page:' || id FROM fresh WHERE state = 'wanted')
           SELECT id, state = 'wanted' AS "is_asked!" FROM fresh ORDER BY id"#,
        page.run.uuid(),
        page.stream,
        page.ordinal,
        &urls as &[&str],
        &cards,
        page.source,
        &keys as &[&str],
        &digests as &[&[u8]],
        page.mode != Mode::Full
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let spared: Vec<i64> = fresh.iter().filter(|row| !row.is_asked).map(|row| row.id).collect();
    read_next(tx, &spared, &page.source, read_by).await?;
    Ok(Asked { wanted: fresh.len() - spared.len(), spared: spared.len() })
}

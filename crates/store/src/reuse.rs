//! Pages whose bytes were parsed before. Their earlier result is taken over, and they are not parsed again.

use sqlx::{Postgres, Transaction};

use crate::{StoreError, error::Doing as _};

/// The action that failed, for the errors of this file.
const WHAT: &str = "reuse what a page held before";

/// An earlier page with the same bytes, which the same source file and program parsed in a published run.
struct Earlier {
    /// The page that it may stand for.
    page: i64,
    id: i64,
    /// How many of its opportunities are closed now.
    closed: i64,
    /// How many of its opportunities have other content now: of a newer page, or of a revert or a replay of an older run.
    changed: i64,
}

impl Earlier {
    /// Returns whether parsing the page again would change nothing.
    fn still_holds(&self) -> bool {
        self.closed == 0 && self.changed == 0
    }
}

/// Reuses the result of an earlier parse of the same bytes for each of these archived pages of a source, or enqueues the parsing.
/// Returns the pages that need no parsing.
pub(crate) async fn read_next(
    tx: &mut Transaction<'_, Postgres>,
    pages: &[i64],
    source: &str,
    read_by: &str,
) -> Result<Vec<i64>, StoreError> {
    let reused = reuse(tx, pages, read_by).await?;
    let left: Vec<i64> = pages.iter().copied().filter(|page| !reused.contains(page)).collect();
    if !left.is_empty() {
        sqlx::query!(
            "SELECT queue.enqueue('parse_page', 'read:' || $1, jsonb_build_object('page', p.id), 'parse_page:' || p.id,
                    CASE r.mode WHEN 'item' THEN 30 ELSE 0 END)
               FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run WHERE p.id = ANY ($2) ORDER BY p.id",
            source,
            &left
        )
        .execute(&mut **tx)
        .await
        .doing(WHAT)?;
    }
    Ok(reused)
}

/// Completes archived pages with the result of an earlier one each, where there is one that still holds. Returns those.
async fn reuse(
    tx: &mut Transaction<'_, Postgres>,
    pages: &[i64],
    read_by: &str,
) -> Result<Vec<i64>, StoreError> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let mut earlier = newest(tx, pages, read_by).await?;
    earlier.retain(Earlier::still_holds);
    if !earlier.is_empty() {
        take_over(tx, &earlier, read_by).await?;
    }
    let mut reused: Vec<i64> = earlier.into_iter().map(|earlier| earlier.page).collect();
    reused.sort_unstable();
    Ok(reused)
}

/// Returns the newest earlier page whose result can stand for that of each page. A page that announced detail pages, raised an
/// alarm or was parsed in part does not tell what another visit finds.
async fn newest(
    tx: &mut Transaction<'_, Postgres>,
    pages: &[i64],
    read_by: &str,
) -> Result<Vec<Earlier>, StoreError> {
    sqlx::query_as!(
        Earlier,
        r#"SELECT a.page AS "page!", e.id AS "id!", n.closed AS "closed!", n.changed AS "changed!"
             FROM unnest($1::bigint[]) AS a (page), LATERAL (
               SELECT p.id, p.seen, p.fetched_at, r.finished_at
                 FROM ingest.pages here JOIN ingest.runs mine ON mine.id = here.run
                 JOIN ingest.pages p ON p.sha256 = here.sha256 AND p.stream = here.stream AND p.state = 'read' AND p.role = here.role
                                    AND p.url = here.url AND (p.role <> 'detail' OR p.request = here.request)
                 JOIN ingest.runs r ON r.id = p.run AND r.source = mine.source
                WHERE here.id = a.page AND here.take IS NULL AND p.take IS NULL AND p.read_by = $2 AND p.announced = 0 AND p.alarm IS NULL
                  AND r.state IN ('complete', 'partial') AND r.decision IS DISTINCT FROM 'reverted'
                ORDER BY p.id DESC LIMIT 1) e, LATERAL (
               SELECT count(*) FILTER (WHERE o.status IS DISTINCT FROM 'open') AS closed,
                      count(*) FILTER (WHERE o.content_at > e.fetched_at
                                          OR EXISTS (SELECT FROM ingest.changes c WHERE c.opportunity = s.id AND c.at > e.finished_at)) AS changed
                 FROM unnest(e.seen) AS s (id) LEFT JOIN ingest.opportunities o ON o.id = s.id) n"#,
        pages,
        read_by
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)
}

/// Copies counts, rejections and notes of the earlier pages.
async fn take_over(
    tx: &mut Transaction<'_, Postgres>,
    all: &[Earlier],
    read_by: &str,
) -> Result<(), StoreError> {
    let (pages, earlier): (Vec<i64>, Vec<i64>) = all.iter().map(|one| (one.page, one.id)).unzip();
    sqlx::query!(
        "INSERT INTO ingest.rejections (run, page, source, external_id, code, detail, record)
         SELECT p.run, p.id, x.source, x.external_id, x.code, x.detail, x.record
           FROM unnest($1::bigint[], $2::bigint[]) AS t (page, earlier)
           JOIN ingest.pages p ON p.id = t.page JOIN ingest.rejections x ON x.page = t.earlier ORDER BY x.id",
        &pages,
        &earlier
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "UPDATE ingest.pages p SET state = 'read', records = k.records, seen = k.seen, notes = k.notes, read_by = $3,
                unchanged = k.records - n.rejected, rejected = n.rejected
           FROM unnest($1::bigint[], $2::bigint[]) AS t (page, earlier), ingest.pages k,
                LATERAL (SELECT count(*)::integer AS rejected FROM ingest.rejections x WHERE x.page = k.id) n
          WHERE p.id = t.page AND k.id = t.earlier",
        &pages,
        &earlier,
        read_by
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

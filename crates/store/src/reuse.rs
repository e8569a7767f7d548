//! Pages whose bytes were parsed before. Their earlier result is taken over, and they are not parsed again.

use sqlx::{Postgres, Transaction};

use crate::{StoreError, error::Doing as _};

/// The action that failed, for the errors of this file.
const WHAT: &str = "reuse what a page held before";

/// An earlier page with the same bytes, which the same source file and program parsed in a published run.
struct Earlier {
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

/// Completes an archived page with the result of an earlier one, if there is one that still holds. Returns whether it did.
pub(crate) async fn reuse(
    tx: &mut Transaction<'_, Postgres>,
    page: i64,
    read_by: &str,
) -> Result<bool, StoreError> {
    match newest(tx, page, read_by).await? {
        Some(earlier) if earlier.still_holds() => {
            take_over(tx, page, earlier.id, read_by).await.map(|()| true)
        }
        _ => Ok(false),
    }
}

/// Returns the newest earlier page whose result can stand for that of `page`. A page that announced detail pages, raised an
/// alarm or was parsed in part does not tell what another visit finds.
async fn newest(
    tx: &mut Transaction<'_, Postgres>,
    page: i64,
    read_by: &str,
) -> Result<Option<Earlier>, StoreError> {
    sqlx::query_as!(
        Earlier,
        r#"WITH earlier AS (
             SELECT p.id, p.seen, p.fetched_at, r.finished_at
               FROM ingest.pages here JOIN ingest.runs mine ON mine.id = here.run
               JOIN ingest.pages p ON p.sha256 = here.sha256 AND p.stream = here.stream AND p.state = 'read' AND p.role = here.role
                                  AND p.url = here.url AND (p.role <> 'detail' OR p.request = here.request)
               JOIN ingest.runs r ON r.id = p.run AND r.source = mine.source
              WHERE here.id = $1 AND here.take IS NULL AND p.take IS NULL AND p.read_by = $2 AND p.announced = 0 AND p.alarm IS NULL
                AND r.state IN ('complete', 'partial') AND r.decision IS DISTINCT FROM 'reverted'
              ORDER BY p.id DESC LIMIT 1)
           SELECT e.id, n.closed AS "closed!", n.changed AS "changed!"
             FROM earlier e, LATERAL (
               SELECT count(*) FILTER (WHERE o.status IS DISTINCT FROM 'open') AS closed,
                      count(*) FILTER (WHERE o.content_at > e.fetched_at
                                          OR EXISTS (SELECT FROM ingest.changes c WHERE c.opportunity = s.id AND c.at > e.finished_at)) AS changed
                 FROM unnest(e.seen) AS s (id) LEFT JOIN ingest.opportunities o ON o.id = s.id) n"#,
        page,
        read_by
    )
    .fetch_optional(&mut **tx)
    .await
    .doing(WHAT)
}

/// Copies counts, rejections and notes of the earlier page.
async fn take_over(
    tx: &mut Transaction<'_, Postgres>,
    page: i64,
    earlier: i64,
    read_by: &str,
) -> Result<(), StoreError> {
    let refused = sqlx::query!(
        "INSERT INTO ingest.rejections (run, page, source, external_id, code, detail, record)
         SELECT p.run, p.id, x.source, x.external_id, x.code, x.detail, x.record
           FROM ingest.pages p, ingest.rejections x WHERE p.id = $1 AND x.page = $2 ORDER BY x.id",
        page,
        earlier
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?
    .rows_affected();
    sqlx::query!(
        "UPDATE ingest.pages p SET state = 'read', records = k.records, seen = k.seen, notes = k.notes, read_by = $3,
                unchanged = k.records - $4, rejected = $4
           FROM ingest.pages k WHERE p.id = $1 AND k.id = $2",
        page,
        earlier,
        read_by,
        i32::try_from(refused).unwrap_or(i32::MAX)
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

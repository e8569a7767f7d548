//! Visits to detail pages: when each is due again, and which page stands for it until then.

use std::time::Duration;

use domain::{Found, Revisit, RunId, SourceSlug};
use sqlx::{Postgres, Transaction};

use crate::{Store, StoreError, error::Doing as _};

/// The action that failed, for the errors of this file.
const WHAT: &str = "note the visit of a page";

/// What tells whether a detail page is worth a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its address, without the parameters of campaigns and sessions.
    pub url: String,
    /// Digest of its list record.
    pub card: [u8; 32],
    /// The bounds of the time between two requests.
    pub revisit: Revisit,
}

/// The detail pages of a source, as `sources show` reports them.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Visits {
    /// Detail pages that were visited.
    pub known: i64,
    /// Those that the next run asks again, whatever its list shows.
    pub due: i64,
    /// Seconds until the next of the others is due.
    pub next_in: Option<f64>,
}

impl Store {
    /// Returns how many detail pages of a source are known and due.
    pub async fn visits(&self, source: &SourceSlug) -> Result<Visits, StoreError> {
        sqlx::query_as!(
            Visits,
            r#"SELECT count(*) AS "known!", count(*) FILTER (WHERE due_at <= now()) AS "due!",
                      extract(epoch FROM min(due_at) FILTER (WHERE due_at > now()) - now())::float8 AS next_in
                 FROM ingest.visits WHERE source = $1"#,
            source.as_str()
        )
        .fetch_one(&self.pool)
        .await
        .doing("count the detail pages of a source")
    }

    /// Returns how many detail pages a run did not ask for, because their last visit stands for them.
    pub async fn spared(&self, run: RunId) -> Result<i64, StoreError> {
        sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run
                WHERE r.id = $1 AND r.mode <> 'replay' AND p.role = 'detail' AND p.requests = 0 AND p.archive_key IS NOT NULL"#,
            run.uuid()
        )
        .fetch_one(&self.pool)
        .await
        .doing("count the pages that a run did not ask for")
    }
}

/// Notes that pages were visited, and computes when each is due again. Pages that sent no request, such as those of a replay, are
/// left out.
pub(crate) async fn visited(
    tx: &mut Transaction<'_, Postgres>,
    visits: &[(i64, &Visit)],
) -> Result<(), StoreError> {
    if visits.is_empty() {
        return Ok(());
    }
    let pages: Vec<i64> = visits.iter().map(|(page, _)| *page).collect();
    let urls: Vec<&str> = visits.iter().map(|(_, visit)| &*visit.url).collect();
    // Row by row, by their keys: without statistics PostgreSQL read whole tables for a group of pages, 7 ms each.
    let found = sqlx::query!(
        r#"SELECT p.id, p.changed AS "changed!", (
                    SELECT v.interval_seconds FROM ingest.visits v
                     WHERE v.source = r.source AND v.stream = p.stream AND v.url = a.url) AS "before?"
             FROM unnest($1::bigint[], $2::text[]) AS a (page, url),
                  LATERAL (SELECT d.id, d.run, d.stream, d.created + d.changed > 0 AS changed FROM ingest.pages d
                            WHERE d.id = a.page AND d.role = 'detail' AND d.requests > 0 OFFSET 0) p
             JOIN ingest.runs r ON r.id = p.run AND r.mode <> 'replay'"#,
        &pages,
        &urls as &[&str]
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let (mut of, mut addresses, mut cards, mut intervals, mut dues) =
        (vec![], vec![], vec![], vec![], vec![]);
    for row in found {
        let Some((_, visit)) = visits.iter().find(|(page, _)| *page == row.id) else { continue };
        let before = row.before.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let found = if row.changed { Found::Changed } else { Found::Same };
        let interval = visit.revisit.next(before, found);
        of.push(row.id);
        addresses.push(&*visit.url);
        cards.push(&visit.card[..]);
        intervals.push(interval.as_secs_f64());
        dues.push(Revisit::due_after(interval, visit.card[0]).as_secs_f64());
    }
    // In one order, transactions wait for each other instead of deadlocking.
    sqlx::query!(
        "INSERT INTO ingest.visits AS v (source, stream, url, page, card, visited_at, interval_seconds, due_at)
         SELECT DISTINCT ON (r.source, p.stream, a.url) r.source, p.stream, a.url, p.id, a.card, now(), a.seconds, now() + make_interval(secs => a.due)
           FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::float8[], $5::float8[]) AS a (page, url, card, seconds, due)
           JOIN ingest.pages p ON p.id = a.page JOIN ingest.runs r ON r.id = p.run
          ORDER BY r.source, p.stream, a.url, p.id DESC
         ON CONFLICT (source, stream, url) DO UPDATE SET page = excluded.page, card = excluded.card,
            visited_at = excluded.visited_at, interval_seconds = excluded.interval_seconds, due_at = excluded.due_at",
        &of,
        &addresses as &[&str],
        &cards as &[&[u8]],
        &intervals,
        &dues
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Makes a page due: its last visit no longer stands for it, because it shows its record no more.
pub(crate) async fn due_now(
    tx: &mut Transaction<'_, Postgres>,
    (source, stream): (&str, &str),
    url: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.visits SET due_at = now() WHERE source = $1 AND stream = $2 AND url = $3 AND due_at > now()",
        source,
        stream,
        url
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

//! In a replay, detail pages are parsed after the lists, beside the list records that the source file of now reads. A mended
//! field of the list would otherwise reach no record that has a page of its own.

use domain::RunId;
use queue::storable_json;
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};

use super::{WHAT, Wanted};
use crate::{PageRow, StoreError, error::Doing as _};

/// Gives the detail pages of a replay the list records that a list page was parsed to now.
pub(super) async fn relink(
    tx: &mut Transaction<'_, Postgres>,
    page: &PageRow,
    wanted: &[Wanted],
) -> Result<(), StoreError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let (urls, cards): (Vec<&str>, Vec<Value>) =
        wanted.iter().map(|wanted| (&*wanted.url, storable_json(wanted.card.clone()))).unzip();
    sqlx::query!(
        "UPDATE ingest.pages p SET request = a.card FROM unnest($3::text[], $4::jsonb[]) AS a (url, card)
          WHERE p.run = $1 AND p.role = 'detail' AND p.stream = $2 AND p.url = a.url AND p.state = 'archived'
            AND p.request IS DISTINCT FROM a.card",
        page.run.uuid(),
        page.stream,
        &urls as &[&str],
        &cards
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Enqueues the parsing of the detail pages of a replay once no list page of it is left to parse. Call it after each list page that
/// was parsed or given up. A run of another kind is left alone.
pub(crate) async fn parse_details(connection: &mut PgConnection, run: RunId) -> Result<(), StoreError> {
    // Of two list pages that commit at the same time, the second one sees that the first is parsed.
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 0))", run.uuid())
        .execute(&mut *connection)
        .await
        .doing(WHAT)?;
    sqlx::query!(
        "SELECT queue.enqueue('parse_page', 'read:' || r.source, jsonb_build_object('page', p.id), 'parse_page:' || p.id)
           FROM ingest.runs r JOIN ingest.pages p ON p.run = r.id
          WHERE r.id = $1 AND r.mode = 'replay' AND p.role = 'detail' AND p.state = 'archived'
            AND NOT EXISTS (SELECT FROM ingest.pages l WHERE l.run = $1 AND l.role <> 'detail' AND l.state = 'archived')
          ORDER BY p.id",
        run.uuid()
    )
    .execute(connection)
    .await
    .map(drop)
    .doing(WHAT)
}

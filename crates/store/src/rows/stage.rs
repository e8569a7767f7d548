//! Staging: rows that differ from the published ones lie in `ingest.staged` until their run is published or discarded.
//!
//! A comparison of digests finds what is new or changed. Only those rows are sent, by one `COPY` for each group of pages,
//! into an unlogged table. Unchanged content costs a read and no write.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use domain::{Opportunity, RunId};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{
    columns::{CONTENT, SENT},
    copy::CopyRows,
};
use crate::{StoreError, error::Doing as _};

/// The action that failed, for the errors of this file.
const WHAT: &str = "stage the opportunities";

/// Seconds that Africa/Douala is ahead of UTC, all year.
const DOUALA: i32 = 3_600;

/// The origin of rows.
#[derive(Debug)]
pub struct Origin {
    /// The run that parsed them.
    pub run: RunId,
    /// The page they were on.
    pub page: Option<i64>,
    /// When that page was fetched.
    pub fetched_at: DateTime<Utc>,
    /// Whether they also replace rows of newer pages, because an operator requested the content of this run.
    pub replaces_newer: bool,
}

impl Origin {
    /// Returns the day of the fetch in the partners' time zone.
    fn day(&self) -> NaiveDate {
        let here =
            FixedOffset::east_opt(DOUALA).map(|zone| self.fetched_at.with_timezone(&zone).date_naive());
        here.unwrap_or_else(|| self.fetched_at.date_naive())
    }
}

/// The result of staging.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Staged {
    /// New rows.
    pub(crate) created: usize,
    /// Rows whose published content or state differs.
    pub(crate) changed: usize,
    /// Rows written to `ingest.staged`.
    pub(crate) rows: usize,
}

/// The published row.
struct Served {
    fingerprint: Vec<u8>,
    is_open: bool,
    content_at: DateTime<Utc>,
    by: Uuid,
    first: Uuid,
    draft: Option<Vec<u8>>,
}

/// Stages the rows of several pages that are new or changed. Ids must not repeat within one page. Returns what became of
/// each page, in their order.
pub(crate) async fn stage(
    tx: &mut Transaction<'_, Postgres>,
    pages: &[(&Origin, &[Opportunity])],
) -> Result<Vec<Staged>, StoreError> {
    let served = served(tx, pages).await?;
    let mut copy = CopyRows::default();
    let mut read_alike = Vec::new();
    let staged =
        pages.iter().map(|(origin, rows)| page(origin, rows, &served, &mut copy, &mut read_alike)).collect();
    send(tx, copy).await?;
    remember(tx, read_alike).await?;
    Ok(staged)
}

/// Writes the rows of one page that are new or changed. Collects the drafts that were read to the served content.
fn page(
    origin: &Origin,
    rows: &[Opportunity],
    served: &HashMap<Uuid, Served>,
    copy: &mut CopyRows,
    read_alike: &mut Vec<(Uuid, Vec<u8>)>,
) -> Staged {
    let day = origin.day();
    let mut staged = Staged::default();
    for row in rows {
        let known = served.get(&row.id.uuid());
        let same = known.is_some_and(|known| {
            known.fingerprint == row.fingerprint.as_bytes() && known.is_open == closed_why(row, day).is_none()
        });
        if let (true, Some(known), Some(draft)) = (same, known, row.draft)
            && known.draft.as_deref() != Some(draft.as_bytes())
        {
            read_alike.push((row.id.uuid(), draft.as_bytes().to_vec()));
        }
        match known {
            // This run published it already: at a checkpoint, or before a crash.
            Some(known) if same && known.by == origin.run.uuid() => {
                let is_new = known.first == origin.run.uuid();
                staged.created += usize::from(is_new);
                staged.changed += usize::from(!is_new);
                continue;
            }
            Some(known) if same || (!origin.replaces_newer && known.content_at > origin.fetched_at) => {
                continue;
            }
            Some(_) => staged.changed += 1,
            None => staged.created += 1,
        }
        staged.rows += 1;
        write(copy, origin, day, row);
    }
    staged
}

/// Stores the digests of drafts that gave the published content, so that they are not normalized again.
async fn remember(
    tx: &mut Transaction<'_, Postgres>,
    mut drafts: Vec<(Uuid, Vec<u8>)>,
) -> Result<(), StoreError> {
    if drafts.is_empty() {
        return Ok(());
    }
    // All transactions use the same order, so that they wait for each other instead of deadlocking. Two pages of the
    // group may show one opportunity.
    drafts.sort();
    drafts.dedup_by_key(|(id, _)| *id);
    let (ids, digests): (Vec<Uuid>, Vec<Vec<u8>>) = drafts.into_iter().unzip();
    sqlx::query!(
        "UPDATE ingest.opportunities o SET draft_digest = u.digest
           FROM (SELECT * FROM unnest($1::uuid[], $2::bytea[]) AS u(id, digest) ORDER BY id) u WHERE o.id = u.id",
        &ids,
        &digests
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

async fn served(
    tx: &mut Transaction<'_, Postgres>,
    pages: &[(&Origin, &[Opportunity])],
) -> Result<HashMap<Uuid, Served>, StoreError> {
    let ids: Vec<Uuid> = pages.iter().flat_map(|(_, rows)| *rows).map(|row| row.id.uuid()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = sqlx::query!(
        r#"SELECT id, fingerprint, status = 'open' AS "is_open!", content_at, changed_run, first_run, draft_digest
             FROM ingest.opportunities WHERE id = ANY ($1)"#,
        &ids
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let served = found.into_iter().map(|row| {
        let served = Served {
            fingerprint: row.fingerprint,
            is_open: row.is_open,
            content_at: row.content_at,
            by: row.changed_run,
            first: row.first_run,
            draft: row.draft_digest,
        };
        (row.id, served)
    });
    Ok(served.collect())
}

/// Returns why a row is closed: by the partner, because its last day to answer has passed, or because it has ended.
fn closed_why(row: &Opportunity, day: NaiveDate) -> Option<&'static str> {
    if row.is_closed {
        return Some("partner");
    }
    let last = row.kind.open_until(row.closes_on, row.ends_on).filter(|last| *last < day);
    last.map(|last| if row.closes_on == Some(last) { "date" } else { "ended" })
}

/// Writes one row, its columns in the order of [`SENT`].
fn write(to: &mut CopyRows, origin: &Origin, day: NaiveDate, row: &Opportunity) {
    let closed_why = closed_why(row, day);
    to.begin_row();
    to.uuid(row.id.uuid());
    to.text(row.source.as_str());
    to.text(&row.external_id);
    to.uuid(origin.run.uuid());
    to.text(row.stream.as_str());
    to.number::<i16, _>(Some(row.quality.score));
    to.bytes(Some(row.fingerprint.as_bytes()));
    to.bytes(row.draft.as_ref().map(|draft| draft.as_bytes().as_slice()));
    to.text(if closed_why.is_none() { "open" } else { "closed" });
    to.maybe_text(closed_why);
    to.uuid(origin.run.uuid());
    to.instant(Some(origin.fetched_at));
    to.value(origin.page);
    for column in &CONTENT {
        (column.write)(row, to);
    }
}

async fn send(tx: &mut Transaction<'_, Postgres>, copy: CopyRows) -> Result<(), StoreError> {
    let bytes = copy.into_bytes().map_err(sqlx::Error::Encode).doing(WHAT)?;
    if bytes.is_empty() {
        return Ok(());
    }
    let statement = format!("COPY ingest.staged ({}) FROM STDIN (FORMAT binary)", *SENT);
    let mut into = tx.copy_in_raw(&statement).await.doing(WHAT)?;
    into.send(bytes).await.doing(WHAT)?;
    into.finish().await.map(drop).doing(WHAT)
}

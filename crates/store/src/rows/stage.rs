//! Staging: what a page showed and is not served so lies in `ingest.staged` until its run is judged.
//!
//! A digest pre-check finds what is new or changed; only those rows are sent, by one `COPY` a page, into an unlogged table. Unchanged
//! content costs a read and no write.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use domain::{Opportunity, RunId};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{
    columns::{CONTENT, SENT},
    copy::CopyText,
};
use crate::{StoreError, error::Doing as _};

/// What fails here, in the words of an error.
const WHAT: &str = "stage the opportunities";

/// Seconds Africa/Douala is ahead of UTC, all year.
const DOUALA: i32 = 3_600;

/// Where rows come from.
#[derive(Debug)]
pub struct Origin {
    /// The run that reads them.
    pub run: RunId,
    /// The page they stood on.
    pub page: Option<i64>,
    /// When that page was fetched.
    pub fetched_at: DateTime<Utc>,
    /// Whether they replace rows of newer pages too: an operator asked for the content of this run.
    pub replaces_newer: bool,
}

impl Origin {
    /// The day of the fetch, where the partners are.
    fn day(&self) -> NaiveDate {
        let here =
            FixedOffset::east_opt(DOUALA).map(|zone| self.fetched_at.with_timezone(&zone).date_naive());
        here.unwrap_or_else(|| self.fetched_at.date_naive())
    }
}

/// What staging found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Staged {
    /// Rows that nobody knows.
    pub(crate) created: usize,
    /// Rows that are served with other content, or closed.
    pub(crate) changed: usize,
    /// Rows that were written to `ingest.staged`.
    pub(crate) rows: usize,
}

/// How a row is served today.
struct Served {
    fingerprint: Vec<u8>,
    is_open: bool,
    content_at: DateTime<Utc>,
    by: Uuid,
    is_new: bool,
    draft: Option<Vec<u8>>,
}

/// Stages what is new or changed. Ids must not repeat within one call.
pub(crate) async fn stage(
    tx: &mut Transaction<'_, Postgres>,
    origin: &Origin,
    rows: &[Opportunity],
) -> Result<Staged, StoreError> {
    let served = served(tx, origin.run, rows).await?;
    let day = origin.day();
    let mut staged = Staged::default();
    let mut copy = CopyText::default();
    let mut read_alike: Vec<(Uuid, Vec<u8>)> = Vec::new();
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
            // This run published it at a checkpoint, or before a crash.
            Some(known) if same && known.by == origin.run.uuid() => {
                staged.created += usize::from(known.is_new);
                staged.changed += usize::from(!known.is_new);
                continue;
            }
            Some(known) if same || (!origin.replaces_newer && known.content_at > origin.fetched_at) => {
                continue;
            }
            Some(_) => staged.changed += 1,
            None => staged.created += 1,
        }
        staged.rows += 1;
        write(&mut copy, origin, day, row);
    }
    send(tx, copy).await?;
    remember(tx, read_alike).await?;
    Ok(staged)
}

/// Keeps the digests of drafts that read as what is served, so that they need not be read again.
async fn remember(
    tx: &mut Transaction<'_, Postgres>,
    mut drafts: Vec<(Uuid, Vec<u8>)>,
) -> Result<(), StoreError> {
    if drafts.is_empty() {
        return Ok(());
    }
    // One order for all transactions: two that write the same rows wait for, and never deadlock on, each other.
    drafts.sort();
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
    run: RunId,
    rows: &[Opportunity],
) -> Result<HashMap<Uuid, Served>, StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.uuid()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let found = sqlx::query!(
        r#"SELECT id, fingerprint, status = 'open' AS "is_open!", content_at, changed_run, first_run = $2 AS "is_new!", draft_digest
             FROM ingest.opportunities WHERE id = ANY ($1)"#,
        &ids,
        run.uuid()
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
            is_new: row.is_new,
            draft: row.draft_digest,
        };
        (row.id, served)
    });
    Ok(served.collect())
}

/// Why a row is closed as it is read: by the partner's word, or because its last day is over.
fn closed_why(row: &Opportunity, day: NaiveDate) -> Option<&'static str> {
    if row.is_closed { Some("partner") } else { row.closes_on.filter(|last| *last < day).map(|_| "date") }
}

/// Writes one row, its columns in the order of [`SENT`].
fn write(to: &mut CopyText, origin: &Origin, day: NaiveDate, row: &Opportunity) {
    let closed_why = closed_why(row, day);
    to.uuid(row.id.uuid());
    to.text(row.source.as_str());
    to.text(&row.external_id);
    to.uuid(origin.run.uuid());
    to.text(row.stream.as_str());
    to.number(Some(row.quality.score.into()));
    to.bytes(row.fingerprint.as_bytes());
    to.maybe_bytes(row.draft.as_ref().map(|draft| draft.as_bytes().as_slice()));
    to.text(if closed_why.is_none() { "open" } else { "closed" });
    to.maybe_text(closed_why);
    to.uuid(origin.run.uuid());
    to.instant(Some(origin.fetched_at));
    to.number(origin.page);
    for column in &CONTENT {
        (column.write)(row, to);
    }
    to.end_row();
}

async fn send(tx: &mut Transaction<'_, Postgres>, copy: CopyText) -> Result<(), StoreError> {
    let bytes = copy.into_bytes();
    if bytes.is_empty() {
        return Ok(());
    }
    let statement = format!("COPY ingest.staged ({}) FROM STDIN", *SENT);
    let mut into = tx.copy_in_raw(&statement).await.doing(WHAT)?;
    into.send(bytes).await.doing(WHAT)?;
    into.finish().await.map(drop).doing(WHAT)
}

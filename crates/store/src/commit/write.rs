//! The statements of a commit. Each covers all pages of a group.

use domain::{Opportunity, Rejection};
use queue::storable;
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{
    Tally, WHAT,
    relink::relink,
    repeats::{Content, First},
    want::{Asked, want},
};
use crate::{
    Archived, Mode, PageRow, StoreError,
    error::Doing as _,
    failpoint::{Step, after, before},
    pages::{headers, remember},
    rejections::insert_rejections,
    rows::stage::{Origin, Staged, stage},
    visits::visited,
};

/// A page, or a part of one, that is to be written.
pub(super) struct Batch<'a> {
    pub(super) page: &'a PageRow,
    /// Its answer, if the job that parsed it also fetched it.
    pub(super) archived: Option<&'a Archived>,
    pub(super) read_by: &'a str,
    /// Number of its parts so far.
    pub(super) parts: i32,
    pub(super) content: &'a Content,
    /// The last part of a page: all opportunities that the page showed.
    pub(super) shown: Option<&'a First>,
}

impl Batch<'_> {
    fn origin(&self) -> Result<Origin, StoreError> {
        let fetched_at = self.page.fetched_at;
        Ok(Origin {
            run: self.page.run,
            page: Some(self.page.id),
            fetched_at: fetched_at
                .ok_or_else(|| StoreError::Missing(format!("fetch time of page {}", self.page.id)))?,
            replaces_newer: self.page.replaces_newer,
        })
    }

    fn tally(&self, staged: Staged, asked: Asked) -> Tally {
        let same = self.content.opportunities.len().saturating_sub(staged.created + staged.changed);
        Tally {
            created: staged.created,
            changed: staged.changed,
            unchanged: same + self.content.unchanged,
            rejected: self.content.rejections.len(),
            wanted: asked.wanted,
            spared: asked.spared,
        }
    }
}

/// Writes pages: staged rows, rejections, detail pages, validators and counters. Returns what became of each, in their
/// order.
pub(super) async fn write(
    tx: &mut Transaction<'_, Postgres>,
    batches: &[Batch<'_>],
) -> Result<Vec<Tally>, StoreError> {
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let origins = batches.iter().map(Batch::origin).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<(&Origin, &[Opportunity])> =
        origins.iter().zip(batches).map(|(origin, batch)| (origin, &*batch.content.opportunities)).collect();
    before(Step::StageRows);
    let staged = stage(tx, &rows).await?;
    after(Step::StageRows);
    let rejections: Vec<(&PageRow, &[Rejection])> =
        batches.iter().map(|batch| (batch.page, &*batch.content.rejections)).collect();
    insert_rejections(tx, &rejections).await?;
    let mut tallies = Vec::with_capacity(batches.len());
    let mut marks = Vec::with_capacity(batches.len());
    for (batch, staged) in batches.iter().zip(staged) {
        let asked = if batch.page.mode == Mode::Replay {
            relink(tx, batch.page, &batch.content.wanted).await?;
            Asked::default()
        } else {
            want(tx, batch.page, &batch.content.wanted, batch.read_by).await?
        };
        let tally = batch.tally(staged, asked);
        marks.push(Mark::of(batch, tally, staged.rows));
        tallies.push(tally);
    }
    let answers: Vec<(&PageRow, &Archived)> =
        batches.iter().filter_map(|batch| Some((batch.page, batch.archived?))).collect();
    remember(tx, answers.iter().map(|(page, kept)| (&*page.source, &*page.url, *kept))).await?;
    mark(tx, batches, &marks).await?;
    // A page that cannot be trusted stays due.
    let sound = batches.iter().filter(|batch| batch.shown.is_some() && batch.content.alarm.is_none());
    let visits: Vec<_> =
        sound.filter_map(|batch| Some((batch.page.id, batch.content.visit.as_ref()?))).collect();
    visited(tx, &visits).await?;
    Ok(tallies)
}

/// What is written to the row of a page: its counts so far and, with its last part, how it ended. Fields without a value
/// leave the column as it is.
#[derive(Serialize)]
struct Mark<'a> {
    id: i64,
    records: usize,
    created: usize,
    changed: usize,
    unchanged: usize,
    rejected: usize,
    staged: usize,
    announced: usize,
    parts: i32,
    state: Option<&'static str>,
    alarm: Option<String>,
    notes: Vec<String>,
    read_by: &'a str,
    status: Option<i16>,
    content_type: Option<&'a str>,
    headers: Option<Value>,
    archive_key: Option<&'a str>,
    sha256: Option<String>,
    bytes: Option<i64>,
    fetched_at: Option<chrono::DateTime<chrono::Utc>>,
    requests: Option<i32>,
}

impl<'a> Mark<'a> {
    fn of(batch: &Batch<'a>, tally: Tally, staged: usize) -> Self {
        let (content, answer) = (batch.content, batch.archived);
        let text = |text: &str| storable(text).into_owned();
        let end = if content.alarm.is_none() { "read" } else { "failed" };
        Self {
            id: batch.page.id,
            records: tally.created + tally.changed + tally.unchanged + tally.rejected,
            created: tally.created,
            changed: tally.changed,
            unchanged: tally.unchanged,
            rejected: tally.rejected,
            staged,
            announced: content.wanted.len(),
            parts: batch.parts,
            state: batch.shown.map(|_| end),
            alarm: content.alarm.as_deref().map(text),
            notes: content.notes.iter().map(|note| text(note)).collect(),
            read_by: batch.read_by,
            status: answer.map(Archived::status_i16),
            content_type: answer.and_then(Archived::content_type),
            headers: answer.map(headers),
            archive_key: answer.map(|kept| &*kept.archive_key),
            sha256: answer.map(|kept| format!("\\x{}", hex::encode(kept.sha256))),
            bytes: answer.map(Archived::size),
            fetched_at: answer.map(|kept| kept.fetched_at),
            requests: answer.map(Archived::requests),
        }
    }
}

/// Updates the rows of the pages. A page with an alarm has failed.
async fn mark(
    tx: &mut Transaction<'_, Postgres>,
    batches: &[Batch<'_>],
    marks: &[Mark<'_>],
) -> Result<(), StoreError> {
    let shown = || batches.iter().filter_map(|batch| Some((batch.page.id, batch.shown?)));
    let pages: Vec<i64> = shown().flat_map(|(page, shown)| shown.keys().map(move |_| page)).collect();
    let seen: Vec<Uuid> = shown().flat_map(|(_, shown)| shown.keys().map(|id| id.uuid())).collect();
    let marks = serde_json::json!(marks);
    sqlx::query!(
        "WITH marked AS (
           SELECT * FROM jsonb_to_recordset($1) AS m (
             id bigint, records integer, created integer, changed integer, unchanged integer, rejected integer, staged integer,
             announced integer, parts integer, state text, alarm text, notes text[], read_by text, status smallint, content_type text,
             headers jsonb, archive_key text, sha256 bytea, bytes bigint, fetched_at timestamptz, requests integer)),
         shown AS (SELECT page, array_agg(id) AS seen FROM unnest($2::bigint[], $3::uuid[]) AS s (page, id) GROUP BY page)
         UPDATE ingest.pages p
            SET records = coalesce(p.records, 0) + m.records, created = p.created + m.created, changed = p.changed + m.changed,
                unchanged = p.unchanged + m.unchanged, rejected = p.rejected + m.rejected, staged = p.staged + m.staged,
                announced = p.announced + m.announced, parts = m.parts,
                state = coalesce(m.state, p.state), alarm = CASE WHEN m.state IS NULL THEN p.alarm ELSE m.alarm END,
                notes = CASE WHEN m.state IS NULL THEN p.notes ELSE m.notes END,
                read_by = CASE WHEN m.state IS NULL THEN p.read_by ELSE m.read_by END,
                seen = CASE WHEN m.state IS NULL THEN p.seen ELSE coalesce(w.seen, '{}') END,
                status = coalesce(m.status, p.status), content_type = coalesce(m.content_type, p.content_type),
                headers = coalesce(m.headers, p.headers), archive_key = coalesce(m.archive_key, p.archive_key),
                sha256 = coalesce(m.sha256, p.sha256), bytes = coalesce(m.bytes, p.bytes),
                fetched_at = coalesce(m.fetched_at, p.fetched_at), requests = coalesce(m.requests, p.requests)
           FROM marked m LEFT JOIN shown w ON w.page = m.id WHERE p.id = m.id",
        marks,
        &pages,
        &seen
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

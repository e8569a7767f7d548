//! Commits of parsed pages. Rows, rejections, detail pages, counters and the end of the job commit together.

use std::collections::HashMap;

use domain::{Fingerprint, Opportunity, OpportunityId, Reason, Rejection};
use queue::Lease;
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    PageRow, Store, StoreError,
    error::Doing as _,
    rejections::{insert_rejections, storable_json},
    rows::stage::{Origin, stage},
};

/// The action that failed, for the errors of this file.
const WHAT: &str = "commit what a page held";

/// A detail page that a list page links to.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its address.
    pub url: String,
    /// The list record.
    pub card: Value,
}

/// What was parsed from a page, in whole or in part.
#[derive(Debug, Default)]
pub struct Reading {
    /// Records that became opportunities.
    pub opportunities: Vec<Opportunity>,
    /// Records whose draft is known: their published row is up to date.
    pub unchanged: Vec<Unchanged>,
    /// Rejected records.
    pub rejections: Vec<Rejection>,
    /// Detail pages to fetch.
    pub wanted: Vec<Wanted>,
    /// Why the page as a whole cannot be trusted.
    pub alarm: Option<String>,
    /// Other remarks about the page.
    pub notes: Vec<String>,
}

/// A record whose draft is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unchanged {
    /// The opportunity.
    pub id: OpportunityId,
    /// Its identifier at the partner.
    pub external_id: String,
    /// The fingerprint of its content.
    pub fingerprint: Fingerprint,
}

/// What became of the records of a page, as counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// New opportunities.
    pub created: usize,
    /// Known opportunities with other content, or reopened.
    pub changed: usize,
    /// Known opportunities with the same content.
    pub unchanged: usize,
    /// Rejected records.
    pub rejected: usize,
    /// Detail pages that the run had not requested before.
    pub wanted: usize,
}

/// A page that is being committed, as a whole or in parts. Each part commits with its follow-up work. If the job breaks
/// off, its next attempt continues after the last committed part.
#[derive(Debug)]
pub struct PageCommit<'a> {
    store: &'a Store,
    lease: Lease,
    page: &'a PageRow,
    read_by: &'a str,
    parts: i32,
    /// The content of each record at its first occurrence on the page.
    first: HashMap<OpportunityId, Fingerprint>,
}

impl Store {
    /// Starts to commit `page`. `read_by`: versions of source file and program that parsed it.
    pub fn reading<'a>(&'a self, lease: Lease, page: &'a PageRow, read_by: &'a str) -> PageCommit<'a> {
        PageCommit { store: self, lease, page, read_by, parts: 0, first: HashMap::new() }
    }

    /// Commits `page` and ends the job that parsed it.
    pub async fn commit_reading(
        &self,
        lease: Lease,
        page: &PageRow,
        reading: Reading,
    ) -> Result<Tally, StoreError> {
        self.reading(lease, page, "").end(reading).await
    }
}

impl PageCommit<'_> {
    /// Commits one part of the page, unless an earlier attempt has committed it.
    pub async fn part(&mut self, mut reading: Reading) -> Result<Tally, StoreError> {
        self.parts += 1;
        if self.parts <= self.page.parts {
            without_repeats(reading.opportunities, &mut reading.rejections, &mut self.first);
            known_repeats(reading.unchanged, &mut reading.rejections, &mut self.first);
            return Ok(Tally::default());
        }
        let mut tx = self.store.pool.begin().await.doing(WHAT)?;
        self.lease.check(&mut tx).await?;
        let tally = self.write(&mut tx, reading, false).await?;
        self.lease.progressed(&mut tx).await?;
        tx.commit().await.doing(WHAT)?;
        self.store.close_if_parsed(self.page.run).await;
        Ok(tally)
    }

    /// Commits the last part, and ends the job.
    pub async fn end(mut self, reading: Reading) -> Result<Tally, StoreError> {
        let mut tx = self.store.pool.begin().await.doing(WHAT)?;
        self.lease.settle(&mut tx).await?;
        let tally = self.write(&mut tx, reading, true).await?;
        tx.commit().await.doing(WHAT)?;
        self.store.close_if_parsed(self.page.run).await;
        Ok(tally)
    }

    pub(crate) async fn write(
        &mut self,
        tx: &mut Transaction<'_, Postgres>,
        mut reading: Reading,
        last: bool,
    ) -> Result<Tally, StoreError> {
        let page = self.page;
        let (opportunities, repeats) =
            without_repeats(reading.opportunities, &mut reading.rejections, &mut self.first);
        let unchanged = known_repeats(reading.unchanged, &mut reading.rejections, &mut self.first);
        let origin = Origin {
            run: page.run,
            page: Some(page.id),
            fetched_at: page
                .fetched_at
                .ok_or_else(|| StoreError::Missing(format!("fetch time of page {}", page.id)))?,
            replaces_newer: page.replaces_newer,
        };
        let staged = stage(tx, &origin, &opportunities).await?;
        let (created, changed) = (staged.created, staged.changed);
        insert_rejections(tx, page.run, page.id, &page.source, &reading.rejections).await?;
        let announced = reading.wanted.len();
        let wanted = if page.mode == "replay" { 0 } else { want(tx, page, reading.wanted).await? };
        let tally = Tally {
            created,
            changed,
            unchanged: opportunities.len().saturating_sub(created + changed) + repeats + unchanged,
            rejected: reading.rejections.len(),
            wanted,
        };
        self.mark(tx, tally, announced, staged.rows).await?;
        if last {
            self.mark_read(tx, reading.alarm.as_deref(), &reading.notes).await?;
        }
        Ok(tally)
    }

    /// Adds the counts of a part to the page.
    async fn mark(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        tally: Tally,
        announced: usize,
        staged: usize,
    ) -> Result<(), StoreError> {
        let records = tally.created + tally.changed + tally.unchanged + tally.rejected;
        sqlx::query!(
            "UPDATE ingest.pages SET records = coalesce(records, 0) + $2, announced = announced + $3, parts = $4,
                    created = created + $5, changed = changed + $6, unchanged = unchanged + $7, rejected = rejected + $8, staged = staged + $9
              WHERE id = $1",
            self.page.id,
            count(records),
            count(announced),
            self.parts,
            count(tally.created),
            count(tally.changed),
            count(tally.unchanged),
            count(tally.rejected),
            count(staged)
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(WHAT)
    }

    /// Marks the page as parsed or, with an alarm, as failed. Stores which records it showed.
    async fn mark_read(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        alarm: Option<&str>,
        notes: &[String],
    ) -> Result<(), StoreError> {
        let seen: Vec<Uuid> = self.first.keys().map(|id| id.uuid()).collect();
        sqlx::query!(
            "UPDATE ingest.pages SET state = CASE WHEN $3::text IS NULL THEN 'read' ELSE 'failed' END,
                    seen = $2, alarm = $3, notes = $4, read_by = $5 WHERE id = $1",
            self.page.id,
            &seen,
            alarm,
            notes,
            self.read_by
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(WHAT)
    }
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Keeps one row per opportunity. A repeated record counts as unchanged if its content is equal, and is rejected
/// otherwise.
fn without_repeats(
    all: Vec<Opportunity>,
    rejections: &mut Vec<Rejection>,
    first: &mut HashMap<OpportunityId, Fingerprint>,
) -> (Vec<Opportunity>, usize) {
    let mut repeats = 0;
    let mut kept = Vec::with_capacity(all.len());
    for opportunity in all {
        match first.get(&opportunity.id) {
            None => {
                first.insert(opportunity.id, opportunity.fingerprint);
                kept.push(opportunity);
            }
            Some(known) if *known == opportunity.fingerprint => repeats += 1,
            Some(_) => rejections.push(Rejection::with_clean_reason(
                Reason::RepeatedIdentity(opportunity.external_id.clone()),
                Some(opportunity.external_id.clone()),
                serde_json::to_value(&opportunity).unwrap_or(Value::Null),
            )),
        }
    }
    (kept, repeats)
}

/// Does the same for records whose draft is known. Returns how many of them count as unchanged.
fn known_repeats(
    all: Vec<Unchanged>,
    rejections: &mut Vec<Rejection>,
    first: &mut HashMap<OpportunityId, Fingerprint>,
) -> usize {
    let mut unchanged = 0;
    for record in all {
        if *first.entry(record.id).or_insert(record.fingerprint) == record.fingerprint {
            unchanged += 1;
        } else {
            let said = serde_json::json!({ "external_id": record.external_id });
            let reason = Reason::RepeatedIdentity(record.external_id.clone());
            rejections.push(Rejection::with_clean_reason(reason, Some(record.external_id), said));
        }
    }
    unchanged
}

/// Stores the detail pages that the run has not requested yet, and enqueues a job to fetch each.
async fn want(
    tx: &mut Transaction<'_, Postgres>,
    page: &PageRow,
    wanted: Vec<Wanted>,
) -> Result<usize, StoreError> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let (urls, cards): (Vec<String>, Vec<Value>) =
        wanted.into_iter().map(|wanted| (wanted.url, storable_json(wanted.card))).unzip();
    let count = sqlx::query_scalar!(
        r#"WITH fresh AS (
             INSERT INTO ingest.pages (run, stream, role, ordinal, url, request, state)
             SELECT $1, $2, 'detail', $3, u.url, u.card, 'wanted'
               FROM unnest($4::text[], $5::jsonb[]) u(url, card)
             ON CONFLICT DO NOTHING RETURNING id),
           queued AS (
             INSERT INTO queue.jobs (kind, lane, payload, key)
             SELECT 'fetch_page', 'fetch:' || $6, jsonb_build_object('page', id), 'fetch_page:' || id FROM fresh)
           SELECT count(*) AS "count!" FROM fresh"#,
        page.run.uuid(),
        page.stream,
        page.ordinal,
        &urls,
        &cards,
        page.source
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

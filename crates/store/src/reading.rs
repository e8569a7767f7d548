//! The end of a page's reading: rows, refusals, follow-ups, counters, embed work and the end of the job commit together.

use std::collections::HashMap;

use opportunity::{Opportunity, OpportunityId, Reason, Rejection};
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    PageRow, Store, StoreError,
    queue::Lease,
    rejections::{insert_rejections, storable_json},
    upsert::{Origin, upsert},
};

/// A detail page that a list page announces.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its address.
    pub url: String,
    /// The record the list page gave.
    pub card: Value,
}

/// What was read from a page.
#[derive(Debug, Default)]
pub struct Reading {
    /// Records that became opportunities.
    pub opportunities: Vec<Opportunity>,
    /// Records refused.
    pub rejections: Vec<Rejection>,
    /// Detail pages to fetch.
    pub wanted: Vec<Wanted>,
    /// Why the page as a whole must not be believed.
    pub alarm: Option<String>,
}

/// What became of the records of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// New to us.
    pub created: usize,
    /// Known, with other content, or open again.
    pub changed: usize,
    /// Known, as they were.
    pub unchanged: usize,
    /// Refused.
    pub rejected: usize,
    /// Detail pages that were not already wanted.
    pub wanted: usize,
}

fn doing() -> impl FnOnce(sqlx::Error) -> StoreError {
    StoreError::doing("commit what a page held")
}

impl Store {
    /// Commits what `page` held and ends the job that read it.
    pub async fn commit_reading(
        &self,
        lease: Lease,
        page: &PageRow,
        reading: Reading,
    ) -> Result<Tally, StoreError> {
        let mut tx = self.pool.begin().await.map_err(doing())?;
        lease.settle(&mut tx).await?;
        let tally = self.write_reading(&mut tx, page, reading).await?;
        tx.commit().await.map_err(doing())?;
        Ok(tally)
    }

    async fn write_reading(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        page: &PageRow,
        mut reading: Reading,
    ) -> Result<Tally, StoreError> {
        let (opportunities, repeats) = without_repeats(reading.opportunities, &mut reading.rejections);
        let seen: Vec<Uuid> = opportunities.iter().map(|o| o.id.uuid()).collect();
        let origin = Origin {
            run: page.run,
            page: Some(page.id),
            fetched_at: page
                .fetched_at
                .ok_or_else(|| StoreError::Missing(format!("fetch time of page {}", page.id)))?,
        };
        let (created, changed) = upsert(tx, &origin, &opportunities).await?;
        insert_rejections(tx, page.run, page.id, &page.source, &reading.rejections).await?;
        let wanted = if page.mode == "replay" { 0 } else { want(tx, page, reading.wanted).await? };
        let tally = Tally {
            created,
            changed,
            unchanged: opportunities.len().saturating_sub(created + changed) + repeats,
            rejected: reading.rejections.len(),
            wanted,
        };
        mark_read(tx, page, &seen, reading.alarm.as_deref(), tally).await?;
        if created + changed > 0 {
            sqlx::query!("SELECT queue.enqueue('embed_opportunities', 'embed', '{}', 'embed_opportunities')")
                .execute(&mut **tx)
                .await
                .map_err(doing())?;
        }
        Ok(tally)
    }
}

/// One row a record: a record repeated as it was counts as unchanged, with other content it is refused.
fn without_repeats(all: Vec<Opportunity>, rejections: &mut Vec<Rejection>) -> (Vec<Opportunity>, usize) {
    let mut first: HashMap<OpportunityId, opportunity::Fingerprint> = HashMap::with_capacity(all.len());
    let mut repeats = 0;
    let mut kept = Vec::with_capacity(all.len());
    for opportunity in all {
        match first.get(&opportunity.id) {
            None => {
                first.insert(opportunity.id, opportunity.fingerprint);
                kept.push(opportunity);
            }
            Some(known) if *known == opportunity.fingerprint => repeats += 1,
            Some(_) => rejections.push(Rejection {
                reason: Reason::RepeatedIdentity(opportunity.external_id.clone()),
                external_id: Some(opportunity.external_id.clone()),
                record: serde_json::to_value(&opportunity).unwrap_or(Value::Null),
            }),
        }
    }
    (kept, repeats)
}

/// Enters the detail pages that are not wanted yet, each with the job that fetches it.
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
    .map_err(doing())?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Writes the page's and the run's counters, and moves the run on.
async fn mark_read(
    tx: &mut Transaction<'_, Postgres>,
    page: &PageRow,
    seen: &[Uuid],
    alarm: Option<&str>,
    tally: Tally,
) -> Result<(), StoreError> {
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let records = tally.created + tally.changed + tally.unchanged + tally.rejected;
    sqlx::query!(
        "UPDATE ingest.pages SET state = CASE WHEN $4::text IS NULL THEN 'read' ELSE 'failed' END,
                records = $2, seen = $3, alarm = $4 WHERE id = $1",
        page.id,
        count(records),
        seen,
        alarm
    )
    .execute(&mut **tx)
    .await
    .map_err(doing())?;
    sqlx::query!(
        "UPDATE ingest.runs SET seen = seen + $2, created = created + $3, changed = changed + $4,
                unchanged = unchanged + $5, rejected = rejected + $6,
                pages_failed = pages_failed + CASE WHEN $7::text IS NULL THEN 0 ELSE 1 END,
                message = coalesce($7, message)
          WHERE id = $1",
        page.run.uuid(),
        count(records),
        count(tally.created),
        count(tally.changed),
        count(tally.unchanged),
        count(tally.rejected),
        alarm.map(|alarm| format!("{}: {alarm}", page.url))
    )
    .execute(&mut **tx)
    .await
    .map_err(doing())?;
    sqlx::query!("SELECT ingest.advance_run($1, $2)", page.run.uuid(), count(tally.wanted).saturating_sub(1))
        .execute(&mut **tx)
        .await
        .map(drop)
        .map_err(doing())
}

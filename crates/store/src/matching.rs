//! Duplicate detection: which rows to compare, with which other rows, and the resulting clusters.

use std::collections::{HashMap, HashSet};

use dedupe::{Listing, Member, Sketch, cluster};
use domain::{OpportunityId, vocabulary::Education};
use queue::Lease;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
    outbox::{places, stored_kind},
};

/// Rows compared in one transaction.
const BATCH: i64 = 200;
/// A key that more rows share comes from a template, and says nothing about duplicates.
const CROWD: i32 = 50;

/// Rows whose quality differs by at most this much count as equally complete; a first-party source then becomes
/// canonical.
const ABOUT_EQUAL: i64 = 10;

/// The action that failed, for the errors of this file.
const WHAT: &str = "look for duplicates";

impl Store {
    /// Updates the clusters of some of the rows that changed. Returns how many it took; 0 means that none are left. A
    /// changed row leaves its cluster, and the remaining members are compared again, because it may have been what
    /// connected them.
    pub async fn match_some(&self, lease: Lease) -> Result<usize, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.check(&mut tx).await?;
        let rows = sqlx::query!("SELECT opportunity, version FROM ingest.to_match ORDER BY version LIMIT $1 FOR UPDATE SKIP LOCKED", BATCH)
            .fetch_all(&mut *tx)
            .await
            .doing(WHAT)?;
        if rows.is_empty() {
            return Ok(0);
        }
        let changed: Vec<Uuid> = rows.iter().map(|row| row.opportunity).collect();
        let fresh = members(&mut tx, &changed).await?;
        enter_keys(&mut tx, &changed, &fresh).await?;
        let pairs = candidates(&mut tx, &changed).await?;
        let touched: HashSet<Uuid> =
            changed.iter().copied().chain(pairs.iter().flat_map(|(a, b)| [*a, *b])).collect();
        let (all, old) = with_their_clusters(&mut tx, touched).await?;
        let members = members(&mut tx, &all).await?;
        let clusters = found(&members, &pairs, &old);
        write(&mut tx, &all, &clusters).await?;
        sqlx::query!("DELETE FROM ingest.to_match WHERE opportunity = ANY ($1)", &changed)
            .execute(&mut *tx)
            .await
            .doing(WHAT)?;
        lease.progressed(&mut tx).await?;
        commit(tx, Step::WriteClusters, WHAT).await?;
        Ok(changed.len())
    }

    /// Returns how many rows wait for duplicate detection.
    pub async fn unmatched(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM ingest.to_match"#)
            .fetch_one(&self.pool)
            .await
            .doing(WHAT)
    }

    /// Ends the job, and enqueues another one if more rows wait.
    pub async fn end_matching(&self, lease: Lease) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.settle(&mut tx).await?;
        sqlx::query!(
            "SELECT queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates') WHERE EXISTS (SELECT FROM ingest.to_match)"
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
        commit(tx, Step::EndMatching, WHAT).await
    }
}

/// Returns the clusters among the rows, from pairs that share a key and pairs that were in one cluster before.
fn found(members: &[Member], pairs: &[(Uuid, Uuid)], old: &[(Uuid, Uuid)]) -> Vec<Vec<OpportunityId>> {
    let at: HashMap<Uuid, usize> =
        members.iter().enumerate().map(|(at, member)| (member.id.uuid(), at)).collect();
    let of = |(a, b): &(Uuid, Uuid)| Some((*at.get(a)?, *at.get(b)?));
    let ordered = |(a, b): (usize, usize)| if a < b { (a, b) } else { (b, a) };
    let mut worth: Vec<(usize, usize)> = pairs.iter().chain(old).filter_map(of).map(ordered).collect();
    worth.sort_unstable();
    worth.dedup();
    cluster(members, &worth)
}

/// Loads the open rows with what duplicate detection compares. Closed rows take part in no cluster.
async fn members(tx: &mut Transaction<'_, Postgres>, ids: &[Uuid]) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id, source, kind, title, organization, description, places, education, closes_on, offers_itself,
                  (posted_at AT TIME ZONE 'Africa/Douala')::date AS posted_on,
                  coalesce(quality, 0) AS "quality!", coalesce(length(description), 0) AS "length!",
                  (coalesce(amount_min, amount_max) * 100)::bigint AS amount_min, (coalesce(amount_max, amount_min) * 100)::bigint AS amount_max
             FROM ingest.opportunities JOIN ingest.sources ON slug = source WHERE id = ANY ($1) AND status = 'open' ORDER BY id"#,
        ids
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let mut members = Vec::with_capacity(rows.len());
    for row in rows {
        let places = places(&row.places)?;
        let kind = stored_kind(&row.kind)?;
        let education = row.education.as_deref();
        let sketch = Sketch::of_listing(&Listing {
            source: &row.source,
            kind,
            title: &row.title,
            organization: row.organization.as_deref(),
            description: row.description.as_deref(),
            places: &places,
            amount: row.amount_min.zip(row.amount_max),
            education: education.and_then(Education::of_code),
            posted_on: row.posted_on,
            closes_on: row.closes_on,
        });
        // Order by quality, with a bonus for first-party sources; between equals, the longer description wins.
        let quality = i64::from(row.quality) + if row.offers_itself { ABOUT_EQUAL } else { 0 };
        let weight = quality * 100_000 + i64::from(row.length);
        members.push(Member { id: row.id.into(), weight, sketch });
    }
    Ok(members)
}

/// Replaces the keys of the changed rows. PostgreSQL stores the 64 bits of a key as a `bigint`.
async fn enter_keys(
    tx: &mut Transaction<'_, Postgres>,
    changed: &[Uuid],
    members: &[Member],
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM ingest.match_keys WHERE opportunity = ANY ($1)", changed)
        .execute(&mut **tx)
        .await
        .doing(WHAT)?;
    let (mut keys, mut of) = (Vec::new(), Vec::new());
    for member in members {
        for key in member.sketch.keys() {
            keys.push(key.cast_signed());
            of.push(member.id.uuid());
        }
    }
    sqlx::query!(
        "INSERT INTO ingest.match_keys (key, opportunity) SELECT u.key, u.id FROM unnest($1::bigint[], $2::uuid[]) u(key, id)
         ON CONFLICT DO NOTHING",
        &keys,
        &of
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Returns pairs of a changed row and another row that share a rare key.
async fn candidates(
    tx: &mut Transaction<'_, Postgres>,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH mine AS (SELECT key, opportunity FROM ingest.match_keys WHERE opportunity = ANY ($1)),
                telling AS (SELECT k.key FROM (SELECT DISTINCT key FROM mine) k
                             WHERE (SELECT count(*) FROM (SELECT FROM ingest.match_keys o WHERE o.key = k.key LIMIT $2 + 1) AS several) BETWEEN 2 AND $2)
           SELECT DISTINCT m.opportunity AS "one!", o.opportunity AS "other!"
             FROM telling t JOIN mine m USING (key) JOIN ingest.match_keys o USING (key) WHERE m.opportunity <> o.opportunity"#,
        ids,
        CROWD
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(rows.into_iter().map(|row| (row.one, row.other)).collect())
}

/// Returns the rows with all members of their clusters, and the pairs that were in one cluster.
async fn with_their_clusters(
    tx: &mut Transaction<'_, Postgres>,
    ids: HashSet<Uuid>,
) -> Result<(Vec<Uuid>, Vec<(Uuid, Uuid)>), StoreError> {
    let some: Vec<Uuid> = ids.iter().copied().collect();
    let rows = sqlx::query!(
        "SELECT opportunity, cluster FROM ingest.clusters WHERE cluster IN (SELECT cluster FROM ingest.clusters WHERE opportunity = ANY ($1))
          ORDER BY opportunity",
        &some
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let mut together = Vec::new();
    for (at, one) in rows.iter().enumerate() {
        let others = rows.iter().skip(at + 1).filter(|other| other.cluster == one.cluster);
        together.extend(others.map(|other| (one.opportunity, other.opportunity)));
    }
    let mut all = ids;
    all.extend(rows.iter().map(|row| row.opportunity));
    Ok((all.into_iter().collect(), together))
}

/// Replaces the clusters of the rows.
async fn write(
    tx: &mut Transaction<'_, Postgres>,
    all: &[Uuid],
    clusters: &[Vec<OpportunityId>],
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM ingest.clusters WHERE opportunity = ANY ($1)", all)
        .execute(&mut **tx)
        .await
        .doing(WHAT)?;
    let (mut ids, mut names, mut canonical) = (Vec::new(), Vec::new(), Vec::new());
    for members in clusters {
        let Some(name) = members.iter().min() else { continue };
        for (at, member) in members.iter().enumerate() {
            ids.push(member.uuid());
            names.push(name.uuid());
            canonical.push(at == 0);
        }
    }
    sqlx::query!(
        "INSERT INTO ingest.clusters (opportunity, cluster, canonical)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::boolean[])",
        &ids,
        &names,
        &canonical
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

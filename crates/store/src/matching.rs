//! Duplicate detection: which rows to compare, with which other rows, and the resulting clusters.

mod keys;
mod members;
mod review;

use std::collections::{HashMap, HashSet};

use dedupe::{Clusters, Decisions, Member, cluster, explain};
use domain::OpportunityId;
use queue::Lease;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

pub use self::{
    members::Houses,
    review::{DoubtedPair, DoubtedSide, PairCursor, PairDecision},
};
use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
    feed::announce,
};

/// Rows compared in one transaction.
const BATCH: i64 = 400;

/// The action that failed, for the errors of this module.
const WHAT: &str = "look for duplicates";

impl Store {
    /// Updates the clusters of some of the rows that changed. Returns how many it took; 0 means that none are left. A
    /// changed row leaves its cluster, and the remaining members are compared again, because it may have been what
    /// connected them.
    ///
    /// `houses` remembers from one call to the next what each source adds to its posts.
    pub async fn match_some(&self, lease: Lease, houses: &mut Houses) -> Result<usize, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.check(&mut tx).await?;
        let (changed, versions) = waiting(&mut tx).await?;
        if versions.is_empty() {
            return Ok(0);
        }
        let sources = keys::enter(&mut tx, &changed).await?;
        houses.learn(&mut tx, &sources).await?;
        let mut pairs = keys::candidates(&mut tx, &changed).await?;
        pairs.extend(review::decided_pairs(&mut tx, &changed).await?);
        let touched: HashSet<Uuid> =
            changed.iter().copied().chain(pairs.iter().flat_map(|(a, b)| [*a, *b])).collect();
        let (all, old) = with_their_clusters(&mut tx, touched).await?;
        let members = members::load(&mut tx, &all, houses).await?;
        let decisions = review::decisions(&mut tx, &all).await?;
        let found = found(&members, &pairs, &old, &decisions);
        write(&mut tx, &all, &found.clusters).await?;
        review::write_doubts(&mut tx, &changed, &explained(&members, &found)).await?;
        sqlx::query!("DELETE FROM ingest.to_match WHERE version = ANY ($1)", &versions)
            .execute(&mut *tx)
            .await
            .doing(WHAT)?;
        lease.progressed(&mut tx).await?;
        commit(tx, Step::WriteClusters, WHAT).await?;
        Ok(changed.len())
    }

    /// Returns how many rows wait for duplicate detection. One that changed twice counts twice.
    pub async fn unmatched(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar!(
            r#"SELECT coalesce(sum(cardinality(opportunities)), 0)::bigint AS "count!" FROM ingest.to_match"#
        )
        .fetch_one(&self.pool)
        .await
        .doing(WHAT)
    }

    /// Ends the job, and enqueues another one if more rows wait.
    pub async fn end_matching(&self, lease: Lease) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.settle(&mut tx).await?;
        request_matching(&mut tx).await?;
        commit(tx, Step::EndMatching, WHAT).await
    }
}

/// Locks the oldest requests, and returns their opportunities, each once, and their versions: about [`BATCH`] opportunities.
async fn waiting(tx: &mut Transaction<'_, Postgres>) -> Result<(Vec<Uuid>, Vec<i64>), StoreError> {
    let rows = sqlx::query!(
        "SELECT version, opportunities FROM (
           SELECT n.*, sum(cardinality(opportunities)) OVER (ORDER BY version) - cardinality(opportunities) AS before
             FROM (SELECT * FROM ingest.to_match ORDER BY version LIMIT $1 FOR UPDATE SKIP LOCKED) n) w
          WHERE before < $1",
        BATCH
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let (versions, ids): (Vec<i64>, Vec<Vec<Uuid>>) =
        rows.into_iter().map(|row| (row.version, row.opportunities)).unzip();
    let mut ids = ids.concat();
    ids.sort_unstable();
    ids.dedup();
    Ok((ids, versions))
}

/// Enqueues the job if rows wait.
async fn request_matching(tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates') WHERE EXISTS (SELECT FROM ingest.to_match)"
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Returns the clusters among the rows, from pairs that share a key and pairs that were in one cluster before.
fn found(
    members: &[Member],
    pairs: &[(Uuid, Uuid)],
    old: &[(Uuid, Uuid)],
    decisions: &Decisions,
) -> Clusters {
    let at: HashMap<Uuid, usize> =
        members.iter().enumerate().map(|(at, member)| (member.id.uuid(), at)).collect();
    let of = |(a, b): &(Uuid, Uuid)| Some((*at.get(a)?, *at.get(b)?));
    let ordered = |(a, b): (usize, usize)| if a < b { (a, b) } else { (b, a) };
    let mut worth: Vec<(usize, usize)> = pairs.iter().chain(old).filter_map(of).map(ordered).collect();
    worth.sort_unstable();
    worth.dedup();
    cluster(members, &worth, decisions)
}

/// Returns the doubts with their evidence in words.
fn explained(members: &[Member], found: &Clusters) -> Vec<(Uuid, Uuid, f64, String)> {
    let of: HashMap<OpportunityId, &Member> = members.iter().map(|member| (member.id, member)).collect();
    let told = found.doubts.iter().filter_map(|(a, b, score)| {
        let why = explain(&of.get(a)?.sketch, &of.get(b)?.sketch).to_string();
        Some((a.uuid(), b.uuid(), score.clamp(-1e6, 1e6), why))
    });
    told.collect()
}

/// Returns the rows with all members of their clusters, and the pairs that were in one cluster.
async fn with_their_clusters(
    tx: &mut Transaction<'_, Postgres>,
    ids: HashSet<Uuid>,
) -> Result<(Vec<Uuid>, Vec<(Uuid, Uuid)>), StoreError> {
    let some: Vec<Uuid> = ids.iter().copied().collect();
    let rows = sqlx::query!(
        "SELECT opportunity, cluster FROM ingest.clusters WHERE cluster IN (SELECT cluster FROM ingest.clusters WHERE opportunity = ANY ($1))
          ORDER BY cluster, opportunity",
        &some
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let mut together = Vec::new();
    for (at, one) in rows.iter().enumerate() {
        let others = rows.iter().skip(at + 1).take_while(|other| other.cluster == one.cluster);
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
    let before = sqlx::query!(
        "DELETE FROM ingest.clusters WHERE opportunity = ANY ($1) RETURNING opportunity, cluster, canonical",
        all
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let before: HashMap<Uuid, (Uuid, bool)> =
        before.into_iter().map(|row| (row.opportunity, (row.cluster, row.canonical))).collect();
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
    .doing(WHAT)?;
    let stands = names.into_iter().zip(canonical);
    let moved = moved(&before, &ids.into_iter().zip(stands).collect());
    announce(tx, &moved).await?;
    request_points(tx, &moved).await
}

/// Requests the points of opportunities whose place in a cluster is another one: their payload says it.
async fn request_points(tx: &mut Transaction<'_, Postgres>, moved: &[Uuid]) -> Result<(), StoreError> {
    if moved.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO ingest.outbox (target, opportunity) SELECT t.id, o.id FROM ingest.opportunities o CROSS JOIN ingest.targets t
          WHERE o.id = ANY ($1) AND o.status = 'open'
         ON CONFLICT (target, opportunity) DO UPDATE SET version = excluded.version, claim = NULL",
        moved
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!("SELECT ingest.request_embedding()").fetch_one(&mut **tx).await.map(drop).doing(WHAT)
}

/// Returns the rows whose cluster is another one, or that stand for theirs and did not, or the reverse.
fn moved(before: &HashMap<Uuid, (Uuid, bool)>, after: &HashMap<Uuid, (Uuid, bool)>) -> Vec<Uuid> {
    let all: HashSet<Uuid> = before.keys().chain(after.keys()).copied().collect();
    let mut moved: Vec<Uuid> = all.into_iter().filter(|id| before.get(id) != after.get(id)).collect();
    moved.sort_unstable();
    moved
}

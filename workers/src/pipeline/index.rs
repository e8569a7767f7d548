//! Stage 9: what changed is embedded and indexed; what closed is withdrawn.

use std::time::Duration;

use domain::OpportunityId;
use queue::Lease;
use store::{Became, Claimed, Store, StoreError, TargetId};
use vectors::{Depth, Document, Key, Point, VectorError};

use super::{document::document, embed};
use crate::vector::Vectors;

/// Texts that are embedded together: as many as Ollama keeps in memory at 8k tokens each, and one flush of the embedded index.
const BATCH: i64 = 64;

/// Why a batch was not indexed.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The database failed, or another worker has the job.
    Store(StoreError),
    /// The embedder or the index failed; it says when to ask again, if it knows.
    Away { why: String, retry_after: Option<Duration> },
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<VectorError> for Trouble {
    fn from(error: VectorError) -> Self {
        let retry_after = error.retry_after();
        Self::Away { why: crate::observe::error_chain(&anyhow::Error::new(error)), retry_after }
    }
}

/// An index that this process keeps in step.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub(crate) vectors: &'a Vectors,
    pub(crate) target: TargetId,
}

/// Indexes one batch of the outbox, and returns how many opportunities it took. Repeating it is harmless: the index keeps the point
/// of the later write, and the ledger is written only by who still has the job.
pub(crate) async fn batch(store: &Store, kept: Kept<'_>, lease: Lease) -> Result<usize, Trouble> {
    let claimed = store.claim_outbox(lease, kept.target, BATCH).await?;
    let Some(write) = claimed.first().map(|one| one.write) else { return Ok(0) };
    let count = claimed.len();
    let batch = prepare(kept.vectors, claimed).await?;
    if !store.holds(lease).await? {
        return Err(Trouble::Store(queue::QueueError::Fenced(lease.job()).into()));
    }
    let points: Vec<OpportunityId> = batch.points.iter().map(|point| point.id).collect();
    kept.vectors.index.withdraw(&batch.gone, write).await?;
    kept.vectors.index.upsert(batch.points).await?;
    let mut done = batch.done;
    let later = later_writes(kept.vectors, &points, write).await?;
    if let Some(newest) = later.iter().map(|(_, version)| *version).max() {
        // Under our lease nobody writes later. The database counts again from an earlier number: it was restored.
        let ids: Vec<OpportunityId> = later.into_iter().map(|(id, _)| id).collect();
        tracing::warn!(
            points = ids.len(),
            "the index holds points of later writes than the database knows; writing them again"
        );
        store.raise_writes(newest).await?;
        done.retain(|(one, _)| !ids.contains(&one.row.id));
        store.finish_outbox(lease, kept.target, &done).await?;
        store.request_points(kept.target, &ids).await?;
        return Ok(count);
    }
    if let Err(error) = store.finish_outbox(lease, kept.target, &done).await {
        if error.is_fenced() {
            // Another worker has the job, and may have written these points before us: it looks at them again.
            let touched: Vec<OpportunityId> = done.iter().map(|(one, _)| one.row.id).collect();
            store.request_points(kept.target, &touched).await?;
        }
        return Err(error.into());
    }
    metrics::counter!("oim_embedded_total").increment(u64::try_from(points.len()).unwrap_or(0));
    Ok(count)
}

/// A batch, ready to be written.
struct Batch {
    points: Vec<Point>,
    gone: Vec<Key>,
    done: Vec<(Claimed, Became)>,
}

/// Embeds what is new, and says what becomes of each request.
async fn prepare(vectors: &Vectors, claimed: Vec<Claimed>) -> Result<Batch, Trouble> {
    let write = claimed.first().map_or(0, |one| one.write);
    let (fresh, others): (Vec<Claimed>, Vec<Claimed>) =
        claimed.into_iter().partition(|one| one.open && !one.indexed);
    let documents: Vec<Document> = fresh.iter().map(|one| document(&one.row)).collect();
    let texts: Vec<String> = documents.iter().map(|document| document.text.clone()).collect();
    let begun = std::time::Instant::now();
    let embedded = embed::each(vectors.embedder.as_ref(), &texts).await?;
    if !texts.is_empty() {
        metrics::histogram!("oim_embed_batch_seconds").record(begun.elapsed().as_secs_f64());
    }
    let mut batch = Batch { points: Vec::new(), gone: Vec::new(), done: Vec::new() };
    let (mut good, mut dense) = (Vec::new(), Vec::new());
    let mut kept = Vec::new();
    for ((one, document), vector) in fresh.into_iter().zip(documents).zip(embedded) {
        match vector {
            Ok(vector) => {
                good.push(document);
                dense.push(vector);
                kept.push(one);
            }
            Err(reason) => {
                tracing::warn!(opportunity = %one.row.id, source = one.row.source, reason, "the embedder refuses a text; it is set aside");
                batch.gone.push(Key::Opportunity(one.row.id));
                batch.done.push((one, Became::SetAside(reason)));
            }
        }
    }
    batch.points = Point::all(&good, dense, write)?;
    for (one, point) in kept.into_iter().zip(&batch.points) {
        let seal = serde_json::to_value(&point.seal).unwrap_or_default();
        batch.done.push((one, Became::Point(seal)));
    }
    for one in others {
        let became = if one.open { Became::Unchanged } else { Became::Withdrawn };
        if !one.open {
            batch.gone.push(Key::Opportunity(one.row.id));
        }
        batch.done.push((one, became));
    }
    Ok(batch)
}

/// Reads back what was written. Returns the points that the index kept as a later write had made them. A point that is not there is a
/// failure of the index.
async fn later_writes(
    vectors: &Vectors,
    ids: &[OpportunityId],
    write: i64,
) -> Result<Vec<(OpportunityId, i64)>, Trouble> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let held = vectors.index.held(ids, Depth::Payloads).await?;
    if held.len() < ids.len() {
        let why = format!("the index confirmed {} points and holds {} of them", ids.len(), held.len());
        return Err(Trouble::Away { why, retry_after: None });
    }
    let later = held.into_iter().filter_map(|point| Some((point.key.opportunity()?, point.version?)));
    Ok(later.filter(|(_, version)| *version > write).collect())
}

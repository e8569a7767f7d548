//! Stage 9: what changed is embedded and indexed; what closed is withdrawn.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::OpportunityId;
use futures::{StreamExt as _, stream::FuturesOrdered};
use queue::Lease;
use store::{
    Became, Claimed, Store, StoreError, TargetId, TextDigest,
    failpoint::{Step, step},
};
use uuid::Uuid;
use vectors::{Depth, Document, Key, Point, TEMPLATE, VectorError};

use super::{document::document, embed};
use crate::vector::Vectors;

/// Points that are written together without a model: one flush of the embedded index.
const BATCH: i64 = 64;
/// The same with a model: one request to the embedder, where the texts are not very long.
const REQUEST: i64 = 32;
/// An embedder that takes longer for a batch gets one at a time: others would wait in its queue until they time out.
const SLOW: Duration = Duration::from_mins(1);

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
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) vectors: Arc<Vectors>,
    pub(crate) target: TargetId,
}

/// Empties the outbox of an index. Up to `most` batches are embedded at a time, each by one request after the other; they are written in
/// the order in which they were claimed, one at a time. Repeating it is harmless: the index keeps the point of the later write, and the
/// ledger is written only by who still has the job.
pub(crate) async fn empty(store: &Store, kept: &Kept, lease: Lease, most: usize) -> Result<(), Trouble> {
    let size = if kept.vectors.model.dimensions == 0 { BATCH } else { REQUEST };
    let (mut embedding, mut busy) = (FuturesOrdered::new(), VecDeque::<Vec<Uuid>>::new());
    // The first one goes alone: of an embedder that is down, it tells as much as many.
    let mut wanted = 1;
    loop {
        while embedding.len() < wanted {
            let others: Vec<Uuid> = busy.iter().flatten().copied().collect();
            let claimed = store.claim_outbox(lease, kept.target, size, &others).await?;
            if claimed.is_empty() {
                break;
            }
            busy.push_back(claimed.iter().map(|one| one.row.id.uuid()).collect());
            embedding.push_back(timed(prepare(store, &kept.vectors, claimed)));
        }
        let Some((batch, took)) = embedding.next().await else { return Ok(()) };
        write(store, kept, lease, batch?).await?;
        busy.pop_front();
        wanted = if took > SLOW { 1 } else { most.max(1) };
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    (work.await, begun.elapsed())
}

/// Writes a batch to the index, and then to the ledger.
async fn write(store: &Store, kept: &Kept, lease: Lease, batch: Batch) -> Result<(), Trouble> {
    let Batch { write, points, gone, mut done } = batch;
    if !store.holds(lease).await? {
        return Err(Trouble::Store(queue::QueueError::Fenced(lease.job()).into()));
    }
    let ids: Vec<OpportunityId> = points.iter().map(|point| point.id).collect();
    kept.vectors.index.withdraw(&gone, write).await?;
    step(Step::WritePoints, kept.vectors.index.upsert(points)).await?;
    let later = later_writes(&kept.vectors, &ids, write).await?;
    if let Some(newest) = later.iter().map(|(_, version)| *version).max() {
        // Under our lease nobody writes later. The database counts again from an earlier number: it was restored.
        let later: Vec<OpportunityId> = later.into_iter().map(|(id, _)| id).collect();
        tracing::warn!(
            points = later.len(),
            "the index holds points of later writes than the database knows; writing them again"
        );
        store.raise_writes(newest).await?;
        done.retain(|(one, _)| !later.contains(&one.row.id));
        store.finish_outbox(lease, kept.target, &done).await?;
        store.request_points(kept.target, &later).await?;
        return Ok(());
    }
    if let Err(error) = store.finish_outbox(lease, kept.target, &done).await {
        if error.is_fenced() {
            // Another worker has the job, and may have written these points before us: it looks at them again.
            let touched: Vec<OpportunityId> = done.iter().map(|(one, _)| one.row.id).collect();
            store.request_points(kept.target, &touched).await?;
        }
        return Err(error.into());
    }
    metrics::counter!("oim_embedded_total").increment(u64::try_from(ids.len()).unwrap_or(0));
    Ok(())
}

/// A batch, ready to be written.
struct Batch {
    /// The number of the write.
    write: i64,
    points: Vec<Point>,
    gone: Vec<Key>,
    done: Vec<(Claimed, Became)>,
}

/// Embeds what is new, and says what becomes of each request.
async fn prepare(store: &Store, vectors: &Vectors, claimed: Vec<Claimed>) -> Result<Batch, Trouble> {
    let write = claimed.first().map_or(0, |one| one.write);
    let (fresh, others): (Vec<Claimed>, Vec<Claimed>) =
        claimed.into_iter().partition(|one| one.open && !one.indexed);
    let documents: Vec<Document> = fresh.iter().map(|one| document(&one.row)).collect();
    let (dense, reasons): (Vec<Vec<f32>>, Vec<Option<String>>) =
        vectors_of(store, vectors, &documents).await?.into_iter().unzip();
    let points = Point::all(&documents, dense, write)?;
    let mut batch = Batch { write, points: Vec::new(), gone: Vec::new(), done: Vec::new() };
    for ((one, point), reason) in fresh.into_iter().zip(&points).zip(reasons) {
        let seal = serde_json::to_value(&point.seal).unwrap_or_default();
        let became = match reason {
            None => Became::Point(seal),
            Some(reason) => {
                tracing::warn!(opportunity = %one.row.id, source = one.row.source, reason, "the embedder refuses a text; it is found by words alone");
                Became::SetAside(reason, seal)
            }
        };
        batch.done.push((one, became));
    }
    batch.points = points;
    for one in others {
        let became = if one.open { Became::Unchanged } else { Became::Withdrawn };
        if !one.open {
            batch.gone.push(Key::Opportunity(one.row.id));
        }
        batch.done.push((one, became));
    }
    Ok(batch)
}

/// Returns the vector of each document, or none and why the embedder refuses its text. What the model has embedded before is not
/// embedded again, whichever index it was for.
async fn vectors_of(
    store: &Store,
    vectors: &Vectors,
    documents: &[Document],
) -> Result<Vec<(Vec<f32>, Option<String>)>, Trouble> {
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let begun = Instant::now();
    let made = made_or_embedded(store, vectors, documents).await;
    metrics::histogram!("oim_embed_batch_seconds").record(begun.elapsed().as_secs_f64());
    made
}

async fn made_or_embedded(
    store: &Store,
    vectors: &Vectors,
    documents: &[Document],
) -> Result<Vec<(Vec<f32>, Option<String>)>, Trouble> {
    if vectors.model.dimensions == 0 {
        return Ok(vec![(Vec::new(), None); documents.len()]);
    }
    let maker = format!("{} t{TEMPLATE}", vectors.label());
    let digests: Vec<TextDigest> = documents.iter().map(Document::text_digest).collect();
    let mut made = store.cached_vectors(&maker, &digests).await?;
    made.retain(|_, vector| vector.len() == vectors.model.dimensions);
    let (mut wanted, mut texts) = (Vec::new(), Vec::new());
    for (document, digest) in documents.iter().zip(&digests) {
        if !made.contains_key(digest) && !wanted.contains(digest) {
            wanted.push(*digest);
            texts.push(vectors.model.passage(&document.text));
        }
    }
    let mut refused = std::collections::HashMap::new();
    for (digest, vector) in wanted.iter().zip(embed::each(vectors.embedder.as_ref(), &texts).await?) {
        match vector {
            Ok(vector) => drop(made.insert(*digest, vector)),
            Err(reason) => drop(refused.insert(*digest, reason)),
        }
    }
    if !texts.is_empty() {
        is_ours(vectors, wanted.iter().filter_map(|digest| made.get(digest))).await?;
        let fresh: Vec<(TextDigest, &[f32])> =
            wanted.iter().filter_map(|digest| Some((*digest, made.get(digest)?.as_slice()))).collect();
        store.cache_vectors(&maker, &fresh).await?;
    }
    let of =
        |digest: &TextDigest| (made.get(digest).cloned().unwrap_or_default(), refused.get(digest).cloned());
    Ok(digests.iter().map(of).collect())
}

/// Refuses vectors that another model has made than that of the index: its files were replaced under the same name.
async fn is_ours(vectors: &Vectors, made: impl Iterator<Item = &Vec<f32>>) -> Result<(), Trouble> {
    let wanted = vectors.model.dimensions;
    let lengths = made.into_iter().all(|vector| vector.len() == wanted);
    if lengths && vectors.is_same().await {
        return Ok(());
    }
    let why = format!(
        "the embedder has another model under the name {} than this index, {}; its vectors go to an index of their own",
        vectors.model.name,
        vectors.label()
    );
    Err(Trouble::Away { why, retry_after: None })
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

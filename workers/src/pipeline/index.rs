//! Stage 9: what changed is embedded and indexed; what closed is withdrawn.

use std::{sync::Arc, time::Duration};

use domain::OpportunityId;
use queue::Lease;
use store::{Became, Claimed, Store, StoreError, TargetId, TextDigest};
use vectors::{Depth, Document, Key, Point, TEMPLATE, VectorError};

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
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) vectors: Arc<Vectors>,
    pub(crate) target: TargetId,
}

/// Indexes one batch of the outbox, and returns how many opportunities it took. Repeating it is harmless: the index keeps the point
/// of the later write, and the ledger is written only by who still has the job.
pub(crate) async fn batch(store: &Store, kept: &Kept, lease: Lease) -> Result<usize, Trouble> {
    let claimed = store.claim_outbox(lease, kept.target, BATCH).await?;
    let Some(write) = claimed.first().map(|one| one.write) else { return Ok(0) };
    let count = claimed.len();
    let batch = prepare(store, &kept.vectors, claimed).await?;
    if !store.holds(lease).await? {
        return Err(Trouble::Store(queue::QueueError::Fenced(lease.job()).into()));
    }
    let points: Vec<OpportunityId> = batch.points.iter().map(|point| point.id).collect();
    kept.vectors.index.withdraw(&batch.gone, write).await?;
    kept.vectors.index.upsert(batch.points).await?;
    let mut done = batch.done;
    let later = later_writes(&kept.vectors, &points, write).await?;
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
async fn prepare(store: &Store, vectors: &Vectors, claimed: Vec<Claimed>) -> Result<Batch, Trouble> {
    let write = claimed.first().map_or(0, |one| one.write);
    let (fresh, others): (Vec<Claimed>, Vec<Claimed>) =
        claimed.into_iter().partition(|one| one.open && !one.indexed);
    let documents: Vec<Document> = fresh.iter().map(|one| document(&one.row)).collect();
    let (dense, reasons): (Vec<Vec<f32>>, Vec<Option<String>>) =
        vectors_of(store, vectors, &documents).await?.into_iter().unzip();
    let points = Point::all(&documents, dense, write)?;
    let mut batch = Batch { points: Vec::new(), gone: Vec::new(), done: Vec::new() };
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
    let begun = std::time::Instant::now();
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

//! Stage 9: what changed is embedded and indexed; what closed is withdrawn.

use anyhow::Context as _;
use chrono::{Datelike as _, NaiveDate};
use domain::OpportunityId;
use queue::Lease;
use store::{Claimed, IndexRow, Store};
use vectors::{Document, Payload};

use crate::vector::Vectors;

/// Texts that are embedded together: as many as Ollama keeps in memory at 8k tokens each, and one flush of the embedded index.
const BATCH: i64 = 64;
/// Texts that are tried alone before the embedder itself counts as down.
const ENOUGH: usize = 3;

/// Indexes one batch of the outbox, and returns how many opportunities it indexed. If the batch fails, each text is tried
/// alone, so that one bad text does not hold up the others. If none succeeds, the embedder is down.
pub(crate) async fn batch(store: &Store, vectors: &Vectors, lease: Lease) -> anyhow::Result<usize> {
    let claimed = store.claim_outbox(lease, vectors.model(), BATCH).await?;
    let Err(error) = put(vectors, &claimed).await else {
        store.finish_outbox(vectors.model(), &claimed).await?;
        return Ok(claimed.len());
    };
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for one in claimed {
        let alone = put(vectors, std::slice::from_ref(&one)).await;
        if alone.is_ok() {
            done.push(one);
        } else {
            failed.push(one);
        }
        if done.is_empty() && failed.len() >= ENOUGH {
            break;
        }
    }
    store.finish_outbox(vectors.model(), &done).await?;
    store.release_outbox(&failed).await?;
    if done.is_empty() { Err(error) } else { Ok(done.len()) }
}

/// Updates the index from the claimed rows. Repeating it is harmless.
async fn put(vectors: &Vectors, claimed: &[Claimed]) -> anyhow::Result<()> {
    let closed: Vec<OpportunityId> = claimed.iter().filter(|c| !c.open).map(|c| c.row.id).collect();
    let documents: Vec<Document> =
        claimed.iter().filter(|c| c.open && !c.indexed).map(|c| document(&c.row)).collect();
    if !closed.is_empty() {
        vectors.index.withdraw(&closed).await.context("Failed to withdraw points")?;
    }
    if documents.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = documents.iter().map(|document| document.text.clone()).collect();
    let begun = std::time::Instant::now();
    let dense = vectors.embedder.embed(&texts).await.context("Failed to embed")?;
    metrics::histogram!("oim_embed_batch_seconds").record(begun.elapsed().as_secs_f64());
    vectors.index.upsert(&documents, dense).await.context("Failed to index")?;
    metrics::counter!("oim_embedded_total").increment(u64::try_from(documents.len()).unwrap_or(0));
    Ok(())
}

fn document(row: &IndexRow) -> Document {
    let places = row.places.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let parts = [
        Some(row.title.as_str()),
        row.organization.as_deref(),
        Some(places.as_str()),
        row.description.as_deref(),
    ];
    let number = |day: NaiveDate| i64::from(day.num_days_from_ce());
    let text = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    Document {
        id: row.id,
        text,
        payload: Payload {
            source: row.source.clone(),
            stream: row.stream.clone(),
            kind: row.kind.as_str().to_owned(),
            title: row.title.clone(),
            organization: row.organization.clone(),
            place: places,
            regions: row.regions.clone(),
            localities: row.localities.clone(),
            contracts: row.contracts.clone(),
            languages: row.languages.clone(),
            closes_on: row.closes_on.map(number),
            ends_on: row.ends_on.map(number),
            open_until: row.kind.open_until(row.closes_on, row.ends_on).map(number),
            url: row.url.clone(),
        },
    }
}

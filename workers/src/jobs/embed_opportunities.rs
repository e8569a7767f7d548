//! Empties the outbox into the vector index.

use store::queue::Lease;

use super::Stopped;
use crate::{engine::Engine, pipeline::embed};

/// Stored name.
pub(crate) const NAME: &str = "embed_opportunities";

/// Runs the job.
pub(crate) async fn run(engine: &Engine, lease: Lease) -> Result<(), Stopped> {
    let Some(vectors) = &engine.vectors else {
        return Err(Stopped::Failed(anyhow::anyhow!("the vector index is held by another process")));
    };
    while embed::batch(&engine.store, vectors).await? > 0 {}
    engine.store.end_embedding(lease).await?;
    Ok(())
}

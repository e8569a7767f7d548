//! Empties the outbox into the vector index.

use std::time::Duration;

use store::queue::Lease;

use super::{Stopped, chain};
use crate::{engine::Engine, pipeline::embed};

/// Stored name.
pub(crate) const NAME: &str = "embed_opportunities";

/// Pause after the embedder or the index failed.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

/// Runs the job.
pub(crate) async fn run(engine: &Engine, lease: Lease) -> Result<(), Stopped> {
    let Some(vectors) = &engine.vectors else {
        return Err(Stopped::Failed(anyhow::anyhow!("the vector index is held by another process")));
    };
    loop {
        match embed::batch(&engine.store, vectors, lease).await {
            Ok(0) => break,
            Ok(_) => (),
            // The outbox keeps the work; an outage of the embedder costs no try, however long it lasts.
            Err(error) => return Err(Stopped::Later { pause: AFTER_FAILURE, why: chain(&error) }),
        }
    }
    engine.store.end_embedding(lease).await?;
    Ok(())
}

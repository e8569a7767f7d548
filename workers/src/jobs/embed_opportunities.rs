//! Empties the outbox into the vector index.

use std::time::Duration;

use queue::Lease;

use super::{Job, JobError, NoArgs};
use crate::{app::App, observe::error_chain, pipeline::index};

/// Pause after the embedder or the index failed.
const AFTER_FAILURE: Duration = Duration::from_secs(15);

/// Empties the outbox into the vector index.
pub(crate) struct EmbedOpportunities;

impl Job for EmbedOpportunities {
    const NAME: &'static str = "embed_opportunities";
    const NEEDS_INDEX: bool = true;
    type Args = NoArgs;

    async fn run(app: &App, lease: Lease, _: NoArgs) -> Result<(), JobError> {
        let Some(vectors) = app.vectors() else {
            return Err(JobError::Failed(anyhow::anyhow!("the vector index is held by another process")));
        };
        loop {
            match index::batch(&app.store, vectors, lease).await {
                Ok(0) => break,
                Ok(_) => (),
                // The outbox keeps the work, so an outage of the embedder costs no attempt, however long it lasts.
                Err(error) => {
                    return Err(JobError::Snooze { pause: AFTER_FAILURE, why: error_chain(&error) });
                }
            }
        }
        app.store.end_embedding(lease).await?;
        Ok(())
    }
}

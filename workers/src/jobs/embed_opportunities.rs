//! Empties the outbox of an index into it.

use std::time::Duration;

use queue::Lease;
use serde::Deserialize;
use store::TargetId;
use vectors::Depth;

use super::{Job, JobError};
use crate::{
    app::App,
    observe::error_chain,
    pipeline::{
        embed,
        index::{self, Kept, Trouble},
    },
    verify,
};

/// First pause after the embedder or the index failed; each further failure in a row doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// Longest pause: an embedder that is back is noticed after so long.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Empties the outbox of an index into it.
pub(crate) struct EmbedOpportunities;

/// The index.
#[derive(Debug, Deserialize)]
pub(crate) struct TargetArgs {
    target: TargetId,
}

impl Job for EmbedOpportunities {
    const NAME: &'static str = "embed_opportunities";
    const NEEDS_INDEX: bool = true;
    type Args = TargetArgs;

    async fn run(app: &App, lease: Lease, args: TargetArgs) -> Result<(), JobError> {
        let Some(kept) = app.indexes.of(args.target) else {
            return Err(JobError::Failed(anyhow::anyhow!(
                "this worker does not keep index {}",
                args.target.0
            )));
        };
        if app.store.wait_for_probe(lease, kept.target).await? {
            return Ok(());
        }
        let failures = app.store.failures(kept.target).await?;
        match work(app, &kept, lease, failures > 0).await {
            Ok(()) => {
                app.store.end_embedding(lease, kept.target).await?;
                Ok(())
            }
            Err(Trouble::Store(error)) => Err(error.into()),
            Err(Trouble::Away { why, retry_after }) => {
                let pause = pause(failures, retry_after);
                let failures = app.store.postpone_embedding(lease, kept.target, &why, pause).await?;
                tracing::warn!(
                    why,
                    failures,
                    pause_seconds = pause.as_secs(),
                    "cannot index; the changes wait in the outbox"
                );
                Ok(())
            }
        }
    }
}

/// Empties the outbox. Index and embedder are first asked whether they answer; after a failure, for as little as there is to ask for.
async fn work(app: &App, kept: &Kept, lease: Lease, is_probe: bool) -> Result<(), Trouble> {
    if is_probe && kept.vectors.index.restore().await? {
        tracing::warn!("somebody removed the collection of the index; it is made and filled again");
        let report = verify::compare(&app.store, kept, Depth::Payloads, true).await;
        report.map_err(|error| Trouble::Away { why: error_chain(&error), retry_after: None })?;
    }
    kept.vectors.answer().await?;
    if is_probe {
        embed::probe(kept.vectors.embedder.as_ref()).await?;
    }
    index::empty(&app.store, kept, lease, app.config.embedder_requests).await?;
    kept.vectors.index.settle().await?;
    Ok(())
}

/// The pause before the next attempt: what the embedder asks for, or more.
fn pause(failures: i32, retry_after: Option<Duration>) -> Duration {
    let doubled = FIRST_PAUSE * 2_u32.pow(u32::try_from(failures.clamp(0, 10)).unwrap_or(0));
    doubled.min(LONGEST_PAUSE).max(retry_after.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_obey_the_embedder() {
        let pauses: Vec<u64> = [0, 1, 2, 6, 7, 1_000].map(|failures| pause(failures, None).as_secs()).into();
        assert_eq!(pauses, [5, 10, 20, 300, 300, 300]);
        assert_eq!(pause(0, Some(Duration::from_mins(2))).as_secs(), 120);
        assert_eq!(pause(9, Some(Duration::from_secs(1))).as_secs(), 300);
    }
}

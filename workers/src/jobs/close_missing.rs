//! Ends a run: judges it, and closes what a complete one no longer shows.

use store::{RunState, queue::Lease};

use super::{OfRun, Stopped};
use crate::engine::Engine;

/// Stored name.
pub(crate) const NAME: &str = "close_missing";

/// Runs the job.
#[tracing::instrument(skip_all, fields(run = %of.run))]
pub(crate) async fn run(engine: &Engine, lease: Lease, of: OfRun) -> Result<(), Stopped> {
    let state = engine.store.finish_run(lease, of.run).await?;
    let row = engine.store.run(of.run).await?;
    metrics::counter!("oim_runs_total", "source" => row.source.clone(), "state" => state.as_str())
        .increment(1);
    match state {
        RunState::Quarantined => {
            tracing::error!(source = row.source, why = row.message, "the run is not plausible");
        }
        RunState::Partial => {
            tracing::warn!(source = row.source, why = row.message, "the run is not complete");
        }
        _ => tracing::info!(
            source = row.source,
            seen = row.seen,
            created = row.created,
            changed = row.changed,
            unchanged = row.unchanged,
            rejected = row.rejected,
            closed = row.closed,
            "the run is complete"
        ),
    }
    Ok(())
}

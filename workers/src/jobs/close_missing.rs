//! Ends a run: judges it, and closes what a complete one no longer shows.

use store::{RunState, queue::Lease};

use super::{Job, RunArgs, Stopped};
use crate::engine::Engine;

/// Ends a run: judges it, and closes what a complete one no longer shows.
pub(crate) struct CloseMissing;

impl Job for CloseMissing {
    const NAME: &'static str = "close_missing";
    type Args = RunArgs;

    #[tracing::instrument(skip_all, fields(run = %args.run))]
    async fn run(engine: &Engine, lease: Lease, args: Self::Args) -> Result<(), Stopped> {
        let state = engine.store.finish_run(lease, args.run).await?;
        let row = engine.store.run(args.run).await?;
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
}

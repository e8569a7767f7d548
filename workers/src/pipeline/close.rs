//! Stage 9: a run is judged, and a complete one closes what it no longer shows.

use domain::RunId;
use queue::Lease;
use store::{RunState, Store, StoreError};

/// Ends a run and its job, and reports the state of the run.
pub(crate) async fn close(store: &Store, lease: Lease, run: RunId) -> Result<(), StoreError> {
    let state = store.finish_run(lease, run).await?;
    let row = store.run(run).await?;
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

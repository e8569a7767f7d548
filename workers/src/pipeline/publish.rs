//! Stage 7: a run is audited, and what it staged is published, or held.

use domain::RunId;
use queue::Lease;
use store::{RunState, Store, StoreError};

/// Ends a run and its job, and reports the state of the run.
pub(crate) async fn finish(store: &Store, lease: Lease, run: RunId) -> Result<(), StoreError> {
    let state = store.finish_run(lease, run).await?;
    if !state.ended() {
        tracing::warn!(%run, "a crash of the database took staged rows: their pages are parsed again");
        return Ok(());
    }
    let row = store.run(run).await?;
    metrics::counter!("oim_runs_total", "source" => row.source.clone(), "state" => state.as_str())
        .increment(1);
    if let Some(waited) = store.served_after(run).await? {
        for (share, seconds) in [("0.5", waited.median), ("0.95", waited.p95)] {
            metrics::gauge!("oim_served_after_seconds", "source" => row.source.clone(), "share" => share)
                .set(seconds);
        }
    }
    match state {
        RunState::Held => {
            tracing::error!(
                source = row.source,
                why = row.message,
                "the run is held: nothing of it is served"
            );
        }
        RunState::Partial => {
            tracing::warn!(
                source = row.source,
                why = row.message,
                "the run is a part: it was published, and closed nothing"
            );
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

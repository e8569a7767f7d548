//! Removes what is no longer needed from the database and the archive, each night.

use queue::Lease;

use super::{Job, JobError, NoArgs};
use crate::{app::App, pipeline::prune};

/// Removes what is no longer needed.
pub(crate) struct Prune;

impl Job for Prune {
    const NAME: &'static str = "prune";
    type Args = NoArgs;

    async fn run(app: &App, lease: Lease, _: NoArgs) -> Result<(), JobError> {
        let report = prune::prune(&app.store, Some(&app.archive), prune::retention(&app.config)).await?;
        let all = report.all;
        tracing::info!(
            runs = all.runs,
            pages = all.pages,
            rejections = all.rejections,
            changes = all.changes,
            visits = all.visits,
            dead_letters = all.dead_letters,
            answers = report.removed,
            "removed what is no longer needed"
        );
        Ok(app.store.queue().job_done(lease).await?)
    }
}

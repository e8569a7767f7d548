//! Ends a run: audits it, and publishes what it staged, or holds it.

use queue::Lease;

use super::{Job, JobError, RunArgs};
use crate::{app::App, pipeline::publish};

/// Ends a run: audits it, and publishes what it staged, or holds it.
pub(crate) struct FinishRun;

impl Job for FinishRun {
    const NAME: &'static str = "finish_run";
    type Args = RunArgs;

    #[tracing::instrument(skip_all, fields(run = %args.run))]
    async fn run(app: &App, lease: Lease, args: RunArgs) -> Result<(), JobError> {
        Ok(publish::finish(&app.store, lease, args.run).await?)
    }
}

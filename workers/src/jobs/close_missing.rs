//! Ends a run: audits it, and publishes what it staged, or holds it.

use queue::Lease;

use super::{Job, JobError, RunArgs};
use crate::{app::App, pipeline::close};

/// Ends a run: audits it, and publishes what it staged, or holds it.
pub(crate) struct CloseMissing;

impl Job for CloseMissing {
    const NAME: &'static str = "close_missing";
    type Args = RunArgs;

    #[tracing::instrument(skip_all, fields(run = %args.run))]
    async fn run(app: &App, lease: Lease, args: RunArgs) -> Result<(), JobError> {
        Ok(close::close(&app.store, lease, args.run).await?)
    }
}

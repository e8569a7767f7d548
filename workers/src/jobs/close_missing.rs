//! Ends a run: judges it, and closes what a complete one no longer shows.

use queue::Lease;

use super::{Job, JobError, RunArgs};
use crate::{app::App, pipeline::close};

/// Ends a run: judges it, and closes what a complete one no longer shows.
pub(crate) struct CloseMissing;

impl Job for CloseMissing {
    const NAME: &'static str = "close_missing";
    type Args = RunArgs;

    #[tracing::instrument(skip_all, fields(run = %args.run))]
    async fn run(app: &App, lease: Lease, args: RunArgs) -> Result<(), JobError> {
        Ok(close::close(&app.store, lease, args.run).await?)
    }
}

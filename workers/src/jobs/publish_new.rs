//! Publishes the new opportunities of a long run before its last page has come.

use queue::Lease;

use super::{Job, JobError, RunArgs};
use crate::app::App;

/// Publishes the new opportunities of a long run before its last page has come.
pub(crate) struct PublishNew;

impl Job for PublishNew {
    const NAME: &'static str = "publish_new";
    type Args = RunArgs;

    #[tracing::instrument(skip_all, fields(run = %args.run))]
    async fn run(app: &App, lease: Lease, args: RunArgs) -> Result<(), JobError> {
        let (created, doubt) = app.store.publish_new(lease, args.run).await?;
        if let Some(why) = doubt {
            tracing::warn!(why, "nothing is published at this checkpoint: the audit doubts the run");
        } else {
            tracing::info!(created, "published what is new so far");
        }
        Ok(())
    }
}

//! Finds rows that are one opportunity, and updates their clusters.

use queue::Lease;

use super::{Job, JobError, NoArgs};
use crate::{app::App, pipeline::dedupe};

/// Finds rows that are one opportunity, and updates their clusters.
pub(crate) struct MatchDuplicates;

impl Job for MatchDuplicates {
    const NAME: &'static str = "match_duplicates";
    type Args = NoArgs;

    async fn run(app: &App, lease: Lease, _: NoArgs) -> Result<(), JobError> {
        Ok(dedupe::dedupe(&app.store, lease, &app.stop).await?)
    }
}

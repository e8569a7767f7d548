//! Finds opportunities that several sources publish.

use queue::Lease;

use super::{Job, JobError, NoArgs};
use crate::{app::App, pipeline::dedupe};

/// Finds opportunities that several sources publish.
pub(crate) struct MatchDuplicates;

impl Job for MatchDuplicates {
    const NAME: &'static str = "match_duplicates";
    type Args = NoArgs;

    async fn run(app: &App, lease: Lease, _: NoArgs) -> Result<(), JobError> {
        Ok(dedupe::dedupe(&app.store, lease, &app.stop).await?)
    }
}

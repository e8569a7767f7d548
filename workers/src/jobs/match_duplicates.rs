//! Finds opportunities that several sources publish.

use store::queue::Lease;

use super::{Job, NoArgs, Stopped};
use crate::{engine::Engine, pipeline::dedupe};

/// Finds opportunities that several sources publish.
pub(crate) struct MatchDuplicates;

impl Job for MatchDuplicates {
    const NAME: &'static str = "match_duplicates";
    type Args = NoArgs;

    async fn run(engine: &Engine, lease: Lease, _: NoArgs) -> Result<(), Stopped> {
        Ok(dedupe::dedupe(&engine.store, lease, &engine.stop).await?)
    }
}

//! Finds the same opportunity among partners.

use store::queue::Lease;

use super::{Job, NoArgs, Stopped};
use crate::engine::Engine;

/// Finds the same opportunity among partners.
pub(crate) struct MatchDuplicates;

impl Job for MatchDuplicates {
    const NAME: &'static str = "match_duplicates";
    type Args = NoArgs;

    async fn run(engine: &Engine, lease: Lease, _: NoArgs) -> Result<(), Stopped> {
        while engine.store.match_some(lease).await? > 0 {
            if engine.stop.is_cancelled() {
                break;
            }
        }
        Ok(engine.store.end_matching(lease).await?)
    }
}

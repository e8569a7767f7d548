//! Finds the same opportunity among partners.

use store::queue::Lease;

use super::Stopped;
use crate::engine::Engine;

/// Stored name.
pub(crate) const NAME: &str = "match_duplicates";

/// Runs the job.
pub(crate) async fn run(engine: &Engine, lease: Lease) -> Result<(), Stopped> {
    while engine.store.match_some(lease).await? > 0 {
        if engine.stop.is_cancelled() {
            break;
        }
    }
    Ok(engine.store.end_matching(lease).await?)
}

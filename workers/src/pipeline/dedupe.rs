//! Stage 8: rows that changed are compared with similar ones, and clusters are updated.

use queue::Lease;
use store::{Houses, Store, StoreError};

use crate::queue::Stop;

/// Compares waiting rows, batch by batch, until none waits or the worker stops. Then it ends the job; remaining rows get a new
/// one.
pub(crate) async fn dedupe(store: &Store, lease: Lease, stop: &Stop) -> Result<(), StoreError> {
    let mut houses = Houses::default();
    while store.match_some(lease, &mut houses).await? > 0 {
        if stop.is_cancelled() {
            break;
        }
    }
    store.end_matching(lease).await
}

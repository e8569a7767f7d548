//! Stage 1: a run is requested.
//!
//! Commands, the API, the inbox and the timetable come through here. `SELECT api.request_ingest(…)` reaches the same function
//! of the database.

use chrono::{DateTime, Utc};
use schedules::Entry;
use store::{Entered, Fired, Mode, RunRequest, Store, StoreError};

/// Requests a run. If a run already does what is requested, returns that one.
pub(crate) async fn request(store: &Store, request: &RunRequest) -> Result<Entered, StoreError> {
    store.request_run(request).await
}

/// Requests the run of a due tick. Each fires once, however many workers watch.
pub(crate) async fn tick(store: &Store, entry: &Entry, at: DateTime<Utc>) -> Result<Fired, StoreError> {
    let mode = match entry.mode {
        schedules::Mode::Incremental => Mode::Incremental,
        schedules::Mode::Full => Mode::Full,
    };
    store.fire(entry.name.as_str(), &entry.source, mode, at).await
}

//! Takes over the embedded index when the process that held it has ended, however it ended.

use std::{sync::Arc, time::Duration};

use queue::WorkerId;

use super::Stop;
use crate::{app::App, jobs, observe::error_chain};

/// Between two looks whether the index is free. The operating system frees it with the process that holds it.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Looks until this process holds the index, or stops.
pub(super) async fn watch(app: Arc<App>, worker: WorkerId, stop: Stop) {
    let mut last = String::new();
    while app.vectors().is_none() {
        if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
        match take(&app, worker).await {
            Ok(true) => tracing::warn!("this worker has taken over the vector index"),
            Ok(false) => last.clear(),
            Err(error) => {
                let why = error_chain(&error);
                if why != last {
                    tracing::error!(why, "could not take over the vector index; looking again");
                    last = why;
                }
            }
        }
    }
}

async fn take(app: &App, worker: WorkerId) -> anyhow::Result<bool> {
    let is_ours = app.take_index().await?;
    if is_ours {
        // Who had them in hand held the index, and is gone.
        app.store.queue().takes_index(worker, &jobs::needing_index()).await?;
    }
    Ok(is_ours)
}

//! Takes over the embedded index when the process that held it has ended, however it ended, and opens an index that did not answer.

use std::{sync::Arc, time::Duration};

use queue::WorkerId;

use super::Stop;
use crate::{app::App, observe::error_chain};

/// Between two looks whether the index is free. The operating system frees it with the process that holds it.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longest time between two looks at an index that does not answer.
const LONGEST: Duration = Duration::from_mins(1);

/// Looks until this process holds the index, or stops.
pub(super) async fn watch(app: Arc<App>, worker: WorkerId, stop: Stop) {
    let (mut last, mut pause) = (String::new(), LOOK_EVERY);
    while app.vectors().is_none() {
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return;
        }
        match take(&app, worker).await {
            Ok(true) => tracing::warn!("this worker keeps the vector index in step from now on"),
            Ok(false) => {
                last.clear();
                pause = LOOK_EVERY;
            }
            Err(error) => {
                pause = (pause * 2).min(LONGEST);
                let why = error_chain(&error);
                if why != last {
                    tracing::error!(why, "could not open the vector index; trying again");
                    last = why;
                }
            }
        }
    }
}

async fn take(app: &App, worker: WorkerId) -> anyhow::Result<bool> {
    let is_ours = app.take_index().await?;
    if let Some(kept) = app.kept() {
        // Who had its jobs in hand held the embedded index, and is gone. A server has many that keep its index.
        let lanes = if app.config.qdrant_url.is_none() { kept.target.lanes().to_vec() } else { Vec::new() };
        app.store.queue().takes_index(worker, &lanes).await?;
    }
    Ok(is_ours)
}

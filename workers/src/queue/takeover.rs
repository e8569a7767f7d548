//! Looks at the indexes while a worker runs: takes over the embedded one when the process that held it has ended, however it ended, opens
//! one that did not answer, and follows what operators and embedders change.

use std::{sync::Arc, time::Duration};

use queue::WorkerId;

use super::Stop;
use crate::{app::App, observe::error_chain};

/// Between two looks. The operating system frees an embedded index with the process that holds it.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Longest time between two looks at an index that does not answer.
const LONGEST: Duration = Duration::from_mins(1);

/// Looks until this process stops.
pub(super) async fn watch(app: Arc<App>, worker: WorkerId, stop: Stop) {
    let (mut last, mut pause) = (String::new(), LOOK_EVERY);
    while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
        match look(&app, worker).await {
            Ok(()) => {
                last.clear();
                pause = LOOK_EVERY;
            }
            // A stop closes the connections that a look still uses.
            Err(_) if stop.is_cancelled() => return,
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

async fn look(app: &App, worker: WorkerId) -> anyhow::Result<()> {
    for kept in app.look_at_indexes().await? {
        tracing::warn!(
            index = kept.vectors.index.describe(),
            "this worker keeps a vector index in step from now on"
        );
        // Who had its jobs in hand held the embedded index, and is gone. A server has many that keep its index.
        let lanes = if app.config.qdrant_url.is_none() { kept.target.lanes().to_vec() } else { Vec::new() };
        app.store.queue().takes_index(worker, &lanes).await?;
    }
    Ok(())
}

//! Partner files that change while a worker runs.

use std::{sync::Arc, time::Duration};

use crate::{app::App, observe::error_chain, queue::Stop};

/// Between two looks at the folder of partner files.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Takes up changed partner files until the worker stops. A set in which one file is wrong is refused as a whole: the worker
/// goes on by the files it has, and says so once.
pub(crate) async fn watch(app: Arc<App>, stop: Stop) {
    let mut told = String::new();
    while !stop.is_cancelled() {
        match app.reload().await {
            Ok(true) => {
                told.clear();
                let sources = app.catalog().iter().count();
                tracing::info!(sources, "partner files changed and were taken up");
            }
            Ok(false) => told.clear(),
            Err(error) => {
                let why = error_chain(&error);
                if why != told {
                    tracing::error!(
                        why,
                        "the partner files are refused as a whole; those known before stay in force"
                    );
                    told = why;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = tokio::time::sleep(LOOK_EVERY) => (),
        }
    }
}

//! Source files that change while a worker runs.

use std::{sync::Arc, time::Duration};

use crate::{app::App, observe::error_chain, queue::Stop};

/// Time between two looks at the folder of source files.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Loads changed source files until the worker stops. If one file is invalid, all are refused: the worker continues with the
/// files that it has, and logs that once.
pub(crate) async fn watch(app: Arc<App>, stop: Stop) {
    let mut told = String::new();
    while !stop.is_cancelled() {
        match app.reload().await {
            Ok(true) => {
                told.clear();
                let sources = app.catalog().iter().count();
                tracing::info!(sources, "source files changed and were loaded");
            }
            Ok(false) => told.clear(),
            Err(error) => {
                let why = error_chain(&error);
                if why != told {
                    tracing::error!(
                        why,
                        "the source files are refused as a whole; those known before stay in force"
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

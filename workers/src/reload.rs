//! Source files that change while a worker runs.

use std::{sync::Arc, time::Duration};

use store::StoreError;

use crate::{app::App, observe::error_chain, queue::Stop};

/// Time between two looks at the folder of source files, and at the registry.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Brings changed source files to the registry, and loads what is in force, until the worker stops. If one file of the folder is
/// invalid, all are refused: the registry keeps the files that it has. The worker logs that once, and `status` shows it.
pub(crate) async fn watch(app: Arc<App>, stop: Stop) {
    let mut last = None;
    while !stop.is_cancelled() {
        match look(&app, &mut last).await {
            Ok(true) => {
                let sources = app.catalog().iter().count();
                tracing::info!(sources, "source files changed and were loaded");
            }
            Ok(false) => (),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not look for changed source files"
                );
            }
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = tokio::time::sleep(LOOK_EVERY) => (),
        }
    }
}

/// Looks once. `last`: the files that could not be used at the last look.
async fn look(app: &App, last: &mut Option<Vec<String>>) -> Result<bool, StoreError> {
    let brought = app.bring_changed_files().await;
    let followed = app.follow_registry().await;
    let mut wrong = app.refused();
    for error in [brought.err(), followed.as_ref().err().map(|error| anyhow::anyhow!("{error:#}"))]
        .into_iter()
        .flatten()
    {
        match error.downcast::<StoreError>() {
            Ok(error) => return Err(error),
            Err(error) => wrong.push(error_chain(&error)),
        }
    }
    if last.as_ref() != Some(&wrong) {
        let why = (!wrong.is_empty()).then(|| wrong.join("; "));
        if let Some(why) = &why {
            tracing::error!(why, "the source files are refused as a whole; those known before stay in force");
        }
        if let Some(worker) = app.worker.get() {
            app.store.note_refused_files(*worker, why.as_deref()).await?;
            *last = Some(wrong);
        }
    }
    followed.or(Ok(false))
}

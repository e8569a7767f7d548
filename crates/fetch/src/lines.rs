//! The threads that talk to partners.
//!
//! What a connection costs is the partner's choice: one that sends interim answers (100 to 199) without end keeps a thread parsing for
//! seconds between two looks at the clock. It must not be a thread that heartbeats, the database or other jobs need.

use std::{panic::resume_unwind, sync::LazyLock};

use reqwest::{Client, Error, Request, Response};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

/// Threads of a process: as many connections may be costly at once without a standstill of the others.
const THREADS: usize = 4;

/// One for the whole process. `None` if the system gives no threads: then requests run where they are made.
static LINES: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(THREADS).thread_name("partners").enable_all().build().ok()
});

/// Sends a request from these threads, and gives it up when the caller does.
pub(crate) async fn execute(client: &Client, request: Request) -> Result<Response, Error> {
    let Some(lines) = LINES.as_ref() else { return client.execute(request).await };
    let (client, mut sending) = (client.clone(), JoinSet::new());
    // The connection lives where its request is first polled.
    sending.spawn_on(async move { client.execute(request).await }, lines.handle());
    match sending.join_next().await {
        Some(Ok(answer)) => answer,
        Some(Err(ended)) => resume_unwind(ended.try_into_panic().unwrap_or_else(|ended| Box::new(ended))),
        None => resume_unwind(Box::new("a request was lost")),
    }
}

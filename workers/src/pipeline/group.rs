//! Pages that are ready at the same time commit together: one transaction and one write to disk for all of them.
//!
//! Nobody waits for company. While one group commits, the next one gathers, so that groups grow with the load: a single
//! page commits at once, and 32 workers that are busy commit by the dozen.

use std::panic::AssertUnwindSafe;

use anyhow::Context as _;
use futures::FutureExt as _;
use store::{GROUP, ParsedPage, Store, StoreError, Tally};
use tokio::sync::{mpsc, oneshot};

/// A page, and who waits for its commit.
type Waiting = (ParsedPage, oneshot::Sender<Result<Tally, StoreError>>);

/// Commits parsed pages of this process in groups.
pub(crate) struct Group {
    waiting: mpsc::Sender<Waiting>,
}

impl Group {
    /// Starts the task that commits. It ends with the last commit after this value is dropped.
    pub(crate) fn start(store: Store) -> Self {
        let (waiting, ready) = mpsc::channel(GROUP);
        tokio::spawn(commit_all(store, ready));
        Self { waiting }
    }

    /// Commits a page. Returns once it is on disk. Fails with a [`StoreError`], or because the commit broke off.
    pub(crate) async fn commit(&self, page: ParsedPage) -> anyhow::Result<Tally> {
        const BROKEN: &str = "the commit of the page broke off";
        let (done, told) = oneshot::channel();
        self.waiting.send((page, done)).await.ok().context(BROKEN)?;
        Ok(told.await.context(BROKEN)??)
    }
}

async fn commit_all(store: Store, mut ready: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while ready.recv_many(&mut group, GROUP).await > 0 {
        let (pages, told): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        // A panic costs this group an attempt, and not the next ones their task.
        let Ok(tallies) = AssertUnwindSafe(store.commit_pages(&pages)).catch_unwind().await else { continue };
        for (tally, told) in tallies.into_iter().zip(told) {
            // Who gave up waiting finds the page committed when its job is tried again.
            let _ = told.send(tally);
        }
    }
}

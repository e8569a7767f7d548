//! Pages that are ready at the same time commit together: one transaction and one write to disk for all of them.
//!
//! No page waits for others. While one group commits, the next one gathers, so groups grow with the load: a single page
//! commits at once, and under load a dozen commit together.

use std::panic::AssertUnwindSafe;

use anyhow::Context as _;
use futures::FutureExt as _;
use store::{GROUP, ParsedPage, Store, StoreError, Tally};
use tokio::sync::{mpsc, oneshot};

/// A page, and the channel to the job that waits for its commit.
type Waiting = (ParsedPage, oneshot::Sender<Result<Tally, StoreError>>);

/// Commits parsed pages of this process in groups.
pub(crate) struct Group {
    waiting: mpsc::Sender<Waiting>,
}

impl Group {
    /// Starts the task that commits. The task ends once this value is dropped and all pages are committed.
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
        // A panic costs this group an attempt, but the task continues.
        let Ok(tallies) = AssertUnwindSafe(store.commit_pages(&pages)).catch_unwind().await else { continue };
        for (tally, told) in tallies.into_iter().zip(told) {
            // A job that stopped waiting finds the page committed at its next attempt.
            let _ = told.send(tally);
        }
    }
}

//! Pages that are ready at the same time commit together: one transaction and one write to disk for all of them.
//!
//! Nobody waits for company. While one group commits, the next one gathers, so that groups grow with the load: a single
//! page commits at once, and 32 workers that are busy commit by the dozen.

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

    /// Commits a page. Returns once it is on disk.
    pub(crate) async fn commit(&self, page: ParsedPage) -> Result<Tally, StoreError> {
        let job = page.lease().job();
        let (done, told) = oneshot::channel();
        // The task ends only after this value. If it panicked, the job is given to the next worker like any other.
        if self.waiting.send((page, done)).await.is_err() {
            return Err(StoreError::Fenced(job));
        }
        told.await.unwrap_or(Err(StoreError::Fenced(job)))
    }
}

async fn commit_all(store: Store, mut ready: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while ready.recv_many(&mut group, GROUP).await > 0 {
        let (pages, told): (Vec<_>, Vec<_>) = group.drain(..).unzip();
        for (tally, told) in store.commit_pages(&pages).await.into_iter().zip(told) {
            // Who gave up waiting finds the page committed when its job is tried again.
            let _ = told.send(tally);
        }
    }
}

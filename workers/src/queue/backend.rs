//! An apalis [`Backend`] over `queue.jobs`.
//!
//! A claimer of our own fills a channel with no more jobs than there are free hands, so that nothing waits
//! claimed in a buffer: a claimed job is a job being done.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use apalis_core::{
    backend::{Backend, BackendConfig, finalize::Ephemeral},
    task::{Task, task_id::RandomId},
    worker::context::WorkerContext,
};
use store::{
    Store,
    queue::{Job, WorkerId},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tower::layer::util::Identity;

/// Longest time between two looks at the table: what a lost notification can cost.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Time in which hands that become free are gathered for one look at the table.
const GATHER: Duration = Duration::from_millis(2);

/// The jobs this process has in hand: only their leases are kept alive. A job that panicked, or whose end could not be
/// written, is in nobody's hand, so its lease ends and it is given to others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    jobs: Arc<Mutex<HashSet<i64>>>,
    /// Rings when one ends: its lane has room again, and no insertion tells of that.
    freed: Arc<Notify>,
}

impl Held {
    /// Their numbers.
    pub(crate) fn jobs(&self) -> Vec<i64> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn take(&self, job: i64) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
    }

    fn release(&self, job: i64) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
    }
}

/// A claimed job and the hand that does it; dropped, the hand is free and the lease no longer kept.
#[derive(Debug, Clone)]
pub(crate) struct InHand {
    /// The job.
    pub(crate) job: Job,
    _hand: Arc<Hand>,
}

#[derive(Debug)]
struct Hand {
    job: i64,
    held: Held,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.held.release(self.job);
        self.held.freed.notify_one();
    }
}

/// The backend ends, and with it the worker, only when the claimer does.
#[derive(Debug, thiserror::Error)]
#[error("the queue is closed")]
pub(crate) struct Closed;

/// Hands claimed jobs to apalis.
#[derive(Debug)]
pub(crate) struct Jobs {
    claimed: mpsc::Receiver<InHand>,
}

impl Backend for Jobs {
    type Task = Task<InHand>;
    type Error = Closed;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Closed>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<InHand>, Closed>>> {
        self.claimed.poll_recv(cx).map(|claimed| claimed.map(|job| Ok(Task::new(job))))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Closed>> {
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Jobs {
    type Args = InHand;
    type Id = RandomId;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &() {
        &()
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Identity {
        Identity::new()
    }
}

/// Claims jobs as long as hands are free.
pub(crate) struct Claimer {
    pub(crate) store: Store,
    pub(crate) worker: WorkerId,
    pub(crate) kinds: Vec<String>,
    pub(crate) hands: usize,
    pub(crate) hold: Duration,
    pub(crate) held: Held,
    pub(crate) stop: CancellationToken,
}

impl Claimer {
    /// The backend, and the task that feeds it until `stop`.
    pub(crate) fn start(self) -> (Jobs, tokio::task::JoinHandle<()>) {
        let (sender, claimed) = mpsc::channel(self.hands);
        (Jobs { claimed }, tokio::spawn(self.feed(sender)))
    }

    async fn feed(self, sender: mpsc::Sender<InHand>) {
        let hands = Arc::new(Semaphore::new(self.hands));
        let mut bell = None;
        loop {
            let Some(Ok(first)) = self.stop.run_until_cancelled(Arc::clone(&hands).acquire_owned()).await
            else {
                return;
            };
            if bell.is_none() {
                bell = self.store.wakeups().await.ok();
            }
            let mut free = vec![first];
            while let Ok(hand) = Arc::clone(&hands).try_acquire_owned() {
                free.push(hand);
            }
            match self.claim(free.len()).await {
                Ok(jobs) if jobs.is_empty() => {
                    drop(free);
                    self.rest(&mut bell).await;
                }
                Ok(jobs) => {
                    for (job, permit) in jobs.into_iter().zip(free) {
                        let _ = sender.send(self.in_hand(job, permit)).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not look for jobs; looking again"
                    );
                    bell = None;
                    drop(free);
                    self.rest(&mut None).await;
                }
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    fn in_hand(&self, job: Job, permit: OwnedSemaphorePermit) -> InHand {
        let number = job.lease.job();
        self.held.take(number);
        InHand { job, _hand: Arc::new(Hand { job: number, held: self.held.clone(), _permit: permit }) }
    }

    async fn claim(&self, free: usize) -> Result<Vec<Job>, store::StoreError> {
        self.store.claim(self.worker, &self.kinds, i64::try_from(free).unwrap_or(1), self.hold).await
    }

    /// Until the bell rings, a job of this process ends, a while has passed, or the pool stops.
    async fn rest(&self, bell: &mut Option<store::queue::Wakeups>) {
        let several = async {
            self.held.freed.notified().await;
            // Hands that become free together are filled together.
            tokio::time::sleep(GATHER).await;
        };
        let ring = async {
            if let Some(bell) = bell { bell.next().await.is_ok() } else { std::future::pending().await }
        };
        tokio::select! {
            heard = ring => if !heard { *bell = None },
            () = several => (),
            () = tokio::time::sleep(LOOK_EVERY) => (),
            () = self.stop.cancelled() => (),
        }
    }
}

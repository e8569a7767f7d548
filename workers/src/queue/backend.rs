//! An apalis [`Backend`] over `queue.jobs`.
//!
//! A claimer of our own fills a channel with no more jobs than there are free permits, so no claimed job waits in a buffer:
//! each one runs.

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
use queue::{Job, Queue, QueueError, Wakeups, WorkerId};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tower::layer::util::Identity;

use crate::{app::App, jobs};

/// Longest time between two looks at the table, and so the longest delay after a lost wake-up.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Time in which permits that become free are gathered for one look at the table.
const GATHER: Duration = Duration::from_millis(2);

/// The jobs that this process runs: its heartbeat extends the lease of these jobs only. A job that panicked, or whose outcome
/// could not be stored, is not among them, so its lease ends and another worker gets it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunningJobs {
    jobs: Arc<Mutex<HashSet<i64>>>,
    /// Notified when a job ends: its lane has room again, and the database sends no wake-up for that.
    freed: Arc<Notify>,
}

impl RunningJobs {
    /// Returns their numbers.
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

/// A claimed job with its guard.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedJob {
    /// The job.
    pub(crate) job: Job,
    _guard: Arc<JobGuard>,
}

/// Dropping it frees the permit and removes the job from the running ones.
#[derive(Debug)]
struct JobGuard {
    job: i64,
    running: RunningJobs,
    _permit: OwnedSemaphorePermit,
}

impl Drop for JobGuard {
    fn drop(&mut self) {
        self.running.release(self.job);
        self.running.freed.notify_one();
    }
}

/// The backend, and with it the worker, ends only when the claimer does.
#[derive(Debug, thiserror::Error)]
#[error("the queue is closed")]
pub(crate) struct Closed;

/// Passes claimed jobs to apalis.
#[derive(Debug)]
pub(crate) struct Jobs {
    claimed: mpsc::Receiver<ClaimedJob>,
}

impl Backend for Jobs {
    type Task = Task<ClaimedJob>;
    type Error = Closed;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Closed>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Task<ClaimedJob>, Closed>>> {
        self.claimed.poll_recv(cx).map(|claimed| claimed.map(|job| Ok(Task::new(job))))
    }

    fn poll_close(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Closed>> {
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Jobs {
    type Args = ClaimedJob;
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

/// Claims jobs while permits are free, of the sources that this process knows.
pub(crate) struct Claimer {
    pub(crate) queue: Queue,
    pub(crate) worker: WorkerId,
    /// Tells which jobs this process can run: its source files may change, and it may take over the index.
    pub(crate) app: Arc<App>,
    pub(crate) permits: usize,
    pub(crate) lease_duration: Duration,
    pub(crate) running: RunningJobs,
    pub(crate) stop: CancellationToken,
}

impl Claimer {
    /// Returns the backend, and the task that feeds it until `stop` is cancelled.
    pub(crate) fn start(self) -> (Jobs, tokio::task::JoinHandle<()>) {
        let (sender, claimed) = mpsc::channel(self.permits);
        (Jobs { claimed }, tokio::spawn(self.feed(sender)))
    }

    async fn feed(self, sender: mpsc::Sender<ClaimedJob>) {
        let permits = Arc::new(Semaphore::new(self.permits));
        let mut wakeups = None;
        loop {
            let Some(Ok(first)) = self.stop.run_until_cancelled(Arc::clone(&permits).acquire_owned()).await
            else {
                return;
            };
            if wakeups.is_none() {
                wakeups = self.queue.wakeups().await.ok();
            }
            let mut free = vec![first];
            while let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
                free.push(permit);
            }
            match self.claim(free.len()).await {
                Ok(jobs) if jobs.is_empty() => {
                    drop(free);
                    self.rest(&mut wakeups).await;
                }
                Ok(jobs) => {
                    for (job, permit) in jobs.into_iter().zip(free) {
                        let _ = sender.send(self.guard(job, permit)).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not look for jobs; looking again"
                    );
                    wakeups = None;
                    drop(free);
                    self.rest(&mut None).await;
                }
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    fn guard(&self, job: Job, permit: OwnedSemaphorePermit) -> ClaimedJob {
        let number = job.lease.job();
        self.running.take(number);
        ClaimedJob {
            job,
            _guard: Arc::new(JobGuard { job: number, running: self.running.clone(), _permit: permit }),
        }
    }

    async fn claim(&self, free: usize) -> Result<Vec<Job>, QueueError> {
        self.queue
            .claim(
                self.worker,
                &jobs::kinds(self.app.vectors().is_some()),
                Some(&self.app.subjects()),
                i64::try_from(free).unwrap_or(1),
                self.lease_duration,
            )
            .await
    }

    /// Waits until a wake-up arrives, a job of this process ends, some time has passed, or the pool stops.
    async fn rest(&self, wakeups: &mut Option<Wakeups>) {
        let job_ended = async {
            self.running.freed.notified().await;
            // Permits that become free together are used together.
            tokio::time::sleep(GATHER).await;
        };
        let wakeup = async {
            if let Some(wakeups) = wakeups {
                wakeups.next().await.is_ok()
            } else {
                std::future::pending().await
            }
        };
        tokio::select! {
            is_open = wakeup => if !is_open { *wakeups = None },
            () = job_ended => (),
            () = tokio::time::sleep(LOOK_EVERY) => (),
            () = self.stop.cancelled() => (),
        }
    }
}

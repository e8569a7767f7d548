//! An apalis [`Backend`] over `queue.jobs`.
//!
//! Claimers of our own fill a channel with no more jobs than there are free permits, so no claimed job waits in a buffer:
//! each one runs. One claims the jobs that wait for partners, and one the others: partners that never answer hold up nobody else.

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
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tower::layer::util::Identity;

use crate::{app::App, jobs};

/// Longest time between two looks at the table, and so the longest delay after a lost wake-up.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Time in which reasons to look at the table, such as permits that become free, are gathered for one look.
const GATHER: Duration = Duration::from_millis(2);

/// The jobs that this process runs: its heartbeat extends the lease of these jobs only. A job that panicked, or whose outcome
/// could not be stored, is not among them, so its lease ends and another worker gets it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunningJobs(Arc<Mutex<HashSet<i64>>>);

impl RunningJobs {
    /// Returns their numbers.
    pub(crate) fn jobs(&self) -> Vec<i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn take(&self, job: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
    }

    fn release(&self, job: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&job);
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
    look: Arc<Notify>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for JobGuard {
    fn drop(&mut self) {
        self.running.release(self.job);
        // Its lane has room again, and the database sends no wake-up for that.
        self.look.notify_one();
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

/// What a claimer claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claims {
    /// Jobs that wait for partners.
    Fetches,
    /// All others.
    Work,
}

/// Claims jobs while permits are free, of the sources that this process knows.
#[derive(Clone)]
pub(crate) struct Claimer {
    pub(crate) queue: Queue,
    pub(crate) worker: WorkerId,
    /// Tells which jobs this process can run: its source files may change, and it may take over the index.
    pub(crate) app: Arc<App>,
    pub(crate) lease_duration: Duration,
    pub(crate) running: RunningJobs,
    pub(crate) stop: CancellationToken,
}

impl Claimer {
    /// Returns the backend, and the tasks that feed it until `stop` is cancelled.
    pub(crate) fn start(self) -> (Jobs, Vec<JoinHandle<()>>) {
        let (sender, claimed) = mpsc::channel(1);
        let looks = [Arc::new(Notify::new()), Arc::new(Notify::new())];
        let listening = tokio::spawn(listen(self.queue.clone(), looks.clone(), self.stop.clone()));
        let [fetches, work] = looks;
        let feed = |claims, look| tokio::spawn(self.clone().feed(claims, look, sender.clone()));
        let tasks = vec![listening, feed(Claims::Fetches, fetches), feed(Claims::Work, work)];
        (Jobs { claimed }, tasks)
    }

    async fn feed(self, claims: Claims, look: Arc<Notify>, sender: mpsc::Sender<ClaimedJob>) {
        let permits = match claims {
            Claims::Fetches => self.app.permits.of_fetches(),
            Claims::Work => self.app.permits.of_work(),
        };
        while let Some(Ok(first)) = self.stop.run_until_cancelled(Arc::clone(&permits).acquire_owned()).await
        {
            if self.app.clock.wrong().is_some() {
                drop(first);
                self.rest(&look).await;
                continue;
            }
            let mut free = vec![first];
            while let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
                free.push(permit);
            }
            match self.claim(claims, free.len()).await {
                Ok(jobs) if jobs.is_empty() => {
                    drop(free);
                    self.rest(&look).await;
                }
                Ok(jobs) => {
                    for (job, permit) in jobs.into_iter().zip(free) {
                        let _ = sender.send(self.guard(job, permit, &look)).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not look for jobs; looking again"
                    );
                    drop(free);
                    self.rest(&Notify::new()).await;
                }
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    fn guard(&self, job: Job, permit: OwnedSemaphorePermit, look: &Arc<Notify>) -> ClaimedJob {
        let number = job.lease.job();
        self.running.take(number);
        let (running, look) = (self.running.clone(), Arc::clone(look));
        ClaimedJob { job, _guard: Arc::new(JobGuard { job: number, running, look, _permit: permit }) }
    }

    async fn claim(&self, claims: Claims, free: usize) -> Result<Vec<Job>, QueueError> {
        let (kinds, (limit, share)) = match claims {
            Claims::Fetches => (jobs::waiting(), self.app.permits.share(free)),
            Claims::Work => (jobs::working(self.app.holds_index()), (free, None)),
        };
        let (subjects, limit) = (self.app.subjects(), i64::try_from(limit).unwrap_or(1));
        self.queue.claim(self.worker, &kinds, Some(&subjects), limit, share, self.lease_duration).await
    }

    /// Waits until there may be a job, some time has passed, or the pool stops.
    async fn rest(&self, look: &Notify) {
        let gathered = async {
            look.notified().await;
            tokio::time::sleep(GATHER).await;
        };
        tokio::select! {
            () = gathered => (),
            () = tokio::time::sleep(LOOK_EVERY) => (),
            () = self.stop.cancelled() => (),
        }
    }
}

/// Lets all claimers look at the table whenever a job is enqueued, until `stop` is cancelled. They share one connection.
async fn listen(queue: Queue, looks: [Arc<Notify>; 2], stop: CancellationToken) {
    let mut wakeups: Option<Wakeups> = None;
    while !stop.is_cancelled() {
        let Some(open) = &mut wakeups else {
            wakeups = queue.wakeups().await.ok();
            // What was enqueued before is found by the look that follows.
            for look in &looks {
                look.notify_one();
            }
            if wakeups.is_none() {
                stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await;
            }
            continue;
        };
        match stop.run_until_cancelled(open.next()).await {
            Some(Ok(())) => looks.iter().for_each(|look| look.notify_one()),
            Some(Err(_)) => wakeups = None,
            None => return,
        }
    }
}

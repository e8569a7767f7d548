//! One process of the pool: claims, heartbeat, reaper, graceful stop.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use apalis::prelude::{Event, EventListenerExt as _, ParallelizeExt as _, WorkerBuilder, WorkerContext};
use futures::FutureExt as _;
use queue::{Queue, QueueError, WorkerId};
use store::{Store, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::backend::{Claimer, RunningJobs};
use crate::{app::App, jobs};

/// Heartbeats in the duration of a lease. Five may be missed before other workers get the jobs.
const HEARTBEATS_PER_LEASE: u32 = 6;
/// Time between two runs of the reaper.
const REAP_EVERY: Duration = Duration::from_secs(5);
/// Staged rows of ended runs are removed once in so many rounds of the reaper.
const PRUNE_EACH: u32 = 60;
/// Days after which an index that no worker keeps is forgotten: its ledger goes, and a worker that opens it then fills it anew.
const FORGET_AFTER_DAYS: i32 = 14;

/// Asks a pool to stop. Cheap to clone.
pub(crate) type Stop = CancellationToken;

/// A running pool.
pub(crate) struct Pool {
    store: Store,
    worker: WorkerId,
    stop: Stop,
    patience: Duration,
    running: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Registers the process as a worker and starts to claim jobs. `http`: the address of its API.
    pub(crate) async fn start(app: Arc<App>, http: Option<&str>, stop: Stop) -> anyhow::Result<Self> {
        let worker = WorkerId::new();
        let settings = &app.config.worker;
        let lease_duration = Duration::from_secs(settings.lease_seconds.max(1));
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let queue = app.store.queue();
        queue.enter_worker(worker, &host, http, app.holds_index(), lease_duration).await?;
        let _ = app.worker.set(worker);
        let running_jobs = RunningJobs::default();
        let claimer = Claimer {
            queue: queue.clone(),
            worker,
            app: Arc::clone(&app),
            lease_duration,
            running: running_jobs.clone(),
            stop: stop.clone(),
        };
        let (backend, mut others) = claimer.start();
        let name = format!("oim-etl-{}", std::process::id());
        let apalis = WorkerBuilder::new(name.as_str())
            .backend(backend)
            .data(Arc::clone(&app))
            // Each job is a task: parsing a page keeps a thread busy, and a panic ends only this job. Then no worker runs it,
            // and it is tried again when its lease has expired.
            .parallelize(tokio::spawn)
            .on_event(report)
            .build(jobs::run);
        let asked = stop.clone();
        let stopped = async move {
            asked.cancelled().await;
            Ok::<(), apalis_core::error::WorkerError>(())
        };
        let running = tokio::spawn(apalis.run_until(stopped).map(|ended| {
            if let Err(error) = ended {
                tracing::error!(error = %error, "the worker stopped");
            }
        }));
        let presence = Presence {
            queue: queue.clone(),
            worker,
            host,
            http: http.map(str::to_owned),
            app: Arc::clone(&app),
            lease_duration,
        };
        others.push(tokio::spawn(presence.keep(running_jobs)));
        others.push(tokio::spawn(reap(Arc::clone(&app), publish_every(settings), stop.clone())));
        others.push(tokio::spawn(super::takeover::watch(Arc::clone(&app), worker, stop.clone())));
        let patience = Duration::from_secs(settings.stop_seconds);
        Ok(Self { store: app.store.clone(), worker, stop, patience, running, others })
    }

    /// Stops claiming, waits for the running jobs, and signs off. Other workers get jobs that take longer when the lease expires.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        if tokio::time::timeout(self.patience, &mut self.running).await.is_err() {
            tracing::warn!("some jobs did not end in time; others take them over when their lease ends");
            self.running.abort();
        }
        for other in &self.others {
            other.abort();
        }
        self.store.queue().leave_worker(self.worker).await.context("Failed to sign off from the database")
    }
}

/// This process in the list of workers.
struct Presence {
    queue: Queue,
    worker: WorkerId,
    host: String,
    http: Option<String>,
    app: Arc<App>,
    lease_duration: Duration,
}

impl Presence {
    /// Extends the lease until the task is aborted.
    async fn keep(self, jobs: RunningJobs) {
        let mut tick = tokio::time::interval(self.lease_duration / HEARTBEATS_PER_LEASE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = self.heartbeat(&jobs).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "could not extend the lease");
            }
            if let Err(error) = self.look_at_the_clock().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "could not compare the clock with the database's"
                );
            }
        }
    }

    async fn look_at_the_clock(&self) -> Result<(), StoreError> {
        self.app.clock.measure(&self.app.store).await?;
        Ok(self.queue.note_clock(self.worker, self.app.clock.off()).await?)
    }

    async fn heartbeat(&self, jobs: &RunningJobs) -> Result<(), QueueError> {
        if self.queue.heartbeat(self.worker, &jobs.jobs(), self.lease_duration).await? {
            return Ok(());
        }
        tracing::warn!(
            "this worker was silent for longer than its lease and was taken for dead; entering again"
        );
        self.queue
            .enter_worker(
                self.worker,
                &self.host,
                self.http.as_deref(),
                self.app.holds_index(),
                self.lease_duration,
            )
            .await
    }
}

/// Logs the events of the worker. A job settles its own failures, so an error means that it panicked.
fn report(worker: &WorkerContext, event: &Event) {
    match event {
        Event::Start => tracing::debug!(worker = worker.name(), "the worker takes jobs"),
        Event::Stop => tracing::debug!(worker = worker.name(), "the worker takes no more jobs"),
        Event::Error(error) => {
            metrics::counter!("oim_jobs_broken_off_total").increment(1);
            tracing::error!(error = %error, "a job broke off");
        }
        _ => (),
    }
}

fn publish_every(settings: &crate::config::Worker) -> Duration {
    Duration::from_secs(settings.publish_every_seconds.max(1))
}

/// Notes that this process keeps its index in step, and forgets those that nobody has kept for long.
async fn keep_targets(app: &App, forgets: bool) -> Result<(), StoreError> {
    for kept in app.indexes.all() {
        app.store.see_target(kept.target).await?;
    }
    if forgets {
        for name in app.store.forget_targets(FORGET_AFTER_DAYS).await? {
            tracing::info!(name, days = FORGET_AFTER_DAYS, "forgot a vector index that no worker keeps");
        }
    }
    Ok(())
}

async fn reap(app: Arc<App>, publish_every: Duration, stop: Stop) {
    let store = &app.store;
    let mut tick = tokio::time::interval(REAP_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut rounds = 0_u32;
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        rounds = rounds.wrapping_add(1);
        match store.reap().await {
            Ok((0, 0)) => (),
            Ok((freed, dead)) => tracing::warn!(freed, dead, "took over the jobs of a dead worker"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "could not look for dead workers");
            }
        }
        if let Err(error) = store.request_checkpoints(publish_every).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not look for checkpoints");
        }
        if let Err(error) = keep_targets(&app, rounds % PRUNE_EACH == 1).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not look after the vector indexes"
            );
        }
        if rounds % PRUNE_EACH == 1
            && let Err(error) = store.prune_vectors().await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not remove unused vectors");
        }
        if rounds % PRUNE_EACH == 1
            && let Err(error) = store.prune_staged().await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not remove staged rows");
        }
        if let Err(error) = store.close_by_date().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not close what passed its date");
        }
    }
}

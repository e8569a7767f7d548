//! Disturbed work: a worker process dies, and the next one continues.

use std::time::{Duration, Instant};

use store::{RunState, Store};

use super::state::{State, state_of};
use crate::support::{Held, Running, portals::Portals};

/// The longest time of disturbed work.
const PATIENCE: Duration = Duration::from_mins(10);

/// The sources, and the current worker.
pub(crate) struct Work<'a> {
    pub(crate) portals: &'a Portals,
    pub(crate) store: Held,
    worker: Option<Running>,
}

impl<'a> Work<'a> {
    pub(crate) async fn on(portals: &'a Portals) -> Self {
        Self { portals, store: portals.road.database.store().await, worker: None }
    }

    /// Requests a run, as another service does.
    pub(crate) async fn request(&self, source: &str, mode: &str) {
        sqlx::query("SELECT ingest.request_run($1, $2, 'sql')")
            .bind(source)
            .bind(mode)
            .execute(self.store.pool())
            .await
            .unwrap();
    }

    /// Starts a worker. `dies`: the step at which it dies.
    pub(crate) fn start(&mut self, dies: Option<&str>) {
        let worker = self.portals.road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]);
        let worker = match dies {
            Some(point) => worker.env("OIM_FAILPOINT", point),
            None => worker,
        };
        self.worker = Some(worker.start());
    }

    /// Kills the worker, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.worker.take().unwrap().kill();
    }

    /// Returns whether the worker has died at its step.
    pub(crate) fn has_died(&mut self) -> bool {
        let ended = self.worker.as_mut().unwrap().ended();
        assert!(ended.is_none_or(|status| !status.success() && status.code().is_none()), "{ended:?}");
        let _ = self.worker.take_if(|_| ended.is_some());
        ended.is_some()
    }

    /// Ends the lease of a dead worker, as time would.
    pub(crate) async fn let_time_pass(&self) {
        sqlx::query("UPDATE queue.leases SET until = now() - interval '1 second'")
            .execute(self.store.pool())
            .await
            .unwrap();
        self.hurry().await;
    }

    /// Ends the pauses of jobs that wait for another attempt.
    pub(crate) async fn hurry(&self) {
        hurry(&self.store).await;
    }

    /// Runs a worker until the condition holds.
    pub(crate) async fn until(&mut self, what: &str, mut holds: impl AsyncFnMut(&Store) -> bool) {
        let since = Instant::now();
        while !holds(&self.store).await {
            assert!(since.elapsed() < PATIENCE, "waited in vain until {what}");
            assert!(self.worker.is_none() || !self.has_died(), "the worker died before {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Runs a worker until nothing is left to do, and stops it.
    pub(crate) async fn finish(&mut self) {
        self.start(None);
        self.until("all work is done", is_done).await;
        self.kill();
        self.let_time_pass().await;
    }
    pub(crate) async fn state(&self) -> State {
        state_of(&self.store, &self.portals.archive).await
    }
}

/// Returns whether no run and no job is left, and the index is up to date.
pub(crate) async fn is_done(store: &Store) -> bool {
    sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT FROM queue.jobs) AND NOT EXISTS (SELECT FROM ingest.outbox) AND NOT EXISTS (SELECT FROM ingest.to_match)
            AND NOT EXISTS (SELECT FROM ingest.runs WHERE finished_at IS NULL)",
    )
    .fetch_one(store.pool())
    .await
    .unwrap()
}

/// Returns whether all runs are complete.
pub(crate) async fn all_complete(store: &Store) -> bool {
    store.runs(None, 1_000).await.unwrap().iter().all(|run| run.state == RunState::Complete)
}

/// Ends the pauses of jobs that wait for another attempt, and of sources that failed.
pub(crate) async fn hurry(store: &Store) {
    for pause in [
        "UPDATE queue.jobs SET run_at = now() WHERE state = 'ready' AND run_at > now()",
        "UPDATE ingest.rate_budget SET next_slot = now(), asked_until = NULL
          WHERE key IN (SELECT source FROM ingest.hosts)",
        "DELETE FROM ingest.hosts",
    ] {
        sqlx::query(pause).execute(store.pool()).await.unwrap();
    }
}

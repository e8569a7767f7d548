//! One process of the pool: hands, heartbeat, rescue of the dead, graceful stop.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use apalis::prelude::WorkerBuilder;
use store::queue::WorkerId;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::backend::{Claimer, Held, InHand};
use crate::{app::App, jobs};

/// Beats a lease lasts: five may be missed before the jobs go to others.
const BEATS_A_LEASE: u32 = 6;
/// Between two looks for the jobs of dead workers.
const RESCUE_EVERY: Duration = Duration::from_secs(5);

/// Asks a pool to stop. Cheap to clone.
pub(crate) type Stop = CancellationToken;

/// A running pool.
pub(crate) struct Pool {
    store: store::Store,
    worker: WorkerId,
    stop: Stop,
    patience: Duration,
    hands: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Enters the process among the workers and begins to work. `http`: where its API answers.
    pub(crate) async fn start(app: Arc<App>, http: Option<&str>, stop: Stop) -> anyhow::Result<Self> {
        let worker = WorkerId::new();
        let settings = &app.config.worker;
        let hold = Duration::from_secs(settings.lease_seconds.max(1));
        let host = std::fs::read_to_string("/etc/hostname")
            .map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned());
        app.store.enter_worker(worker, &host, http, app.vectors.is_some(), hold).await?;
        let in_hand = Held::default();
        let claimer = Claimer {
            store: app.store.clone(),
            worker,
            kinds: jobs::kinds(app.vectors.is_some()),
            hands: settings.concurrency.max(1),
            hold,
            held: in_hand.clone(),
            stop: stop.clone(),
        };
        let (backend, feeding) = claimer.start();
        let doing = Arc::clone(&app);
        let name = format!("oim-etl-{}", std::process::id());
        let apalis = WorkerBuilder::new(name.as_str()).backend(backend).build(move |task: InHand| {
            let app = Arc::clone(&doing);
            // A task of its own: reading a page keeps a thread busy, and a panic ends only this job. It is then in nobody's
            // hand, and tried again when its lease has ended.
            async move {
                let ended = tokio::spawn(jobs::run(app, task)).await;
                ended
                    .inspect_err(|error| tracing::error!(%error, "a job broke off"))
                    .map_err(|error| error.to_string())
            }
        });
        let asked = stop.clone();
        let hands = tokio::spawn(async move {
            let stopped = async move {
                asked.cancelled().await;
                Ok::<(), apalis_core::error::WorkerError>(())
            };
            if let Err(error) = apalis.run_until(stopped).await {
                tracing::error!(error = %error, "the worker stopped");
            }
        });
        let presence = Presence {
            store: app.store.clone(),
            worker,
            host,
            http: http.map(str::to_owned),
            indexes: app.vectors.is_some(),
            hold,
        };
        let beating = tokio::spawn(presence.keep(in_hand));
        let rescuing = tokio::spawn(rescue(app.store.clone(), stop.clone()));
        let patience = Duration::from_secs(settings.stop_seconds);
        Ok(Self {
            store: app.store.clone(),
            worker,
            stop,
            patience,
            hands,
            others: vec![feeding, beating, rescuing],
        })
    }

    /// Stops claiming, waits for the jobs in hand, leaves. Jobs that take longer go to others when their lease ends.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        if tokio::time::timeout(self.patience, &mut self.hands).await.is_err() {
            tracing::warn!("some jobs did not end in time; others take them over when their lease ends");
            self.hands.abort();
        }
        for other in &self.others {
            other.abort();
        }
        self.store.leave_worker(self.worker).await.context("could not sign off from the database")
    }
}

/// This process on the list of workers.
struct Presence {
    store: store::Store,
    worker: WorkerId,
    host: String,
    http: Option<String>,
    indexes: bool,
    hold: Duration,
}

impl Presence {
    /// Prolongs the lease until aborted.
    async fn keep(self, in_hand: Held) {
        let mut tick = tokio::time::interval(self.hold / BEATS_A_LEASE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if let Err(error) = self.beat(&in_hand).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "could not prolong the lease");
            }
        }
    }

    async fn beat(&self, in_hand: &Held) -> Result<(), store::StoreError> {
        if self.store.beat(self.worker, &in_hand.jobs(), self.hold).await? {
            return Ok(());
        }
        tracing::warn!(
            "this worker was silent for longer than its lease and was taken for dead; entering again"
        );
        self.store.enter_worker(self.worker, &self.host, self.http.as_deref(), self.indexes, self.hold).await
    }
}

async fn rescue(store: store::Store, stop: Stop) {
    let mut tick = tokio::time::interval(RESCUE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        match store.rescue().await {
            Ok((0, 0)) => (),
            Ok((freed, dead)) => tracing::warn!(freed, dead, "took over the jobs of a dead worker"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "could not look for dead workers");
            }
        }
        if let Err(error) = store.close_by_date().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "could not close what passed its date");
        }
    }
}

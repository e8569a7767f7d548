//! `oim-etl worker`

use std::{net::SocketAddr, sync::Arc};

use clap::Args;

use super::{Context, Outcome, asked_to_stop};
use crate::{
    alerts,
    app::{App, Role},
    http::Server,
    incoming, observe,
    queue::{Pool, Stop},
    reload, scheduler,
};

/// Run a worker until Ctrl-C or SIGTERM; it finishes its running jobs first
#[derive(Debug, Args)]
#[command(after_help = "Start as many workers as you need, on any machines, against the same database.\n\
    Console: /; API: /v1/openapi.json; health: /health/live, /health/ready; metrics: /metrics.\n\
    Console and API need a token: `oim-etl tokens create NAME --scope operate`.")]
pub(super) struct Worker {
    /// Serve console, API, health and metrics here instead of at worker.http; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT")]
    http: Option<SocketAddr>,
    /// Do not fire the timetable
    #[arg(long)]
    no_scheduler: bool,
}

impl Worker {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let config = context.config().clone();
        let metrics = observe::metrics()?;
        let timetable = scheduler::own(&config)?;
        let channels = alerts::Channels::of(&config.alerts)?;
        config.alerts.digest_clock()?;
        let stop = Stop::new();
        let app =
            Arc::new(Box::pin(App::open(config.clone(), Role::Worker)).await?.stopping_with(stop.clone()));
        let server =
            Server::start(self.http.unwrap_or(config.worker.http), Arc::clone(&app), metrics, stop.clone())
                .await?;
        let address = server.address().to_string();
        let pool = Pool::start(Arc::clone(&app), Some(&address), stop.clone()).await?;
        let scheduled = config.worker.scheduler && !self.no_scheduler;
        let clock =
            scheduled.then(|| tokio::spawn(scheduler::run(Arc::clone(&app), timetable, stop.clone())));
        let mut watching = vec![
            tokio::spawn(reload::watch(Arc::clone(&app), stop.clone())),
            tokio::spawn(alerts::run(Arc::clone(&app), channels, stop.clone())),
        ];
        if let Some(inbox) = &config.inbox {
            let watch = incoming::watch(Arc::clone(&app), inbox.clone(), stop.clone());
            watching.push(tokio::spawn(watch));
        }
        tracing::info!(
            http = address,
            console = format!("http://{address}/"),
            concurrency = config.worker.concurrency,
            scheduler = scheduled,
            archive = app.archive.place(),
            "working"
        );
        asked_to_stop().await?;
        tracing::info!("stopping: waiting for running jobs");
        pool.stop().await?;
        if let Some(clock) = clock {
            clock.abort();
        }
        for watch in watching {
            watch.abort();
        }
        server.stopped().await;
        tracing::info!("stopped");
        Ok(Outcome::Good)
    }
}

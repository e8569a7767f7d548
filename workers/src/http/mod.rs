//! Health, metrics, API and console of a worker.

mod auth;
mod console;
mod extract;
mod health;
mod metrics;
mod openapi;
mod problem;
#[allow(unused_qualifications, clippy::large_stack_arrays, reason = "the macros of utoipa write them")]
mod v1;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

pub(crate) use self::{
    problem::Problem,
    v1::{
        sources::{SourceShown, shown as sources_shown},
        tokens::is_name as is_token_name,
    },
};
use crate::{app::App, queue::Stop};

/// Header of an answer to a search that went by words alone, with the reason.
pub(crate) const DEGRADED: &str = "degraded";
/// Header of an answer to filters without a text: how many opportunities pass in all.
pub(crate) const TOTAL: &str = "total";
/// Largest request body: an ingest request is a few hundred bytes.
const MAX_BODY: usize = 16 << 10;

/// What the handlers see.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) app: Arc<App>,
    pub(crate) metrics: PrometheusHandle,
    /// What is held, counted at most once a minute.
    counted: console::Counted,
}

/// A listening server.
pub(crate) struct Server {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Binds and begins to answer, until `stop`.
    pub(crate) async fn start(
        at: SocketAddr,
        app: Arc<App>,
        metrics: PrometheusHandle,
        stop: Stop,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(at).await.with_context(|| {
            format!("Failed to listen on {at}; is another worker running? set worker.http to another port")
        })?;
        let address = listener.local_addr()?;
        let here = Surroundings { app, metrics, counted: console::Counted::default() };
        // Counting takes a while, and the first visitor does not wait for it.
        tokio::spawn({
            let here = here.clone();
            async move { here.counted.get(&here).await.map(drop) }
        });
        let router = router(here);
        let task = tokio::spawn(async move {
            let served =
                axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
            if let Err(error) = served.await {
                tracing::error!(error = &error as &dyn std::error::Error, "the HTTP server stopped");
            }
        });
        Ok(Self { address, task })
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits a little for open requests.
    pub(crate) async fn stopped(self) {
        let _ = tokio::time::timeout(Duration::from_secs(2), self.task).await;
    }
}

fn router(surroundings: Surroundings) -> Router {
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics::metrics))
        .merge(v1::router())
        .merge(console::router())
        .fallback(problem::no_path)
        .method_not_allowed_fallback(problem::no_method)
        .layer(middleware::from_fn(problem::without_nul))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(surroundings)
}

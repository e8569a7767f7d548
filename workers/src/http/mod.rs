//! Health, metrics and the small API of a worker.

mod health;
mod ingest;
mod metrics;
mod search;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use crate::{app::App, queue::Stop};

/// Header of an answer to a search that went by words alone, with the reason.
pub(crate) const DEGRADED: &str = "degraded";
/// Largest request body: an ingest request is a few hundred bytes.
const MAX_BODY: usize = 16 << 10;

/// What the handlers see.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) app: Arc<App>,
    pub(crate) metrics: PrometheusHandle,
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
        let router = router(Surroundings { app, metrics });
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
        .route("/v1/ingest", post(ingest::ingest))
        .route("/v1/runs/{id}", get(ingest::run))
        .route("/v1/search", get(search::search))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(surroundings)
}

/// An error as the API tells it: RFC 9457 in short, with no inner detail.
#[derive(Debug)]
pub(crate) struct Problem(StatusCode, String);

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self(status, detail.into())
    }

    /// Something of ours failed: logged whole, told in one sentence.
    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "an API request failed");
        Self(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the request could not be served; the log of the worker says why".to_owned(),
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "status": self.0.as_u16(), "detail": self.1 });
        (self.0, [("content-type", "application/problem+json")], Json(body)).into_response()
    }
}

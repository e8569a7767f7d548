//! `/health/live`, `/health/ready`, `/metrics`

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::Surroundings;

/// The process turns over; nothing else is asked.
pub(crate) async fn live() -> &'static str {
    "alive\n"
}

/// Database and index answer, here or in another worker, so work can be done.
pub(crate) async fn ready(State(here): State<Surroundings>) -> (StatusCode, Json<Value>) {
    let database = here.app.store.ping().await;
    let index = match here.app.vectors() {
        Some(vectors) => {
            vectors.index.ready().await.map(|()| "ready".to_owned()).map_err(|error| error.to_string())
        }
        None => holder(&here).await,
    };
    let well = database.is_ok() && index.is_ok();
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let said = json!({
        "database": database.map_or_else(|error| error.to_string(), |()| "ready".to_owned()),
        "index": index.unwrap_or_else(|error| error),
    });
    (status, Json(said))
}

/// Whether a living worker holds the index, where this one does not.
async fn holder(here: &Surroundings) -> Result<String, String> {
    let workers = here.app.store.queue().workers().await.map_err(|error| error.to_string())?;
    if workers.iter().any(|worker| worker.indexes) {
        Ok("held by another worker".to_owned())
    } else {
        Err("no living worker holds it; whoever opens it first takes it over".to_owned())
    }
}

/// Counters and gauges in Prometheus' text format.
pub(crate) async fn metrics(State(here): State<Surroundings>) -> Result<String, StatusCode> {
    let overview = here.app.store.overview(0).await.map_err(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "could not count for /metrics");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    gauge("oim_opportunities", &[("status", "open")], overview.open);
    gauge("oim_opportunities", &[("status", "closed")], overview.closed);
    gauge("oim_outbox", &[], overview.outbox);
    for state in ["ready", "later", "running"] {
        let mut by_kind = std::collections::BTreeMap::<&str, i64>::new();
        for depth in &overview.queue {
            let count = match state {
                "ready" => depth.ready,
                "later" => depth.later,
                _ => depth.running,
            };
            *by_kind.entry(&depth.kind).or_default() += count;
        }
        for kind in crate::jobs::kinds(true) {
            let count = by_kind.get(kind.as_str()).copied().unwrap_or(0);
            gauge("oim_queue_jobs", &[("kind", &kind), ("state", state)], count);
        }
    }
    Ok(here.metrics.render())
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn gauge(name: &'static str, labels: &[(&'static str, &str)], value: i64) {
    let labels: Vec<metrics::Label> =
        labels.iter().map(|(key, value)| metrics::Label::new(*key, (*value).to_owned())).collect();
    metrics::gauge!(name, labels).set(value as f64);
}

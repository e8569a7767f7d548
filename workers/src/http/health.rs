//! `/health/live`, `/health/ready`, `/metrics`

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use store::TargetState;
use vectors::Drift;

use super::Surroundings;
use crate::verify::Report;

/// The process turns over; nothing else is asked.
pub(crate) async fn live() -> &'static str {
    "alive\n"
}

/// Database and index answer, here or in another worker, and the clock is right, so work can be done.
pub(crate) async fn ready(State(here): State<Surroundings>) -> (StatusCode, Json<Value>) {
    let database = here.app.store.ping().await;
    let index = match here.app.indexes.served() {
        Some(kept) => {
            kept.vectors.index.ready().await.map(|()| "ready".to_owned()).map_err(|error| error.to_string())
        }
        None => match here.app.indexes.failure() {
            Some(why) => Err(why),
            None => holder(&here).await,
        },
    };
    let lag = match here.app.store.targets().await {
        Ok(targets) => targets.iter().filter(|target| target.is_shown).map(lag).collect(),
        Err(_) => Vec::new(),
    };
    let clock = here.app.clock.wrong();
    let well = database.is_ok() && index.is_ok() && clock.is_none();
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let said = json!({
        "database": database.map_or_else(|error| error.to_string(), |()| "ready".to_owned()),
        "index": index.unwrap_or_else(|error| error),
        "indexes": lag,
        "clock": clock.as_deref().unwrap_or("right"),
    });
    (status, Json(said))
}

/// How far an index is behind. That it is behind does not make the worker unready: it ingests, and searches find what is indexed.
fn lag(target: &TargetState) -> Value {
    json!({
        "place": target.place,
        "served": target.is_served,
        "pending": target.outbox,
        "oldest_seconds": target.oldest_seconds,
        "failures": target.failures,
        "failure": target.failure,
        "set_aside": target.set_aside,
    })
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
    overview.targets.iter().filter(|target| target.is_shown).for_each(index_gauges);
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
        for kind in crate::jobs::kinds() {
            let count = by_kind.get(kind.as_str()).copied().unwrap_or(0);
            gauge("oim_queue_jobs", &[("kind", &kind), ("state", state)], count);
        }
    }
    Ok(here.metrics.render())
}

/// How an index stands, and what its last verification found.
fn index_gauges(target: &TargetState) {
    let Some(name) = target.name.as_deref() else { return };
    let index = [("index", name)];
    gauge("oim_index_points", &index, target.indexed);
    gauge("oim_index_failures", &index, target.failures.into());
    gauge("oim_index_set_aside", &index, target.set_aside);
    let oldest = target.oldest_seconds.unwrap_or(0.0);
    metrics::gauge!("oim_index_oldest_change_seconds", "index" => name.to_owned()).set(oldest);
    let report = target.report.clone().and_then(|report| serde_json::from_value::<Report>(report).ok());
    let Some(report) = report else { return };
    for kind in Drift::ALL {
        let count = report.drift.get(&kind).map_or(0, |found| found.count);
        gauge(
            "oim_index_drift",
            &[("index", name), ("kind", kind.as_str())],
            i64::try_from(count).unwrap_or(i64::MAX),
        );
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn gauge(name: &'static str, labels: &[(&'static str, &str)], value: i64) {
    let labels: Vec<metrics::Label> =
        labels.iter().map(|(key, value)| metrics::Label::new(*key, (*value).to_owned())).collect();
    metrics::gauge!(name, labels).set(value as f64);
}

//! `/health/live`, `/health/ready`, `/metrics`

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use store::TargetState;

use super::Surroundings;
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

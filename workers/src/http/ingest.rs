//! `POST /v1/ingest`, `GET /v1/runs/{id}`

use axum::{
    Json,
    extract::{Path, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Utc};
use domain::{RunId, SourceSlug};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use store::{Entered, Mode, RunRequest, RunRow, StoreError, Trigger};
use subtle::ConstantTimeEq as _;

use super::{Problem, Surroundings};
use crate::pipeline::trigger;

/// What a service asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    source: SourceSlug,
    #[serde(default)]
    mode: AskMode,
    since: Option<DateTime<Utc>>,
    limit: Option<i32>,
    idempotency_key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AskMode {
    #[default]
    Incremental,
    Full,
}

/// Enters a run; the same road as every other trigger.
pub(crate) async fn ingest(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    ask: Result<Json<Ask>, JsonRejection>,
) -> Result<(StatusCode, Json<Entered>), Problem> {
    authorized(&here, &headers)?;
    let Json(ask) = ask.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.body_text()))?;
    if ask.limit.is_some_and(|limit| limit < 1) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "limit must be at least 1"));
    }
    if ask.idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 200) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key must have 1 to 200 characters"));
    }
    if ask.since.is_some_and(|since| since > here.app.clock.now()) {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "since lies in the future: nothing can be newer"));
    }
    let request = RunRequest {
        mode: if matches!(ask.mode, AskMode::Full) { Mode::Full } else { Mode::Incremental },
        since: ask.since,
        limit: ask.limit,
        idempotency_key: ask.idempotency_key,
        ..RunRequest::new(ask.source, Trigger::Http, "http")
    };
    match trigger::request(&here.app.store, &request).await {
        Ok(entered) => {
            Ok((if entered.is_new { StatusCode::ACCEPTED } else { StatusCode::OK }, Json(entered)))
        }
        Err(refused @ StoreError::Refused { .. }) => {
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, refused.to_string()))
        }
        Err(error) => Err(Problem::internal(&error.into())),
    }
}

/// A run as it stands.
pub(crate) async fn run(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    Path(id): Path<RunId>,
) -> Result<Json<RunRow>, Problem> {
    authorized(&here, &headers)?;
    match here.app.store.run(id).await {
        Ok(row) => Ok(Json(row)),
        Err(missing @ StoreError::Missing(_)) => {
            Err(Problem::new(StatusCode::NOT_FOUND, missing.to_string()))
        }
        Err(error) => Err(Problem::internal(&error.into())),
    }
}

/// Refuses a request without the configured token; compared in constant time.
fn authorized(here: &Surroundings, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(wanted) = &here.app.config.api_token else {
        return Err(Problem::new(StatusCode::FORBIDDEN, "no api_token is configured, so this API is closed"));
    };
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(wanted.expose_secret().as_bytes())) {
        Ok(())
    } else {
        Err(Problem::new(StatusCode::UNAUTHORIZED, "send `Authorization: Bearer TOKEN`"))
    }
}

//! `POST /v1/ingest`

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use domain::SourceSlug;
use serde::Deserialize;
use store::{Entered, Mode, RunRequest, Trigger};

use super::again::entered;
use crate::{
    http::{Problem, Surroundings, auth::Operator, extract::Sent},
    pipeline::trigger,
};

/// What a service asks for.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IngestAsk {
    /// Slug of the source.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{1,39}$")]
    source: SourceSlug,
    /// How much to ask for.
    #[serde(default)]
    #[schema(inline)]
    mode: AskMode,
    /// Only what is newer; replaces the cursor.
    since: Option<DateTime<Utc>>,
    /// Stop after this many records.
    #[schema(minimum = 1)]
    limit: Option<i32>,
    /// The same key never makes two runs.
    #[schema(min_length = 1, max_length = 200)]
    idempotency_key: Option<String>,
}

#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum AskMode {
    #[default]
    Incremental,
    Full,
}

/// Ask for a run of a source
///
/// If a run that has not ended does all that is asked, that one is the answer. Scope: operate.
#[utoipa::path(post, path = "/v1/ingest", tag = "runs", request_body = IngestAsk, responses(
    (status = 202, description = "A new run", body = Entered),
    (status = 200, description = "A run that was there already", body = Entered)))]
pub(crate) async fn ingest(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    Sent(ask): Sent<IngestAsk>,
) -> Result<(StatusCode, Json<Entered>), Problem> {
    if ask.limit.is_some_and(|limit| limit < 1) {
        return Err(Problem::bad("limit must be at least 1"));
    }
    if ask.idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.chars().count() > 200) {
        return Err(Problem::bad("idempotency_key must have 1 to 200 characters"));
    }
    if ask.since.is_some_and(|since| since > here.app.clock.now()) {
        return Err(Problem::impossible("since lies in the future: nothing can be newer"));
    }
    let request = RunRequest {
        mode: if matches!(ask.mode, AskMode::Full) { Mode::Full } else { Mode::Incremental },
        since: ask.since,
        limit: ask.limit,
        idempotency_key: ask.idempotency_key,
        ..RunRequest::new(ask.source, Trigger::Http, who.by())
    };
    entered(trigger::request(&here.app.store, &request).await)
}

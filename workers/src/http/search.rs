//! `GET /v1/search`

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use vectors::Hit;

use super::{DEGRADED, Problem, Surroundings};
use crate::{
    search::{self, Ask, Mistake},
    vector::Found,
};

/// A hit without the model that is configured.
#[derive(Debug, Serialize)]
struct Marked {
    #[serde(flatten)]
    hit: Hit,
    degraded: bool,
}

/// Finds what is open and fits best.
pub(crate) async fn search(
    State(here): State<Surroundings>,
    Query(ask): Query<Ask>,
) -> Result<Response, Problem> {
    let Some(kept) = here.app.indexes.served() else {
        let why = if here.app.indexes.failure().is_some() {
            "the vector index does not answer"
        } else {
            "another worker holds the vector index"
        };
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, why));
    };
    let found = search::search(&kept.vectors, &here.app.store, &ask).await;
    let Found { hits, degraded } = found.map_err(|error| match error.downcast_ref::<Mistake>() {
        Some(mistake) => Problem::new(StatusCode::BAD_REQUEST, mistake.to_string()),
        None => Problem::internal(&error),
    })?;
    let Some(why) = degraded else { return Ok(Json(hits).into_response()) };
    let marked: Vec<Marked> = hits.into_iter().map(|hit| Marked { hit, degraded: true }).collect();
    // The reason is in the log. It may name an address of ours, which is nobody else's business.
    tracing::debug!(why, "a search over HTTP was degraded");
    Ok(([(DEGRADED, "the embedder does not answer")], Json(marked)).into_response())
}

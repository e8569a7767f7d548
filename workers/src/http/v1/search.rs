//! `GET /v1/search`

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use vectors::Hit;

use crate::{
    app,
    http::{DEGRADED, Problem, Surroundings, TOTAL, extract::Asked},
    observe::error_chain,
    search::{self, Ask, Listed, Mistake},
    vector::Found,
};

/// What a search says that the index does not answer.
const AWAY: &str = "the vector index does not answer";

/// A hit without the model that is configured.
#[derive(Debug, Serialize)]
struct Marked {
    #[serde(flatten)]
    hit: Hit,
    degraded: bool,
}

/// A hit.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it describes vectors::Hit, whose crate knows nothing of HTTP")]
struct SearchHit {
    /// The opportunity.
    id: uuid::Uuid,
    /// From 0, nothing in common, to 1, all that was asked for.
    score: f32,
    /// What the index keeps of it: source, stream, kind, title, organization, place, regions, localities, contracts, languages, sector,
    /// occupation, audiences, education, `working_time`, `amount_kind`, cluster, canonical, `closes_on`, `ends_on` and `open_until` (days: 2026-12-31), url.
    payload: serde_json::Value,
    /// What the score is made of, with `explain=true`.
    parts: Option<Vec<serde_json::Value>>,
    /// True where the configured model did not answer, and words alone were searched.
    degraded: Option<bool>,
}

/// Find what is open and fits best, each opportunity once
///
/// Filters without a text list all that passes, soonest closing first; the header `total` says how many there are.
/// Needs no token. 503: this worker does not hold the vector index, or that does not answer within 5 s.
#[utoipa::path(get, path = "/v1/search", tag = "opportunities", params(Ask), responses((status = 200, description = "Hits, the best first", body = Vec<SearchHit>,
    headers(("total" = Option<i64>, description = "How many pass the filters in all; where no text is given"), ("degraded" = Option<String>, description = "Why words alone were searched")))))]
pub(crate) async fn search(
    State(here): State<Surroundings>,
    Asked(ask): Asked<Ask>,
) -> Result<Response, Problem> {
    ask.check_limit().map_err(|mistake| Problem::bad(mistake.to_string()))?;
    let failed = |error: anyhow::Error| match error.downcast_ref::<Mistake>() {
        Some(mistake) => Problem::impossible(mistake.to_string()),
        None if app::is_passing(&error) => {
            tracing::warn!(why = error_chain(&error), "a search fails: the vector index does not answer");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, AWAY)
        }
        None => Problem::internal(&error),
    };
    if let Some(Listed { hits, total }) = search::listed(&here.app.store, &ask).await.map_err(failed)? {
        return Ok(([(TOTAL, total.to_string())], Json(hits)).into_response());
    }
    let Some(Found { hits, degraded }) = search::search_served(&here.app, &ask).await.map_err(failed)? else {
        let why =
            if here.app.indexes.failure().is_some() { AWAY } else { "another worker holds the vector index" };
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, why));
    };
    let Some(why) = degraded else { return Ok(Json(hits).into_response()) };
    let marked: Vec<Marked> = hits.into_iter().map(|hit| Marked { hit, degraded: true }).collect();
    // The reason is in the log. It may name an address of ours, which is nobody else's business.
    tracing::debug!(why, "a search over HTTP was degraded");
    Ok(([(DEGRADED, "the embedder does not answer")], Json(marked)).into_response())
}

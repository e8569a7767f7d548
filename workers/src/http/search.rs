//! `GET /v1/search`

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use chrono::Utc;
use domain::Kind;
use serde::{Deserialize, Serialize};
use vectors::{Filter, Hit};

use super::{DEGRADED, Problem, Surroundings};
use crate::vector::Found;

/// Longest query text: a long CV is not a query.
const LONGEST: usize = 2_000;

/// What is looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    q: String,
    kind: Option<Kind>,
    region: Option<String>,
    limit: Option<u16>,
}

/// A hit by words alone.
#[derive(Debug, Serialize)]
struct Marked {
    #[serde(flatten)]
    hit: Hit,
    degraded: bool,
}

/// Finds what is open and nearest.
pub(crate) async fn search(
    State(here): State<Surroundings>,
    Query(ask): Query<Ask>,
) -> Result<Response, Problem> {
    let Some(vectors) = here.app.vectors() else {
        let why = if here.app.index_failure().is_some() {
            "the vector index does not answer"
        } else {
            "another worker holds the vector index"
        };
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, why));
    };
    if ask.q.trim().is_empty() || ask.q.len() > LONGEST {
        return Err(Problem::new(StatusCode::BAD_REQUEST, format!("q must have 1 to {LONGEST} bytes")));
    }
    let filter = Filter {
        kinds: ask.kind.map(|kind| kind.to_string()).into_iter().collect(),
        regions: ask.region.into_iter().collect(),
        sources: Vec::new(),
        open_on: Some(Utc::now().with_timezone(&chrono_tz::Africa::Douala).date_naive()),
    };
    let limit = usize::from(ask.limit.unwrap_or(10).clamp(1, 100));
    let Found { hits, degraded } = vectors
        .search(&here.app.store, &ask.q, filter, limit)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let Some(why) = degraded else { return Ok(Json(hits).into_response()) };
    let marked: Vec<Marked> = hits.into_iter().map(|hit| Marked { hit, degraded: true }).collect();
    // The reason is in the log. It may name an address of ours, which is nobody else's business.
    tracing::debug!(why, "a search over HTTP was degraded");
    Ok(([(DEGRADED, "the embedder does not answer")], Json(marked)).into_response())
}

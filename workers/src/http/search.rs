//! `GET /v1/search`

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use chrono::Utc;
use domain::Kind;
use serde::Deserialize;
use vectors::{Filter, Hit};

use super::{Problem, Surroundings};

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

/// Finds what is open and nearest.
pub(crate) async fn search(
    State(here): State<Surroundings>,
    Query(ask): Query<Ask>,
) -> Result<Json<Vec<Hit>>, Problem> {
    let Some(vectors) = here.app.vectors() else {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "another worker holds the vector index"));
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
    let hits = vectors
        .search(&here.app.store, &ask.q, filter, limit)
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(Json(hits))
}

//! The API: one file for each kind of thing.

pub(crate) mod again;
pub(crate) mod alerts;
pub(crate) mod dead;
pub(crate) mod digest;
pub(crate) mod duplicates;
pub(crate) mod ingest;
pub(crate) mod opportunities;
pub(crate) mod registry;
pub(crate) mod rejections;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod sources;
pub(crate) mod status;
pub(crate) mod tokens;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{delete, get, post, put},
};
use domain::SourceSlug;
use serde::Serialize;
use store::SourceState;
use utoipa::ToSchema;

use super::{Problem, Surroundings, openapi};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The rows.
    items: Vec<T>,
    /// How many there are on all pages.
    total: i64,
    /// Send it as `after` for the next page. Null on the last page.
    next: Option<String>,
}

impl<T> Page<T> {
    /// A page. `next` names where the page behind a row begins; a page that is not full is the last one.
    pub(crate) fn of(items: Vec<T>, total: i64, limit: i64, next: impl FnOnce(&T) -> String) -> Self {
        let is_full = i64::try_from(items.len()).is_ok_and(|count| count >= limit);
        let next = items.last().filter(|_| is_full).map(next);
        Self { items, total, next }
    }
    /// A list of a single page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
        Self { items, total, next: None }
    }
}

/// Returns the paths of the API.
pub(crate) fn router() -> Router<Surroundings> {
    Router::new()
        .route("/v1/openapi.json", get(openapi::document))
        .route("/v1/ingest", post(ingest::ingest))
        .route("/v1/items", post(again::item))
        .route("/v1/runs", get(runs::list))
        .route("/v1/runs/{id}", get(runs::show))
        .route("/v1/runs/{id}/publish", post(runs::publish))
        .route("/v1/runs/{id}/discard", post(runs::discard))
        .route("/v1/runs/{id}/cancel", post(runs::cancel))
        .route("/v1/runs/{id}/revert", post(runs::revert))
        .route("/v1/sources", get(sources::list))
        .route("/v1/sources/{slug}", get(sources::show).delete(registry::forget))
        .route("/v1/sources/{slug}/replay", post(again::replay))
        .route("/v1/sources/{slug}/pause", post(sources::pause))
        .route("/v1/sources/{slug}/resume", post(sources::resume))
        .route("/v1/sources/{slug}/rate", put(sources::rate))
        .route(
            "/v1/sources/{slug}/file",
            get(registry::show).put(registry::apply).layer(DefaultBodyLimit::max(registry::MAX_BODY)),
        )
        .route("/v1/sources/{slug}/versions", get(registry::versions))
        .route("/v1/sources/{slug}/rollback", post(registry::rollback))
        .route("/v1/alerts", get(alerts::list))
        .route("/v1/silences", post(alerts::silence))
        .route("/v1/silences/{source}", delete(alerts::unsilence))
        .route("/v1/opportunities", get(opportunities::list))
        .route("/v1/opportunities/{id}", get(opportunities::show))
        .route("/v1/changes", get(opportunities::changes))
        .route("/v1/search", get(search::search))
        .route("/v1/rejections", get(rejections::list))
        .route("/v1/dead-letters", get(dead::list))
        .route("/v1/dead-letters/{id}", get(dead::show))
        .route("/v1/dead-letters/retry", post(dead::retry))
        .route("/v1/dead-letters/discard", post(dead::discard))
        .route("/v1/duplicates", get(duplicates::list).post(duplicates::decide))
        .route("/v1/schedules", get(status::schedules))
        .route("/v1/status", get(status::status))
        .route("/v1/digest", get(digest::digest))
        .route("/v1/vocabularies", get(status::vocabularies))
        .route("/v1/actions", get(tokens::actions))
        .route("/v1/tokens", get(tokens::list).post(tokens::create))
        .route("/v1/tokens/{name}", delete(tokens::revoke))
}

/// Returns the source of this name as the pool knows it. An unknown one is an error that names the nearest.
pub(crate) async fn known_source(
    here: &Surroundings,
    word: &str,
) -> Result<(SourceSlug, SourceState), Problem> {
    let mut states = here.app.store.source_states().await?;
    if let Some(at) = states.iter().position(|state| state.slug == word)
        && let Ok(slug) = SourceSlug::new(word)
    {
        return Ok((slug, states.swap_remove(at)));
    }
    let known: Vec<SourceSlug> =
        states.iter().filter_map(|state| SourceSlug::new(&state.slug).ok()).collect();
    let near =
        ::sources::nearest(&known, word).map(|slug| format!("; did you mean {slug}?")).unwrap_or_default();
    Err(Problem::missing(format!("there is no source {word:?}{near} (GET /v1/sources lists them)")))
}

/// Fails unless each of these is a source.
pub(crate) async fn all_known(here: &Surroundings, words: &[String]) -> Result<(), Problem> {
    for word in words {
        known_source(here, word).await?;
    }
    Ok(())
}

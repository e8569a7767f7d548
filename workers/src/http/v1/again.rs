//! `POST /v1/items` and `POST /v1/sources/{slug}/replay`: one opportunity again, and the archive again

use axum::{Json, extract::State, http::StatusCode};
use domain::RunId;
use serde::Deserialize;
use store::{Entered, Mode, RunRequest, StoreError, Trigger};
use utoipa::ToSchema;

use super::known_source;
use crate::{
    app,
    http::{
        Problem, Surroundings,
        auth::Operator,
        extract::{At, Sent},
    },
    pipeline::trigger,
};

/// Longest word that names an opportunity.
const LONGEST: usize = 2_000;

/// Which opportunity to fetch again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemAsk {
    /// `SOURCE/IDENTIFIER`, the id of an opportunity, or the address of its page.
    #[schema(min_length = 1, max_length = 2000)]
    item: String,
}

/// Returns the answer to a request for a run.
pub(super) fn entered(asked: Result<Entered, StoreError>) -> Result<(StatusCode, Json<Entered>), Problem> {
    match asked {
        Ok(run) => Ok((if run.is_new { StatusCode::ACCEPTED } else { StatusCode::OK }, Json(run))),
        Err(refused @ StoreError::Refused { .. }) => Err(Problem::impossible(refused.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Fetch the page of one opportunity, or of one rejected record, again
///
/// It waits for no other job of its source. If a run that has not ended does it already, that one is the answer. 422: the source is paused, or shows it in a list
/// only. Scope: operate.
#[utoipa::path(post, path = "/v1/items", tag = "runs", request_body = ItemAsk, responses(
    (status = 202, description = "A new run", body = Entered),
    (status = 200, description = "A run that was there already", body = Entered)))]
pub(crate) async fn item(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    Sent(ask): Sent<ItemAsk>,
) -> Result<(StatusCode, Json<Entered>), Problem> {
    if ask.item.is_empty() || ask.item.chars().count() > LONGEST {
        return Err(Problem::bad(format!("item must have 1 to {LONGEST} characters")));
    }
    let store = &here.app.store;
    let item = match store.find_item(&ask.item).await {
        Ok(item) => item,
        Err(error) => return entered(Err(error)),
    };
    entered(store.request_item(&item, Trigger::Http, &who.by()).await)
}

/// What of the archive to parse again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayAsk {
    /// The archive of this run alone, which replaces newer rows; null: the newest archived answers of the source.
    #[schema(value_type = Option<uuid::Uuid>)]
    run: Option<RunId>,
    /// Only the pages of rows that an older source file or older rules have read. Not together with `run`.
    #[serde(default)]
    stale: bool,
}

/// Parse the archive of a source again with the source file in force, without visiting the partner
///
/// The audit holds what is doubtful. 409: nothing is stale. Scope: operate.
#[utoipa::path(post, path = "/v1/sources/{slug}/replay", tag = "sources", params(("slug" = String, Path, description = "The source")),
    request_body = ReplayAsk, responses(
    (status = 202, description = "A new run", body = Entered),
    (status = 200, description = "A run that was there already", body = Entered)))]
pub(crate) async fn replay(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(slug): At<String>,
    Sent(ask): Sent<ReplayAsk>,
) -> Result<(StatusCode, Json<Entered>), Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    let store = &here.app.store;
    if ask.stale && ask.run.is_some() {
        return Err(Problem::impossible("stale and run exclude each other: leave one out"));
    }
    if let Some(run) = ask.run {
        let of = store.run(run).await?.source;
        if of != slug.as_str() {
            return Err(Problem::impossible(format!("run {run} is one of {of}, not of {slug}")));
        }
    }
    if ask.stale
        && let Some(spec) = here.app.catalog().get(&slug)
        && store.stale(&[(slug.clone(), app::read_by(spec))]).await?.is_empty()
    {
        let fresh = format!("every row of {slug} was read by this source file and these rules");
        return Err(Problem::new(StatusCode::CONFLICT, fresh));
    }
    let request = RunRequest {
        mode: Mode::Replay,
        replay_of: ask.run,
        only_stale: ask.stale,
        ..RunRequest::new(slug, Trigger::Http, who.by())
    };
    entered(trigger::request(store, &request).await)
}

//! `/v1/dead-letters`

use std::time::Duration;

use axum::{Json, extract::State};
use domain::SourceSlug;
use serde::{Deserialize, Serialize};
use store::{DeadCursor, DeadRow, Retried, WhichDead};
use utoipa::{IntoParams, ToSchema};

use super::{Page, known_source};
use crate::http::{
    Problem, Surroundings,
    auth::{Operator, Reader},
    extract::{Asked, At, Sent, after, rows},
};

/// Greatest age that can be asked for, in seconds: ten years.
const OLDEST: u32 = 315_360_000;

/// Which dead letters to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadAsk {
    /// Only of this source.
    source: Option<String>,
    /// Only those whose reason contains this text, in any case.
    reason: Option<String>,
    /// Only those that were given up longer ago, in seconds.
    #[param(minimum = 0, maximum = 315_360_000)]
    older_than: Option<u32>,
    /// What `next` of the page before said.
    after: Option<String>,
    /// Rows: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// Which dead letters to retry or discard: all that fit everything that is given. Give at least one condition, or `all`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadChoice {
    /// These.
    #[serde(default)]
    #[schema(max_items = 1000)]
    ids: Vec<i64>,
    /// Those of this source.
    source: Option<String>,
    /// Those whose reason contains this text, in any case.
    reason: Option<String>,
    /// All of them.
    #[serde(default)]
    all: bool,
}

impl DeadChoice {
    async fn which(self, here: &Surroundings) -> Result<WhichDead, Problem> {
        if self.ids.is_empty() && self.source.is_none() && self.reason.is_none() && !self.all {
            return Err(Problem::impossible("say which: ids, source, reason, or all"));
        }
        if self.ids.len() > 1000 {
            return Err(Problem::bad("ids has more than 1000 numbers"));
        }
        let source = source(here, self.source.as_deref()).await?;
        Ok(WhichDead { ids: self.ids, source, reason: self.reason, older_than: None })
    }
}

async fn source(here: &Surroundings, word: Option<&str>) -> Result<Option<SourceSlug>, Problem> {
    match word {
        Some(word) => Ok(Some(known_source(here, word).await?.0)),
        None => Ok(None),
    }
}

/// List jobs that were given up, newest first
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/dead-letters", tag = "dead letters", params(DeadAsk), responses((status = 200, description = "Dead letters", body = Page<DeadRow>)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<DeadAsk>,
) -> Result<Json<Page<DeadRow>>, Problem> {
    let limit = rows(ask.limit)?;
    if ask.older_than.is_some_and(|seconds| seconds > OLDEST) {
        return Err(Problem::bad(format!("older_than must be 0 to {OLDEST} seconds")));
    }
    let which = WhichDead {
        source: source(&here, ask.source.as_deref()).await?,
        reason: ask.reason,
        older_than: ask.older_than.map(|seconds| Duration::from_secs(seconds.into())),
        ..WhichDead::default()
    };
    let behind: Option<DeadCursor> = after(ask.after.as_deref())?;
    let (items, total) = here.app.store.dead(&which, behind, limit).await?;
    Ok(Json(Page::of(items, total, limit, |row| row.cursor().to_string())))
}

/// Show a dead letter
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/dead-letters/{id}", tag = "dead letters", params(("id" = i64, Path, description = "Its number")),
    responses((status = 200, description = "The dead letter", body = DeadRow)))]
pub(crate) async fn show(
    State(here): State<Surroundings>,
    _: Reader,
    At(id): At<i64>,
) -> Result<Json<DeadRow>, Problem> {
    let (found, _) =
        here.app.store.dead(&WhichDead { ids: vec![id], ..WhichDead::default() }, None, 1).await?;
    found
        .into_iter()
        .next()
        .map(Json)
        .ok_or_else(|| Problem::missing(format!("there is no dead letter {id}")))
}

/// Retry dead letters, all of them or none
///
/// Scope: operate.
#[utoipa::path(post, path = "/v1/dead-letters/retry", tag = "dead letters", request_body = DeadChoice,
    responses((status = 200, description = "What became of them", body = Retried)))]
pub(crate) async fn retry(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    Sent(choice): Sent<DeadChoice>,
) -> Result<Json<Retried>, Problem> {
    Ok(Json(here.app.store.retry_dead(&choice.which(&here).await?, &who.by()).await?))
}

/// How many dead letters were discarded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Discarded {
    /// Their number.
    letters: u64,
}

/// Discard dead letters; what followed from them stays
///
/// Scope: operate.
#[utoipa::path(post, path = "/v1/dead-letters/discard", tag = "dead letters", request_body = DeadChoice,
    responses((status = 200, description = "How many there were", body = Discarded)))]
pub(crate) async fn discard(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    Sent(choice): Sent<DeadChoice>,
) -> Result<Json<Discarded>, Problem> {
    let letters = here.app.store.discard_dead(&choice.which(&here).await?, &who.by()).await?;
    Ok(Json(Discarded { letters }))
}

//! `/v1/duplicates`

use axum::{Json, extract::State, http::StatusCode};
use domain::OpportunityId;
use serde::Deserialize;
use store::{DoubtedPair, PairCursor};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Page;
use crate::http::{
    Problem, Surroundings,
    auth::{Operator, Reader},
    extract::{Asked, Sent, after, rows},
};

/// How many pairs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PairsAsk {
    /// What `next` of the page before said.
    after: Option<String>,
    /// Rows: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// List pairs that may be one opportunity, the likeliest first
///
/// A pair leaves the list when it is decided. Scope: read.
#[utoipa::path(get, path = "/v1/duplicates", tag = "duplicates", params(PairsAsk), responses((status = 200, description = "Pairs", body = Page<DoubtedPair>)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<PairsAsk>,
) -> Result<Json<Page<DoubtedPair>>, Problem> {
    let limit = rows(ask.limit)?;
    let behind: Option<PairCursor> = after(ask.after.as_deref())?;
    let (items, total) =
        tokio::try_join!(here.app.store.doubted_pairs(behind, limit), here.app.store.doubted_total())?;
    Ok(Json(Page::of(items, total, limit, |pair| pair.cursor().to_string())))
}

/// A decision on a pair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PairDecision {
    /// One of the two opportunities.
    one: Uuid,
    /// The other one.
    other: Uuid,
    /// Whether they are the same opportunity.
    same: bool,
}

/// Decide whether two opportunities are the same
///
/// It counts before all rules, and can be decided again. Scope: operate.
#[utoipa::path(post, path = "/v1/duplicates", tag = "duplicates", request_body = PairDecision, responses((status = 204, description = "Decided")))]
pub(crate) async fn decide(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    Sent(decision): Sent<PairDecision>,
) -> Result<StatusCode, Problem> {
    let (one, other) = (OpportunityId::from(decision.one), OpportunityId::from(decision.other));
    for id in [one, other] {
        let missing = || Problem::missing(format!("there is no opportunity {id}"));
        here.app.store.served_one(id).await?.ok_or_else(missing)?;
    }
    here.app.store.decide_pair(one, other, decision.same, &who.by()).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `/v1/rejections`

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use domain::RunId;
use serde::{Deserialize, Serialize};
use store::{RejectionCount, RejectionRow, Scope, WhichRejections};
use utoipa::{IntoParams, ToSchema};

use super::known_source;
use crate::http::{
    Problem, Surroundings,
    auth::Reader,
    extract::{Asked, after, rows},
};

/// Which rejections.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RejectionsAsk {
    /// Only of this source.
    source: Option<String>,
    /// Only of this run.
    #[param(value_type = Option<uuid::Uuid>)]
    run: Option<RunId>,
    /// Only for this reason (GET /v1/vocabularies lists them).
    code: Option<String>,
    /// Only at this time or later.
    since: Option<DateTime<Utc>>,
    /// What `next` of the page before said.
    after: Option<String>,
    /// Rows of a page: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// A page of rejections.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rejections {
    /// The records. The partner's words may hold contacts of persons: `record` is null without the scope operate.
    items: Vec<RejectionRow>,
    /// How many there are on all pages.
    total: i64,
    /// The same by reason.
    by_code: Vec<RejectionCount>,
    /// Send it as `after` for the next page. Null on the last page.
    next: Option<String>,
}

/// List records that were refused, newest first, with totals by reason
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/rejections", tag = "runs", params(RejectionsAsk), responses((status = 200, description = "Rejections", body = Rejections)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    Reader(who): Reader,
    Asked(ask): Asked<RejectionsAsk>,
) -> Result<Json<Rejections>, Problem> {
    let limit = rows(ask.limit)?;
    if let Some(slug) = &ask.source {
        known_source(&here, slug).await?;
    }
    if let Some(code) = &ask.code
        && !crate::words::codes("rejections").any(|known| known == code)
    {
        return Err(Problem::impossible(format!(
            "there is no reason {code:?}: GET /v1/vocabularies lists them"
        )));
    }
    let which = WhichRejections { source: ask.source, run: ask.run, code: ask.code, since: ask.since };
    let (mut items, by_code) =
        here.app.store.rejections_where(&which, after(ask.after.as_deref())?, limit).await?;
    if who.scope < Scope::Operate {
        for row in &mut items {
            row.record = serde_json::Value::Null;
        }
    }
    let is_full = i64::try_from(items.len()).is_ok_and(|count| count >= limit);
    let next = items.last().filter(|_| is_full).map(|row| row.id.to_string());
    let total = by_code.iter().map(|count| count.count).sum();
    Ok(Json(Rejections { items, total, by_code, next }))
}

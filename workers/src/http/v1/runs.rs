//! `/v1/runs`

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use domain::RunId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{Change, Cursor, Preview, RejectionCount, Reverted, RunOutcome, RunRow, WhichRuns};
use utoipa::{IntoParams, ToSchema};

use super::{Page, all_known};
use crate::http::{
    Problem, Surroundings,
    auth::{Operator, Reader},
    extract::{Asked, At, after, each, rows},
};

/// Examples of each kind in what publishing would do.
pub(crate) const EXAMPLES: usize = 20;

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsAsk {
    /// Only these states, separated by commas: held,failed.
    state: Option<String>,
    /// Only these sources, separated by commas.
    source: Option<String>,
    /// Only what was asked for at this time or later.
    since: Option<DateTime<Utc>>,
    /// What `next` of the page before said.
    after: Option<String>,
    /// Rows of a page: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// What publishing a held run would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WouldBe {
    /// Opportunities that would be new.
    created: usize,
    /// Opportunities that would change.
    changed: usize,
    /// Opportunities that would be closed.
    closed: usize,
    /// How many would change, by field.
    fields: BTreeMap<String, usize>,
    /// Examples of new ones, as identifier and title.
    #[schema(value_type = Vec<Vec<String>>)]
    new_examples: Vec<(String, String)>,
    /// Examples of changes.
    changed_examples: Vec<Change>,
    /// Examples of what would be closed.
    #[schema(value_type = Vec<Vec<String>>)]
    closed_examples: Vec<(String, String)>,
}

impl From<Preview> for WouldBe {
    fn from(mut preview: Preview) -> Self {
        let closed = preview.missing.len();
        preview.created.truncate(EXAMPLES);
        preview.changed.truncate(EXAMPLES);
        preview.missing.truncate(EXAMPLES);
        Self {
            created: preview.tally.created,
            changed: preview.tally.changed,
            closed,
            fields: preview.fields,
            new_examples: preview.created,
            changed_examples: preview.changed,
            closed_examples: preview.missing,
        }
    }
}

/// A run with what it refused and, if it is held, what publishing it would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunShown {
    #[serde(flatten)]
    run: RunRow,
    /// Refused records by reason.
    rejected_by: Vec<RejectionCount>,
    /// What publishing it would do, if it is held.
    would_be: Option<WouldBe>,
}

/// List runs, newest first
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/runs", tag = "runs", params(RunsAsk), responses((status = 200, description = "Runs", body = Page<RunRow>)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<RunsAsk>,
) -> Result<Json<Page<RunRow>>, Problem> {
    let limit = rows(ask.limit)?;
    let which = WhichRuns {
        sources: each("source", ask.source.as_deref())?,
        states: each::<RunOutcome>("state", ask.state.as_deref())?,
        since: ask.since,
    };
    all_known(&here, &which.sources).await?;
    let (runs, total) = here.app.store.runs_where(&which, after(ask.after.as_deref())?, limit).await?;
    Ok(Json(Page::of(runs, total, limit, cursor)))
}

/// Returns where the page behind a run begins.
pub(crate) fn cursor(run: &RunRow) -> String {
    Cursor { at: run.created_at, id: run.id.uuid() }.to_string()
}

/// Show a run: what it did, and what publishing it would do
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/runs/{id}", tag = "runs", params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, description = "The run", body = RunShown)))]
pub(crate) async fn show(
    State(here): State<Surroundings>,
    _: Reader,
    At(id): At<RunId>,
) -> Result<Json<RunShown>, Problem> {
    let run = here.app.store.run(id).await?;
    let would_be = match run.outcome {
        RunOutcome::Held => Some(here.app.store.preview_run(id).await?.into()),
        _ => None,
    };
    let rejected_by = here.app.store.rejection_counts(id).await?;
    Ok(Json(RunShown { run, rejected_by, would_be }))
}

/// Publish a held run, and close what it proves gone
///
/// Scope: operate.
#[utoipa::path(post, path = "/v1/runs/{id}/publish", tag = "runs", params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, description = "The run as it is now", body = RunRow)))]
pub(crate) async fn publish(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(id): At<RunId>,
) -> Result<Json<RunRow>, Problem> {
    here.app.store.publish_run(id, &who.by()).await?;
    Ok(Json(here.app.store.run(id).await?))
}

/// Discard a held run, and close what its checkpoints created
///
/// Scope: operate.
#[utoipa::path(post, path = "/v1/runs/{id}/discard", tag = "runs", params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, description = "The run as it is now", body = RunRow)))]
pub(crate) async fn discard(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(id): At<RunId>,
) -> Result<Json<RunRow>, Problem> {
    here.app.store.discard_run(id, &who.by()).await?;
    Ok(Json(here.app.store.run(id).await?))
}

/// Cancel a run that has not ended
///
/// Nothing more is requested, and nothing of it is published. Scope: operate.
#[utoipa::path(post, path = "/v1/runs/{id}/cancel", tag = "runs", params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, description = "The run as it is now", body = RunRow)))]
pub(crate) async fn cancel(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(id): At<RunId>,
) -> Result<Json<RunRow>, Problem> {
    here.app.store.cancel_run(id, &who.by()).await?;
    Ok(Json(here.app.store.run(id).await?))
}

/// Undo a published run: what it created, changed and closed
///
/// Scope: operate.
#[utoipa::path(post, path = "/v1/runs/{id}/revert", tag = "runs", params(("id" = uuid::Uuid, Path, description = "The run")),
    responses((status = 200, description = "What was undone", body = Reverted)))]
pub(crate) async fn revert(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(id): At<RunId>,
) -> Result<Json<Reverted>, Problem> {
    Ok(Json(here.app.store.revert_run(id, &who.by()).await?))
}

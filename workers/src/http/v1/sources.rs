//! `/v1/sources`

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use domain::{QuietHours, Rate};
use schedules::Timetable;
use serde::{Deserialize, Serialize};
use store::{Freshness, SourceState, Store, StoreError};
use utoipa::ToSchema;

use super::{Page, known_source};
use crate::{
    http::{
        Problem, Surroundings,
        auth::{Operator, Reader},
        extract::{At, Sent},
    },
    lateness::{is_late, usual_gap},
    scheduler,
};

/// Longest reason for a pause, in characters.
const LONGEST: usize = 500;

/// A source: its state, how fresh it is, and when it is visited next.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceShown {
    #[serde(flatten)]
    pub(crate) source: SourceState,
    /// `on`, `paused` or `off`.
    pub(crate) state: &'static str,
    /// When the timetable visits it next.
    pub(crate) next_tick: Option<DateTime<Utc>>,
    /// How fresh it is.
    pub(crate) freshness: Freshness,
    /// Whether it was last complete, or is known, for longer than twice the longest time between two visits by the timetable. Quiet hours do not count.
    pub(crate) is_late: bool,
}

/// Returns all sources, by slug.
pub(crate) async fn all(here: &Surroundings) -> Result<Vec<SourceShown>, Problem> {
    let timetable = scheduler::timetable(&here.app.config, &here.app.catalog())
        .map_err(|error| Problem::internal(&error))?;
    Ok(shown(&here.app.store, &timetable, here.app.clock.now()).await?)
}

/// Returns all sources, by slug, as they are at this time.
pub(crate) async fn shown(
    store: &Store,
    timetable: &Timetable,
    now: DateTime<Utc>,
) -> Result<Vec<SourceShown>, StoreError> {
    let (states, mut fresh) = (store.source_states().await?, store.freshness().await?);
    let shown = states.into_iter().map(|source| {
        let entries = || timetable.entries.iter().filter(|entry| entry.source.as_str() == source.slug);
        let next_tick = entries().filter_map(|entry| entry.upcoming(now, 1).first().copied()).min();
        let gap = usual_gap(timetable, &source.slug, now).filter(|_| source.word() == "on");
        let freshness = fresh.remove(&source.slug).unwrap_or_default();
        let since = freshness.complete_at.or(freshness.known_since);
        let quiet: Vec<QuietHours> =
            source.quiet_hours.iter().filter_map(|hours| hours.parse().ok()).collect();
        let is_late = gap.zip(since).is_some_and(|(gap, since)| is_late(gap, since, &quiet, now));
        SourceShown { state: source.word(), next_tick, freshness, is_late, source }
    });
    Ok(shown.collect())
}

/// Returns one source.
pub(crate) async fn one(here: &Surroundings, slug: &str) -> Result<SourceShown, Problem> {
    known_source(here, slug).await?;
    let found = all(here).await?.into_iter().find(|shown| shown.source.slug == slug);
    found.ok_or_else(|| Problem::missing(format!("there is no source {slug:?}")))
}

/// List the sources
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/sources", tag = "sources", responses((status = 200, description = "Sources", body = Page<SourceShown>)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    _: Reader,
) -> Result<Json<Page<SourceShown>>, Problem> {
    Ok(Json(Page::whole(all(&here).await?)))
}

/// Show a source
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/sources/{slug}", tag = "sources", params(("slug" = String, Path, description = "The source")),
    responses((status = 200, description = "The source", body = SourceShown)))]
pub(crate) async fn show(
    State(here): State<Surroundings>,
    _: Reader,
    At(slug): At<String>,
) -> Result<Json<SourceShown>, Problem> {
    Ok(Json(one(&here, &slug).await?))
}

/// Why a source is paused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseAsk {
    /// For those who find it paused.
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    reason: Option<String>,
}

/// Returns a reason as it is stored; an empty one is refused.
pub(crate) fn reason(text: &str) -> Result<&str, Problem> {
    match text.trim() {
        "" => Err(Problem::bad("reason is empty: leave it out")),
        long if long.chars().count() > LONGEST => {
            Err(Problem::bad(format!("reason is longer than {LONGEST} characters")))
        }
        text => Ok(text),
    }
}

/// Stop all requests to a source, for the whole pool, until it is resumed
///
/// Scope: operate.
#[utoipa::path(post, path = "/v1/sources/{slug}/pause", tag = "sources", params(("slug" = String, Path, description = "The source")),
    request_body = PauseAsk, responses((status = 200, description = "The source as it is now", body = SourceShown)))]
pub(crate) async fn pause(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(slug): At<String>,
    Sent(ask): Sent<PauseAsk>,
) -> Result<Json<SourceShown>, Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    let why = ask.reason.as_deref().map(reason).transpose()?;
    here.app.store.pause_source(&slug, &who.by(), why).await?;
    Ok(Json(one(&here, slug.as_str()).await?))
}

/// Let a paused source be visited again
///
/// Scope: operate.
#[utoipa::path(post, path = "/v1/sources/{slug}/resume", tag = "sources", params(("slug" = String, Path, description = "The source")),
    responses((status = 200, description = "The source as it is now", body = SourceShown)))]
pub(crate) async fn resume(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(slug): At<String>,
) -> Result<Json<SourceShown>, Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    here.app.store.resume_source(&slug, &who.by()).await?;
    Ok(Json(one(&here, slug.as_str()).await?))
}

/// At which rate to visit a source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateAsk {
    /// Such as `30/min`, `10/s`, `500/h` or `50/5s`; null returns to the rate of its source file.
    rate: Option<String>,
}

/// Set the rate of a source for the whole pool
///
/// The Crawl-delay of robots.txt stays a limit. Scope: operate.
#[utoipa::path(put, path = "/v1/sources/{slug}/rate", tag = "sources", params(("slug" = String, Path, description = "The source")),
    request_body = RateAsk, responses((status = 200, description = "The source as it is now", body = SourceShown)))]
pub(crate) async fn rate(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(slug): At<String>,
    Sent(ask): Sent<RateAsk>,
) -> Result<Json<SourceShown>, Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    let rate = ask.rate.as_deref().map(str::parse::<Rate>).transpose();
    let rate = rate.map_err(|error| Problem::impossible(error.to_string()))?;
    here.app.store.set_rate(&slug, &who.by(), rate).await?;
    Ok(Json(one(&here, slug.as_str()).await?))
}

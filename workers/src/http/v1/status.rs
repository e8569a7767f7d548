//! `/v1/status`, `/v1/schedules` and `/v1/vocabularies`

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::header, response::IntoResponse};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Page;
use crate::{
    http::{Problem, Surroundings, auth::Reader},
    scheduler, words,
};

/// The figures of `oim-etl status`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusShown {
    /// Living workers: host, pid, address, whether they hold the vector index, and by how much their clock is off.
    workers: Vec<Value>,
    /// Jobs by kind and lane: `ready`, `later`, `running`, `oldest_seconds`.
    queue: Vec<Value>,
    /// Hosts that fail.
    hosts: Vec<Value>,
    /// Vector indexes.
    targets: Vec<Value>,
    /// The newest dead letters.
    dead_letters: Vec<Value>,
    /// Open opportunities.
    open: i64,
    /// Closed opportunities.
    closed: i64,
    /// Points of the fullest index that is kept in step.
    indexed: i64,
    /// Points that must be updated.
    outbox: i64,
}

/// Show workers, queue, failing hosts, indexes and counts
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/status", tag = "service", responses((status = 200, description = "Figures", body = StatusShown)))]
pub(crate) async fn status(
    State(here): State<Surroundings>,
    _: Reader,
) -> Result<Json<StatusShown>, Problem> {
    let overview = here.app.store.overview(10).await?;
    Ok(Json(StatusShown {
        workers: values(&overview.workers)?,
        queue: values(&overview.queue)?,
        hosts: values(&overview.hosts)?,
        targets: values(&overview.targets)?,
        dead_letters: values(&overview.dead_letters)?,
        open: overview.open,
        closed: overview.closed,
        indexed: overview.indexed,
        outbox: overview.outbox,
    }))
}

fn values<T: Serialize>(rows: &[T]) -> Result<Vec<Value>, Problem> {
    let values = rows.iter().map(serde_json::to_value).collect::<Result<_, _>>();
    values.map_err(|error| Problem::internal(&error.into()))
}

/// An entry of the timetable.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleShown {
    /// Its name.
    entry: String,
    /// The source that it visits.
    source: String,
    /// `incremental` or `full`.
    mode: String,
    /// Five fields of crontab(5).
    cron: String,
    /// The zone whose clock they mean.
    zone: String,
    /// The next ticks.
    next: Vec<DateTime<Utc>>,
}

/// List the timetable with the next three ticks of each entry
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/schedules", tag = "sources", responses((status = 200, description = "The timetable", body = Page<ScheduleShown>)))]
pub(crate) async fn schedules(
    State(here): State<Surroundings>,
    _: Reader,
) -> Result<Json<Page<ScheduleShown>>, Problem> {
    let timetable = scheduler::timetable(&here.app.config, &here.app.catalog())
        .map_err(|error| Problem::internal(&error))?;
    let now = here.app.clock.now();
    let entries = timetable.entries.iter().map(|entry| ScheduleShown {
        entry: entry.name.to_string(),
        source: entry.source.to_string(),
        mode: entry.mode.as_str().to_owned(),
        cron: entry.cron.clone(),
        zone: entry.zone.name().to_owned(),
        next: entry.upcoming(now, 3),
    });
    Ok(Json(Page::whole(entries.collect())))
}

/// A word that the service uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WordShown {
    /// As it is stored and served.
    code: &'static str,
    /// What it means, in French.
    fr: &'static str,
    /// What it means, in English.
    en: &'static str,
}

/// List the words that fields, warnings, reasons and states are made of, with what they mean in French and English
///
/// Needs no token.
#[utoipa::path(get, path = "/v1/vocabularies", tag = "service", responses((status = 200, description = "Words by list", body = BTreeMap<String, Vec<WordShown>>)))]
pub(crate) async fn vocabularies() -> impl IntoResponse {
    let mut lists = BTreeMap::<&str, Vec<WordShown>>::new();
    for word in words::all() {
        let shown = WordShown { code: word.code, fr: word.fr, en: word.en };
        lists.entry(word.list).or_default().push(shown);
    }
    ([(header::CACHE_CONTROL, "max-age=3600")], Json(lists))
}

//! Fires the timetable: each tick once, however many workers watch. Ticks missed while no worker ran fire once together.

use std::{sync::Arc, time::Duration};

use domain::SourceSlug;
use schedules::Timetable;
use sources::{Catalog, Spec, Stream};
use store::Fired;

use crate::{app::App, config::Config, pipeline::trigger, queue::Stop};

/// Time between two looks at the clock. The timetable counts minutes.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The name under which the ticks of the verification are stored. A colon is in no name of an entry.
const VERIFY: &str = "index:verify";
/// The same for the pruning.
const PRUNE: &str = "store:prune";

/// What to do about a source that nobody visits.
pub(crate) const HOW_TO_VISIT: &str = "add `schedule` to its source file, or an entry to the timetable";

/// Returns the timetable in effect: the operator's own or the built-in one, over what the source files describe.
pub(crate) fn timetable(config: &Config, catalog: &Catalog) -> anyhow::Result<Timetable> {
    Ok(over(own(config)?, catalog))
}

fn over(own: Timetable, catalog: &Catalog) -> Timetable {
    own.over(catalog.iter().flat_map(|spec| &spec.schedule))
}

/// Returns the timetable without what the source files describe.
pub(crate) fn own(config: &Config) -> anyhow::Result<Timetable> {
    match &config.timetable {
        None => Ok(Timetable::builtin()?),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                anyhow::anyhow!("Failed to read the timetable {}: {error}", path.display())
            })?;
            Ok(Timetable::parse(&path.display().to_string(), &text)?)
        }
    }
}

/// Returns the sources that no entry visits, although they have a list to fetch.
pub(crate) fn unvisited<'c>(timetable: &Timetable, catalog: &'c Catalog) -> Vec<&'c SourceSlug> {
    let is_visited = |spec: &Spec| timetable.entries.iter().any(|entry| entry.source == spec.slug);
    let fetched = catalog.iter().filter(|spec| spec.streams.iter().any(Stream::is_fetched));
    fetched.filter(|spec| !is_visited(spec)).map(|spec| &spec.slug).collect()
}

/// Fires ticks until `stop` is cancelled. `own` is the timetable without what the source files describe, which may change meanwhile.
pub(crate) async fn run(app: Arc<App>, own: Timetable, stop: Stop) {
    let mut clock = tokio::time::interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while stop.run_until_cancelled(clock.tick()).await.is_some() {
        if let Some(verify) = &own.verify
            && let Err(error) = look_at_index(&app, verify).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not request the verification of the index; trying again"
            );
        }
        if let Some(prune) = &own.prune
            && let Err(error) = look_at_age(&app, prune).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not request the nightly pruning; trying again"
            );
        }
        for entry in &over(own.clone(), &app.catalog()).entries {
            if let Err(error) = look(&app, entry).await {
                tracing::warn!(entry = %entry.name, error = &error as &dyn std::error::Error, "could not fire a tick; trying again");
            }
        }
    }
}

/// Requests the verification of the indexes, once a tick.
async fn look_at_index(app: &App, verify: &schedules::Clock) -> Result<(), store::StoreError> {
    let last = app.store.last_tick(VERIFY).await?;
    let Some(at) = verify.due(last, app.clock.now()) else { return Ok(()) };
    if app.store.fire_verification(VERIFY, at).await? {
        tracing::info!(tick = %at, "the timetable requests a verification of the vector index");
    }
    Ok(())
}

/// Requests the removal of what is no longer needed, once a tick.
async fn look_at_age(app: &App, prune: &schedules::Clock) -> Result<(), store::StoreError> {
    let last = app.store.last_tick(PRUNE).await?;
    let Some(at) = prune.due(last, app.clock.now()) else { return Ok(()) };
    if app.store.fire_pruning(PRUNE, at).await? {
        tracing::info!(tick = %at, "the timetable requests the removal of what is no longer needed");
    }
    Ok(())
}

async fn look(app: &App, entry: &schedules::Entry) -> Result<(), store::StoreError> {
    let last = app.store.last_tick(entry.name.as_str()).await?;
    let Some(at) = entry.due(last, app.clock.now()) else { return Ok(()) };
    match trigger::tick(&app.store, entry, at).await? {
        Fired::Run => {
            tracing::info!(entry = %entry.name, source = %entry.source, tick = %at, "the timetable requests a run");
        }
        Fired::Skipped(why) => {
            tracing::warn!(entry = %entry.name, source = %entry.source, tick = %at, why, "a tick of the timetable is skipped");
        }
        Fired::Elsewhere => (),
    }
    Ok(())
}

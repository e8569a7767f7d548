//! Fires the timetable: each tick once, however many workers watch. Ticks missed while no worker ran fire once together.

use std::time::Duration;

use chrono::Utc;
use schedules::Timetable;
use store::{Fired, Store};

use crate::{config::Config, pipeline::trigger, queue::Stop};

/// Time between two looks at the clock. The timetable counts minutes.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Returns the timetable in effect.
pub(crate) fn timetable(config: &Config) -> anyhow::Result<Timetable> {
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

/// Fires ticks until `stop` is cancelled.
pub(crate) async fn run(store: Store, timetable: Timetable, stop: Stop) {
    let mut clock = tokio::time::interval(LOOK_EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while stop.run_until_cancelled(clock.tick()).await.is_some() {
        for entry in &timetable.entries {
            if let Err(error) = look(&store, entry).await {
                tracing::warn!(entry = %entry.name, error = &error as &dyn std::error::Error, "could not fire a tick; trying again");
            }
        }
    }
}

async fn look(store: &Store, entry: &schedules::Entry) -> Result<(), store::StoreError> {
    let last = store.last_tick(entry.name.as_str()).await?;
    let Some(at) = entry.due(last, Utc::now()) else { return Ok(()) };
    match trigger::tick(store, entry, at).await? {
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

//! The time, which is that of the database: all workers of a pool share it, and the clock of a machine may be wrong.
//!
//! A worker asks the database for the time with each heartbeat, and counts on with a clock that nobody can set. What it stamps
//! is therefore right, also in the seconds before it notices that its own clock has jumped. A worker whose clock is far off takes
//! no work: certificates, tokens and dates of partners are judged by that clock.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use chrono::{DateTime, TimeDelta, Utc};
use store::{Store, StoreError};

/// The most that the clock of a worker may differ from the database's.
const MOST: TimeDelta = TimeDelta::minutes(5);

/// The clock of a process.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Option<Measured>>);

/// A measurement.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// The time of the database.
    database: DateTime<Utc>,
    /// The moment at which it was that time.
    at: Instant,
    /// How far the clock of this machine was ahead.
    ahead: TimeDelta,
}

impl Clock {
    /// Returns the time of the database; that of this machine before the first measurement.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.measured().map_or_else(Utc::now, |measured| measured.database + measured.at.elapsed())
    }

    /// Asks the database for the time. Logs when the clock of this machine becomes wrong, and when it is right again.
    pub(crate) async fn measure(&self, store: &Store) -> Result<(), StoreError> {
        let asked = Instant::now();
        let database = store.now().await?;
        // The answer was on its way for about half of the time.
        let at = asked + asked.elapsed() / 2;
        self.set(Measured { database, at, ahead: Utc::now() - (database + at.elapsed()) });
        Ok(())
    }

    fn set(&self, measured: Measured) {
        let was = self.wrong();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(measured);
        match (was, self.wrong()) {
            (None, Some(why)) => tracing::error!(why, "this worker takes no work until its clock is right"),
            (Some(_), None) => tracing::warn!("the clock of this machine is right again"),
            _ => (),
        }
    }

    /// Returns by how many seconds the clock of this machine is ahead of the database's, or behind it (less than 0), if that is
    /// too much.
    pub(crate) fn off(&self) -> Option<i64> {
        let ahead = self.measured()?.ahead;
        (ahead.abs() > MOST).then(|| ahead.num_seconds())
    }

    /// Returns what is wrong with the clock of this machine, as a sentence without a period.
    pub(crate) fn wrong(&self) -> Option<String> {
        self.off().map(|seconds| format!("the clock of this machine is {}", off_by(seconds)))
    }

    fn measured(&self) -> Option<Measured> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns how far a clock is off, in words.
pub(crate) fn off_by(seconds: i64) -> String {
    let side = if seconds < 0 { "behind" } else { "ahead of" };
    // Rounded: the measurement itself may be off by a part of a second.
    let minutes = (seconds.unsigned_abs() + 30) / 60;
    let long = match (minutes / 1440, minutes / 60) {
        (0, 0) => format!("{minutes} min"),
        (0, hours) => format!("{hours} h"),
        (days, _) => format!("{days} days"),
    };
    format!("{long} {side} that of the database")
}

#[cfg(test)]
mod tests;

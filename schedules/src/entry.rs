//! One line of the timetable.

use std::{fmt, iter};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::{BadName, SourceSlug};
use serde::{Serialize, Serializer};

use crate::{BadCron, Mode, clock, expression::Expression};

/// An entry's name: the stable key under which its ticks are stored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct EntryName(String);

impl EntryName {
    /// Checks and wraps a name. The rules are those of a source's slug.
    pub fn new(name: &str) -> Result<Self, BadName> {
        SourceSlug::new(name).map(|name| Self(name.into()))
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A cron line on the clock of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// The cron line as written.
    pub cron: String,
    /// The zone whose wall clock it means.
    pub zone: Tz,
    pub(crate) expression: Expression,
}

impl Clock {
    /// Reads a cron line on the clock of a zone.
    pub fn new(cron: &str, zone: Tz) -> Result<Self, BadCron> {
        Ok(Self { cron: cron.to_owned(), zone, expression: Expression::read(cron)? })
    }

    /// Returns the latest tick after `after` and not after `now`, like [`Entry::due`].
    pub fn due(&self, after: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        due(self.zone, &self.expression, after, now)
    }
}

fn due(zone: Tz, expression: &Expression, after: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let reached = clock::reached(zone, now)?;
    let mut ticks = expression.back_from(reached).filter_map(|at| clock::first_shows(zone, at));
    ticks.find(|tick| *tick <= now).filter(|tick| *tick > after)
}

/// One line of the timetable: which source, how much of it, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The stable key of the entry (`fne-full`).
    pub name: EntryName,
    /// The source to visit. The catalog knows whether it exists.
    pub source: SourceSlug,
    /// How much of the source to request.
    pub mode: Mode,
    /// The cron line as written: five fields of crontab(5).
    pub cron: String,
    /// The zone whose wall clock the cron line means.
    #[serde(serialize_with = "zone_name")]
    pub zone: Tz,
    #[serde(skip)]
    pub(crate) expression: Expression,
}

impl Entry {
    /// Returns the entry that a source file describes: a cron line on the clock of Douala. Its name is `SLUG-MODE`.
    pub fn of_source(source: &SourceSlug, mode: Mode, cron: &str) -> Result<Self, BadCron> {
        Ok(Self {
            name: EntryName(format!("{source}-{}", mode.as_str())),
            source: source.clone(),
            mode,
            cron: cron.to_owned(),
            zone: chrono_tz::Africa::Douala,
            expression: Expression::read(cron)?,
        })
    }

    /// Returns the latest tick after `after` and not after `now`, if there is one. All ticks missed since `after` thus
    /// become one: after a day without a worker, a source is visited once, not twelve times.
    pub fn due(&self, after: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        due(self.zone, &self.expression, after, now)
    }

    /// Returns the next `n` ticks after `from`, earliest first.
    pub fn upcoming(&self, from: DateTime<Utc>, n: usize) -> Vec<DateTime<Utc>> {
        iter::successors(self.next(from), |&tick| self.next(tick)).take(n).collect()
    }

    fn next(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let shown = clock::reading(self.zone, from)?;
        let mut ticks = self.expression.after(shown).filter_map(|at| clock::first_shows(self.zone, at));
        // In the second pass of a repeated hour, the clock has shown the next readings before.
        ticks.find(|tick| *tick > from)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a field over by reference")]
fn zone_name<S: Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}

#[cfg(test)]
#[path = "tests/ticks.rs"]
mod tests;

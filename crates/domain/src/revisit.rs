//! When a page that was visited is worth another request.

use std::{fmt, time::Duration};

use crate::span_text;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The bounds of the time between two requests for the same page.
///
/// The time doubles with each visit that finds the same content, and halves with each visit that finds another one. A page that
/// changes is asked often, and one that never does is almost never asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revisit {
    least: Duration,
    most: Duration,
}

/// What a visit found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The same content as before.
    Same,
    /// Other content than before.
    Changed,
}

impl Default for Revisit {
    /// From 6 hours to 4 days: `cargo run -p benches --bin revisits` shows what longer and shorter bounds come to.
    fn default() -> Self {
        Self { least: 6 * HOUR, most: 4 * DAY }
    }
}

impl Revisit {
    /// The time after the first visit, before anything is known of the page.
    const FIRST: Duration = DAY;
    /// The longest time that a source file may set: what is not looked at for a year is not known any more.
    pub const LONGEST: Duration = Duration::from_hours(24 * 365);

    /// Returns bounds. `None` if `least` is zero or above `most`, or `most` is above a year.
    pub fn new(least: Duration, most: Duration) -> Option<Self> {
        (!least.is_zero() && least <= most && most <= Self::LONGEST).then_some(Self { least, most })
    }

    /// Returns the shortest time.
    pub fn least(self) -> Duration {
        self.least
    }

    /// Returns the longest time.
    pub fn most(self) -> Duration {
        self.most
    }

    /// Returns the time until the next visit, from the time before this one and what this one found. `before` is `None` at the
    /// first visit.
    pub fn next(self, before: Option<Duration>, found: Found) -> Duration {
        let next = match (before, found) {
            (None, _) => Self::FIRST,
            (Some(before), Found::Same) => before.saturating_mul(2),
            (Some(before), Found::Changed) => before / 2,
        };
        next.clamp(self.least, self.most)
    }

    /// Returns the time after which a page is due: a little less than `interval`, by a share that `mark` decides. Pages that were
    /// first seen in one run thus fall due in different runs, and a daily run finds due what the one before it visited.
    pub fn due_after(interval: Duration, mark: u8) -> Duration {
        interval.mul_f64(0.95 - 0.2 * f64::from(mark) / 255.0)
    }
}

impl fmt::Display for Revisit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", span_text(self.least), span_text(self.most))
    }
}

#[cfg(test)]
mod tests;

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
mod tests {
    use super::*;

    #[test]
    fn the_time_doubles_and_halves_within_its_bounds() {
        let bounds = Revisit::default();
        let mut interval = bounds.next(None, Found::Changed);
        assert_eq!(interval, DAY);
        for expected in [2, 4, 4] {
            interval = bounds.next(Some(interval), Found::Same);
            assert_eq!(interval, expected * DAY);
        }
        for expected in [48, 24, 12, 6] {
            interval = bounds.next(Some(interval), Found::Changed);
            assert_eq!(interval.as_secs() / 3_600, expected);
        }
        for _ in 0..9 {
            interval = bounds.next(Some(interval), Found::Changed);
        }
        assert_eq!(interval, bounds.least());
        let narrow = Revisit::new(HOUR, 2 * HOUR).unwrap();
        assert_eq!(narrow.next(None, Found::Same), 2 * HOUR, "the first time lies within the bounds too");
        assert_eq!(narrow.next(Some(Duration::MAX), Found::Same), 2 * HOUR);
    }

    #[test]
    fn a_page_is_due_before_its_time_is_over_and_not_much_before() {
        for mark in [0, 1, 128, 255] {
            let due = Revisit::due_after(DAY, mark);
            assert!(due < DAY && due > 17 * HOUR, "{due:?}");
        }
        assert!(Revisit::due_after(DAY, 200) < Revisit::due_after(DAY, 3));
    }

    #[test]
    fn bounds_must_make_sense() {
        for (least, most) in [(Duration::ZERO, DAY), (2 * DAY, DAY), (DAY, 366 * DAY)] {
            assert_eq!(Revisit::new(least, most), None, "{least:?} {most:?}");
        }
        assert!(Revisit::new(DAY, DAY).is_some());
        assert_eq!(Revisit::default().to_string(), "6h to 4d");
    }
}

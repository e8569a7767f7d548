//! When each partner is visited: the timetable, and the ticks that fall due by it.
//!
//! This crate is pure: it reads no clock and starts nothing. A caller with a clock asks an [`Entry`] what fell
//! due between the last tick that fired and now:
//!
//! ```
//! use chrono::{TimeZone, Utc};
//! use schedules::Timetable;
//!
//! let timetable = Timetable::builtin()?;
//! let entry = timetable.get("fne-full").ok_or("no such entry")?;
//! let friday = Utc.with_ymd_and_hms(2026, 9, 4, 12, 0, 0).single().ok_or("no such time")?;
//! let monday = Utc.with_ymd_and_hms(2026, 9, 7, 12, 0, 0).single().ok_or("no such time")?;
//! // Sunday 02:00 in Douala (UTC+1) is Sunday 01:00 UTC.
//! let tick = entry.due(friday, monday).ok_or("nothing due")?;
//! assert_eq!(tick.to_rfc3339(), "2026-09-06T01:00:00+00:00");
//! assert_eq!(entry.due(tick, monday), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a cron line means here
//!
//! The five fields follow the rules of crontab(5), as Vixie cron implements them. The crate `croner` walks the calendar. Its
//! dialect is wider, so the fields are checked here, and a mistake is reported with its place:
//!
//! | line | here |
//! |---|---|
//! | five fields | accepted; the second is 0 |
//! | Sunday | 0 or 7 |
//! | day of month **and** day of week restricted | either is enough, as in crontab(5) |
//! | `5/15` | refused: write `5-59/15` |
//! | `@daily` | refused: five fields show when a line fires |
//! | `?`, `L`, `W` | refused: crontab(5) does not have them |
//! | `*/90` minutes | refused: it would fire at minute 0 only |
//! | 30 February | refused: it would never fire |
//!
//! # Time zones
//!
//! A cron line means the wall clock of its zone. Douala's clock never changes. In other zones:
//!
//! * *Forward*: ticks in the skipped hour fire once, at the moment of the change.
//! * *Back*: a tick in the repeated hour fires when the clock first shows it, and not again. A line such as
//!   `*/10 * * * *` therefore pauses during the second pass of that hour.
//!
//! Ticks exist for the years 1970 to 2099; nothing is due outside of them.

mod clock;
mod entry;
mod error;
mod expression;
mod field;
mod mode;
mod timetable;

pub use entry::{Clock, Entry, EntryName};
pub use error::{BadCron, BadField, Flaw, TimetableError, TimetableErrors};
pub use mode::{Mode, UnknownMode};
pub use timetable::Timetable;

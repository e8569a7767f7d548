//! When each partner is visited: the timetable, and the ticks that fall due by it.
//!
//! Pure: no clock is read and nothing is started here. Whoever has a clock asks an [`Entry`] what fell
//! due between the last tick it saw fire and now:
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
//! The five fields and the rules of crontab(5) as Vixie cron has them. The crate `cron` walks the
//! calendar, but its dialect differs; each difference is translated or refused:
//!
//! | crontab(5) | crate `cron` | here |
//! |---|---|---|
//! | five fields | six or seven, seconds first | five; second 0 is added |
//! | Sunday is 0 and 7 | Sunday is 1, Saturday 7 | crontab's numbers, translated |
//! | day of month **or** day of week, when both are restricted | **and** | or, as crontab does |
//! | `5/15` is an error | every 15 from 5 on | refused: write `5-59/15` |
//! | `@daily` | likewise | refused: five fields say when, `@daily` hides it |
//! | `?` is an error | another `*` | refused |
//! | `*/90` minutes fires at 0 only | refused | refused |
//! | 30 February never fires | never fires | refused |
//!
//! # Time zones
//!
//! A cron line speaks of the clock on the wall of its zone. Douala's never moves. Where clocks do move:
//!
//! * *forward*: a tick they jump over fires at the moment of the jump, and several of them fire once;
//! * *back*: a tick in the repeated hour fires when the clock first shows it, not again. A line such as
//!   `*/10 * * * *` therefore rests for the second pass of that hour.
//!
//! Ticks are known for the years 1970 to 2099; outside nothing is due.

mod clock;
mod entry;
mod error;
mod expression;
mod field;
mod mode;
mod timetable;

pub use entry::{Entry, EntryName};
pub use error::{BadCron, BadField, Flaw, TimetableError, TimetableErrors};
pub use mode::{Mode, UnknownMode};
pub use timetable::Timetable;

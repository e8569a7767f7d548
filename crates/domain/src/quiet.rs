//! The hours in which a source is left alone.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeDelta, Timelike as _, Utc};

/// Minutes of a day.
const DAY: u32 = 24 * 60;
/// Seconds that Africa/Douala is ahead of UTC, all year.
const DOUALA: i32 = 3_600;

/// Hours of each day, on the clock of Douala, in which nothing is requested: `22:00-06:00`. Such a window may pass midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: u32,
    to: u32,
}

/// Text that is not [`QuietHours`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} are not hours: write for example `22:00-06:00`, on the clock of Douala")]
pub struct BadHours(String);

impl QuietHours {
    /// Whether a minute of the day lies within.
    fn holds(self, minute: u32) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }

    /// Whether these windows leave no minute of the day.
    pub fn cover_the_day(windows: &[Self]) -> bool {
        (0..DAY).all(|minute| windows.iter().any(|window| window.holds(minute)))
    }

    /// Returns how much of the time from one moment to another lies within the windows, to the minute.
    pub fn within(windows: &[Self], from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let quiet = |minute: u32| windows.iter().any(|window| window.holds(minute));
        let Some(zone) = FixedOffset::east_opt(DOUALA).filter(|_| from < to && !windows.is_empty()) else {
            return TimeDelta::zero();
        };
        let days = (to - from).num_days();
        let a_day = i64::try_from((0..DAY).filter(|minute| quiet(*minute)).count()).unwrap_or(0);
        let rest = from.checked_add_days(Days::new(days.unsigned_abs())).unwrap_or(to);
        let minutes = u32::try_from((to - rest).num_minutes()).unwrap_or(0);
        let first = rest.with_timezone(&zone).time();
        let of_rest = (0..minutes).filter(|minute| quiet((of_day(first) + minute) % DAY)).count();
        TimeDelta::minutes(days * a_day + i64::try_from(of_rest).unwrap_or(0))
    }
}

fn of_day(time: NaiveTime) -> u32 {
    time.hour() * 60 + time.minute()
}

/// Parses `6:30`, `06:30` or `24:00`.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute).filter(|_| minute.len() == 2)?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

impl FromStr for QuietHours {
    type Err = BadHours;
    fn from_str(text: &str) -> Result<Self, BadHours> {
        let bad = || BadHours(text.chars().take(40).collect());
        let (from, to) = text.split_once(['-', '–']).ok_or_else(bad)?;
        let (from, to) = (minute(from).ok_or_else(bad)? % DAY, minute(to).ok_or_else(bad)?);
        let to = if to == 0 { DAY } else { to };
        if from == to % DAY { Err(bad()) } else { Ok(Self { from, to }) }
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

#[cfg(test)]
mod tests;

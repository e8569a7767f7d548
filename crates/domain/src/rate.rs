//! The rate of a source: how often a partner agreed to be asked.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// At most `count` requests in any window of length `per`, from all workers together.
///
/// It is written `30/min`, `10/s`, `500/h` or `50/5s`: a count, a slash, and a period with an optional number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    count: u32,
    per: Duration,
}

/// Text that is not a [`Rate`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a rate: write for example `30/min`, `10/s`, `500/h` or `50/5s`")]
pub struct BadRate(String);

impl Rate {
    /// Share of the rate that is used. A request leaves on time but may arrive late. If slots were spaced at exactly
    /// `per / count`, a late request and a punctual one would make `count + 1` in a window. With this share, the network may
    /// add a delay of 2 % of the window before that happens.
    const USED: f64 = 0.98;

    /// Returns a rate of `count` per `per`. `None` if either is zero or the period is longer than a day.
    pub fn new(count: u32, per: Duration) -> Option<Self> {
        let legal = count > 0 && !per.is_zero() && per <= Duration::from_hours(24);
        legal.then_some(Self { count, per })
    }

    /// Returns the number of requests allowed in one window.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Returns the length of the window.
    pub fn per(self) -> Duration {
        self.per
    }

    /// Returns the number of requests allowed per second.
    pub fn per_second(self) -> f64 {
        f64::from(self.count) / self.per.as_secs_f64()
    }

    /// Returns the time between two requests that keeps the rate at the partner's end.
    pub fn interval(self) -> Duration {
        self.per.div_f64(f64::from(self.count) * Self::USED)
    }
}

impl FromStr for Rate {
    type Err = BadRate;
    fn from_str(text: &str) -> Result<Self, BadRate> {
        let bad = || BadRate(text.chars().take(40).collect());
        let (count, period) = text.split_once('/').ok_or_else(bad)?;
        let period = period.trim();
        let unit = period.trim_start_matches(|c: char| c.is_ascii_digit());
        let many = period.strip_suffix(unit).filter(|digits| !digits.is_empty());
        let many: u32 = many.map_or(Ok(1), |digits| digits.parse().map_err(|_| bad()))?;
        let unit = match unit {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" | "hour" => 3_600,
            "d" | "day" => 86_400,
            _ => return Err(bad()),
        };
        let count = count.trim().parse().map_err(|_| bad())?;
        Self::new(count, Duration::from_secs(u64::from(many) * unit)).ok_or_else(bad)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.per.as_secs();
        let (many, unit) = match secs {
            _ if secs.is_multiple_of(86_400) => (secs / 86_400, "day"),
            _ if secs.is_multiple_of(3_600) => (secs / 3_600, "h"),
            _ if secs.is_multiple_of(60) => (secs / 60, "min"),
            _ => (secs, "s"),
        };
        match many {
            1 => f.pad(&format!("{}/{unit}", self.count)),
            _ => f.pad(&format!("{}/{many}{unit}", self.count)),
        }
    }
}

impl TryFrom<String> for Rate {
    type Error = BadRate;
    fn try_from(text: String) -> Result<Self, BadRate> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests;

//! How long something lasts.

use serde::{Deserialize, Serialize};

/// A length of time. At least one of `min` and `max` is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duration {
    /// Shortest, in hundredths of a month.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub min: Option<i32>,
    /// Longest, likewise.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub max: Option<i32>,
}

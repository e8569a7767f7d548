//! Durations of loans, trainings and contracts.

use serde::{Deserialize, Serialize};

/// A duration. At least one of `min` and `max` is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duration {
    /// Shortest, in hundredths of a month.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub min: Option<i32>,
    /// Longest, likewise.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub max: Option<i32>,
}

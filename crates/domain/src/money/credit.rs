//! What a loan costs: interest and fees. In JSON percents and units, as in the database.

use serde::{Deserialize, Serialize};

use super::Currency;
use crate::coded::coded;

coded! {
    /// The time a rate of interest is told for.
    RatePeriod {
        /// A day.
        Day = "day",
        /// A week.
        Week = "week",
        /// A month.
        Month = "month",
        /// Three months.
        Quarter = "quarter",
        /// Six months.
        HalfYear = "half_year",
        /// A year.
        Year = "year",
    }
}

impl RatePeriod {
    /// How many there are in a year.
    pub fn a_year(self) -> i64 {
        match self {
            Self::Day => 365,
            Self::Week => 52,
            Self::Month => 12,
            Self::Quarter => 4,
            Self::HalfYear => 2,
            Self::Year => 1,
        }
    }
}

/// A nominal rate of interest. At least one of `min` and `max` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Lowest, in thousandths of a percent a year: the rate told, times the periods of a year; not compounded.
    #[serde(with = "crate::fixed_point::thousandths")]
    pub min: Option<i64>,
    /// Highest, likewise.
    #[serde(with = "crate::fixed_point::thousandths")]
    pub max: Option<i64>,
    /// What the partner told it for.
    pub period: RatePeriod,
    /// Tax on the interest, in thousandths of a percent of it (TAF, TVA).
    #[serde(with = "crate::fixed_point::thousandths")]
    pub tax: Option<i64>,
}

/// What is paid beside interest, once. At least one of the parts is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// All that are a share of the amount, summed, in thousandths of a percent. Of "1 à 2 %" the end.
    #[serde(with = "crate::fixed_point::thousandths")]
    pub percent: Option<i64>,
    /// All that are fixed, summed, in hundredths of the currency's unit.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub amount: Option<i64>,
    /// The currency of the fixed ones.
    pub currency: Option<Currency>,
}

//! The cost of a loan: interest and fees. JSON has percentages and units, as the database does.

use serde::{Deserialize, Serialize};

use super::Currency;
use crate::coded::coded;

coded! {
    /// The period of an interest rate.
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
    /// Returns how many there are in a year.
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

/// A nominal interest rate. At least one of `min` and `max` is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// Lowest, in thousandths of a percent a year: the given rate times the periods in a year, not compounded.
    #[serde(with = "crate::fixed_point::thousandths")]
    pub min: Option<i64>,
    /// Highest, likewise.
    #[serde(with = "crate::fixed_point::thousandths")]
    pub max: Option<i64>,
    /// The period that the partner gave it for.
    pub period: RatePeriod,
    /// Tax on the interest (TAF, TVA), in thousandths of a percent of the interest.
    #[serde(with = "crate::fixed_point::thousandths")]
    pub tax: Option<i64>,
}

/// What is paid once, in addition to interest. At least one of the parts is set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// The sum of the fees that are a share of the amount, in thousandths of a percent. "1 à 2 %" counts as 2 %.
    #[serde(with = "crate::fixed_point::thousandths")]
    pub percent: Option<i64>,
    /// The sum of the fixed fees, in hundredths of the currency's unit.
    #[serde(with = "crate::fixed_point::hundredths")]
    pub amount: Option<i64>,
    /// The currency of the fixed fees.
    pub currency: Option<Currency>,
}

//! What a sketch is made of.

use chrono::NaiveDate;
use domain::{
    Kind,
    places::Place,
    vocabulary::{Contract, Education, WorkingTime},
};

/// The fields that a sketch is made of.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields of `Opportunity` of the same names")]
pub struct Listing<'a> {
    pub source: &'a str,
    pub kind: Kind,
    pub title: &'a str,
    pub organization: Option<&'a str>,
    pub description: Option<&'a str>,
    pub places: &'a [Place],
    /// Lowest and highest amount, in hundredths.
    pub amount: Option<(i64, i64)>,
    /// The code of its period.
    pub amount_period: Option<&'a str>,
    pub education: Option<Education>,
    pub experience_months: Option<u16>,
    pub contracts: &'a [Contract],
    pub working_time: &'a [WorkingTime],
    pub occupation: Option<&'a str>,
    pub emails: &'a [String],
    pub phones: &'a [String],
    pub posted_on: Option<NaiveDate>,
    /// Last day to answer; of a program without one the day it ends.
    pub closes_on: Option<NaiveDate>,
    pub starts_on: Option<NaiveDate>,
}

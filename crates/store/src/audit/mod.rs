//! The audit: is a run plausible next to earlier runs of its source?
//!
//! Nothing is tuned for a source. Its own published runs show how many records it has, how often each field is filled,
//! how much changes from run to run, and how far all that varies. A run that lies farther out is held until an operator
//! decides.
//!
//! - [`gather`] loads the rows of the run and the published ones.
//! - [`measure`] turns them into named numbers.
//! - [`judge`] compares the numbers with those of earlier runs.
//! - [`absence`] says whether a list lacks more than usual: then one run alone closes nothing.

mod absence;
mod gather;
mod judge;
mod measure;
mod statistics;

pub(crate) use gather::{Absent, Audit, Scope, absent, audit};

//! The audit: is what a run read plausible beside the runs of its source before it?
//!
//! Nothing is tuned for a source. Its own published runs say how much it shows, how often each field is filled, how much of what is
//! known changes from run to run, and how far all that swings. A run that lies farther out is held: an operator looks at it before
//! anybody is served by it.
//!
//! - [`gather`] reads the rows of the run, as they would be served, beside the rows that are served.
//! - [`measure`] turns them into numbers with names.
//! - [`judge`] compares the numbers with those of earlier runs.

mod gather;
mod judge;
mod measure;
mod statistics;

pub(crate) use gather::{Scope, audit};

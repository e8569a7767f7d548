//! The pool: apalis runs the jobs, PostgreSQL holds them.
//!
//! apalis provides the worker loop, a task for each job, events, and a stop that waits for running jobs. The backend below it is
//! ours, over `queue.jobs`. docs/decisions/0002-queue.md lists which parts of apalis are used.

mod backend;
mod permits;
mod pool;
mod takeover;

pub(crate) use backend::ClaimedJob;
pub(crate) use permits::Permits;
pub(crate) use pool::{Pool, Stop};

//! The pool: apalis runs the jobs, PostgreSQL holds them.
//!
//! apalis gives the worker loop, its events and its shutdown; the
//! backend below it is ours, over `queue.jobs` (docs/decisions/0002-queue.md).

mod backend;
mod pool;

pub(crate) use backend::ClaimedJob;
pub(crate) use pool::{Pool, Stop};

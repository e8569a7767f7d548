//! The pool: apalis runs the jobs, PostgreSQL holds them.
//!
//! apalis gives the worker loop, a task for each job, events, and a stop that waits for what runs. The backend below it is
//! ours, over `queue.jobs`. docs/decisions/0002-queue.md says what of apalis is used and what is not.

mod backend;
mod pool;

pub(crate) use backend::ClaimedJob;
pub(crate) use pool::{Pool, Stop};

//! The queue: work to do, over `queue.jobs`.
//!
//! A job is a row. A worker claims it under a [`Lease`], keeps the lease alive, and ends it in the
//! transaction of the job's effect: the row is deleted where the rows it wrote appear. A lease that ran out
//! is given to another worker, and every write names its lease, so the first one, should it wake up,
//! changes nothing.

mod claim;
mod settle;
mod workers;

pub use claim::{Job, Wakeups};
pub use settle::Lease;
pub use workers::WorkerId;

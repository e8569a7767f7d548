//! The queue: the jobs of the pool, over the schema `queue`.
//!
//! A job is a row of `queue.jobs`. A worker claims it under a [`Lease`] and extends the lease by heartbeats. It ends the
//! job in the transaction of the job's effect: the row is deleted when the rows that the job wrote appear. Once a lease
//! has expired, another worker gets the job. Every write names its lease, so the first worker changes nothing if it wakes up late.
//!
//! The queue does not know what a job is about. Its methods are whole transactions; only a [`Lease`] and the reaper
//! ([`Orphans`]) act within the transaction of their caller, who knows what follows from a job that is given up.

mod claim;
mod error;
mod overview;
mod settle;
mod text;
mod workers;

use sqlx::PgPool;

pub use claim::{Job, Wakeups};
pub use error::{QueueError, is_away};
pub use overview::{DeadLetter, QueueDepth, WorkerRow};
pub use settle::Lease;
pub use text::{storable, storable_json};
pub use workers::{Orphans, WorkerId};

/// The queue of one database. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Queue {
    pool: PgPool,
}

impl Queue {
    /// Returns the queue of the database that `pool` is connected to.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

//! The rights to run jobs: many jobs may wait for partners, and few may work.
//!
//! A job that waits for an answer needs a connection and a little memory, so partners that never answer must not take the
//! permits of the others. What comes after the answer (parsing, committing) needs cores and connections to the database.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One permit for waiting in so many is for a lane without a running job.
const RESERVED: usize = 4;

/// The permits of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Permits {
    work: Arc<Semaphore>,
    fetches: Arc<Semaphore>,
    most_fetches: usize,
}

impl Permits {
    /// Returns as many as the configuration says, at least one of each.
    pub(crate) fn new(concurrency: usize, fetches: usize) -> Self {
        let most_fetches = fetches.clamp(1, Semaphore::MAX_PERMITS);
        let work = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            work: Arc::new(Semaphore::new(work)),
            fetches: Arc::new(Semaphore::new(most_fetches)),
            most_fetches,
        }
    }

    /// Waits until a job whose answer has come may work on it.
    pub(crate) async fn work(&self) -> anyhow::Result<OwnedSemaphorePermit> {
        Arc::clone(&self.work).acquire_owned().await.context("the permits are closed")
    }

    /// Returns the permits of the jobs that work.
    pub(super) fn of_work(&self) -> Arc<Semaphore> {
        Arc::clone(&self.work)
    }

    /// Returns the permits of the jobs that wait for partners.
    pub(super) fn of_fetches(&self) -> Arc<Semaphore> {
        Arc::clone(&self.fetches)
    }

    /// Returns how many jobs to claim while so many permits for waiting are free, and the most that a lane may have then. The
    /// last permits are for lanes without a running job: however many jobs of some sources hang, another source can begin.
    pub(super) fn share(&self, free: usize) -> (usize, Option<i64>) {
        let reserved = self.most_fetches / RESERVED;
        match free.checked_sub(reserved) {
            None | Some(0) => (free, Some(1)),
            Some(left) => (left, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_permits_are_for_lanes_of_which_nothing_runs() {
        let many = Permits::new(16, 256);
        assert_eq!((many.share(256), many.share(65)), ((192, None), (1, None)));
        assert_eq!((many.share(64), many.share(1)), ((64, Some(1)), (1, Some(1))));
        assert_eq!(Permits::new(1, 1).share(1), (1, None), "the only permit is anybody's");
    }

    #[tokio::test]
    async fn jobs_that_wait_take_no_permit_of_those_that_work() {
        let few = Permits::new(0, 3);
        let waiting = few.of_fetches().acquire_many_owned(3).await.unwrap();
        let working = few.work().await.unwrap();
        assert!(few.of_work().try_acquire_owned().is_err(), "there is one, although none was configured");
        drop((waiting, working));
    }
}

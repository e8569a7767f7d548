//! The limit of this process, in front of the pool's.
//!
//! The pool's budget is exact. This limit keeps a process from asking the budget more often than the budget could grant, and
//! holds even if a budget is wrong. It also remembers the pauses that partners request, because a slot that was reserved before
//! a pause may fall into it.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock as _};

/// Requests that may leave together after a pause. The jobs of a worker ask at the same time, and the pool's budget spaces them.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(7);

/// One limiter for each partner and interval, and one pause for each partner.
#[derive(Debug, Default)]
pub(crate) struct ProcessLimiter {
    limiters: Mutex<HashMap<(String, Duration), Arc<DefaultDirectRateLimiter>>>,
    held: Mutex<HashMap<String, Instant>>,
    /// The interval of the pool's budget, where it was shorter than that of the partner's rate when it was last asked.
    shorter: Mutex<HashMap<String, Duration>>,
}

impl ProcessLimiter {
    /// Waits until this process may reserve another slot of the partner. If that is further away than `max_wait`, returns
    /// how far.
    pub(crate) async fn ready(
        &self,
        slug: &str,
        interval: Duration,
        max_wait: Duration,
    ) -> Result<(), Duration> {
        let shorter = self.shorter.lock().unwrap_or_else(PoisonError::into_inner).get(slug).copied();
        let interval = shorter.map_or(interval, |shorter| shorter.min(interval));
        let Some(limiter) = self.limiter(slug, interval) else { return Ok(()) };
        let begun = Instant::now();
        // Somebody else may have been quicker when the wait is over.
        while let Err(not_yet) = limiter.check() {
            let wait = not_yet.wait_time_from(limiter.clock().now());
            if begun.elapsed().saturating_add(wait) > max_wait {
                return Err(wait);
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// Notes the interval of the pool's budget: this limit never lies below that of the pool.
    pub(crate) fn note(&self, slug: &str, interval: Duration) {
        self.shorter.lock().unwrap_or_else(PoisonError::into_inner).insert(slug.to_owned(), interval);
    }

    fn limiter(&self, slug: &str, interval: Duration) -> Option<Arc<DefaultDirectRateLimiter>> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (slug.to_owned(), interval);
        if let Some(known) = limiters.get(&key) {
            return Some(Arc::clone(known));
        }
        let quota = Quota::with_period(interval)?.allow_burst(BURST);
        let made = Arc::new(RateLimiter::direct(quota));
        limiters.insert(key, Arc::clone(&made));
        Some(made)
    }

    /// Lets nobody in this process send before `pause`, at most a day, is over.
    pub(crate) fn hold(&self, slug: &str, pause: Duration) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + pause;
        let known = held.entry(slug.to_owned()).or_insert(until);
        *known = (*known).max(until);
    }

    /// What is left of the pause; none where there is none.
    pub(crate) fn held(&self, slug: &str) -> Option<Duration> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held.get(slug)?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wait_that_is_too_long_is_told_and_costs_no_slot() {
        let process_limiter = ProcessLimiter::default();
        let hour = Duration::from_hours(1);
        for _ in 0..BURST.get() {
            assert_eq!(process_limiter.ready("fne", hour, Duration::ZERO).await, Ok(()));
        }
        for _ in 0..2 {
            let wait = process_limiter.ready("fne", hour, Duration::from_secs(1)).await.unwrap_err();
            assert!(wait > Duration::from_mins(59) && wait <= hour, "{wait:?}");
        }
        assert_eq!(
            process_limiter.ready("mc2", hour, Duration::ZERO).await,
            Ok(()),
            "another partner is not held up"
        );
    }

    #[test]
    fn a_pause_is_its_partners_alone_and_a_shorter_one_does_not_end_it() {
        let process_limiter = ProcessLimiter::default();
        process_limiter.hold("fne", Duration::from_mins(2));
        process_limiter.hold("fne", Duration::from_secs(1));
        assert!(process_limiter.held("fne").is_some_and(|left| left > Duration::from_mins(1)));
        assert_eq!(process_limiter.held("mc2"), None);
        process_limiter.hold("mc2", Duration::ZERO);
        assert_eq!(process_limiter.held("mc2"), None);
    }
}

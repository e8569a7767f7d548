//! The process's own limit, in front of the pool's.
//!
//! The pool's budget is exact; this one keeps a process from asking it more often than could ever be answered, and holds
//! should a budget be wrong.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Requests that may leave together after a pause: the hands of a pool come at once, the pool's budget spaces them.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(7);

/// One limiter a partner and interval.
#[derive(Debug, Default)]
pub(crate) struct Belt(Mutex<HashMap<(String, Duration), Arc<DefaultDirectRateLimiter>>>);

impl Belt {
    /// Waits until this process may ask for another slot of the partner.
    pub(crate) async fn ready(&self, slug: &str, interval: Duration) {
        if let Some(limiter) = self.limiter(slug, interval) {
            limiter.until_ready().await;
        }
    }

    fn limiter(&self, slug: &str, interval: Duration) -> Option<Arc<DefaultDirectRateLimiter>> {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (slug.to_owned(), interval);
        if let Some(known) = limiters.get(&key) {
            return Some(Arc::clone(known));
        }
        let quota = Quota::with_period(interval)?.allow_burst(BURST);
        let made = Arc::new(RateLimiter::direct(quota));
        limiters.insert(key, Arc::clone(&made));
        Some(made)
    }
}

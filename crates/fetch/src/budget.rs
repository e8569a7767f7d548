//! Who may send, and when.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

/// The answer to a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// A slot is ours: wait so long, then send.
    After(Duration),
    /// Nothing was reserved: the next slot is so far away, which is more than was asked for.
    TooLong(Duration),
}

/// A budget that could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the request budget does not answer")]
pub struct BudgetError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl BudgetError {
    /// Wraps the cause.
    pub fn new(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(cause))
    }
}

/// Slots of requests, shared by everybody who asks the same partner.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Reserves the next slot of `key`, slots being `interval` apart, unless it is more than `max_wait` away.
    async fn reserve(&self, key: &str, interval: Duration, max_wait: Duration)
    -> Result<Permit, BudgetError>;

    /// Lets nobody send before `pause` is over.
    async fn hold(&self, key: &str, pause: Duration) -> Result<(), BudgetError>;
}

/// The budget of one process alone: for previews, which touch no database.
#[derive(Debug, Default)]
pub struct LocalBudget(Mutex<HashMap<String, Instant>>);

impl LocalBudget {
    /// An unused budget.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Budget for LocalBudget {
    async fn reserve(
        &self,
        key: &str,
        interval: Duration,
        max_wait: Duration,
    ) -> Result<Permit, BudgetError> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let next = slots.entry(key.to_owned()).or_insert(now);
        let slot = (*next).max(now);
        let wait = slot - now;
        if wait > max_wait {
            return Ok(Permit::TooLong(wait));
        }
        *next = slot + interval;
        Ok(Permit::After(wait))
    }

    async fn hold(&self, key: &str, pause: Duration) -> Result<(), BudgetError> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + pause;
        let next = slots.entry(key.to_owned()).or_insert(until);
        *next = (*next).max(until);
        Ok(())
    }
}

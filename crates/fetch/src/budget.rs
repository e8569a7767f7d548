//! Who may send, and when.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::{HostFailure, Turn, Why};

/// The answer to a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permit {
    /// A slot is ours: wait so long, then send.
    After(Duration),
    /// The same, if [`Budget::stands`] says so of this ticket when the wait is over.
    Unless(Duration, Ticket),
    /// Nothing was reserved: the next slot is so far away, which is more than was asked for.
    TooLong(Duration),
    /// Nothing was reserved: the partner is left alone for that long.
    Resting(Duration, Why),
    /// Nothing may be asked for now, for this reason.
    Refused(String),
}

/// A reserved slot that may become void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// What the budget knows it by.
    pub number: i32,
    /// The time between two slots that is in force.
    pub interval: Duration,
}

/// How far slots lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// As the rate of the partner says. A budget may know another rate.
    pub interval: Duration,
    /// The least, whatever the rate: the pause of robots.txt.
    pub at_least: Duration,
}

impl Pace {
    /// A pace without a pause of robots.txt.
    pub fn of(interval: Duration) -> Self {
        Self { interval, at_least: Duration::ZERO }
    }

    /// Returns the time between two slots, for a budget that knows no other rate.
    pub fn spacing(self) -> Duration {
        self.interval.max(self.at_least)
    }
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
    /// Reserves the next slot of `key` at this pace, unless it is more than `max_wait` away.
    async fn reserve(&self, key: &str, pace: Pace, max_wait: Duration) -> Result<Permit, BudgetError>;

    /// Returns whether a reserved slot is still good.
    async fn stands(&self, _key: &str, _ticket: Ticket) -> Result<bool, BudgetError> {
        Ok(true)
    }

    /// Notes an answer: how long it took to begin, and whether the partner says that it is overloaded.
    async fn measured(&self, _key: &str, _latency: Duration, _is_overload: bool) -> Result<(), BudgetError> {
        Ok(())
    }

    /// Lets nobody send before `pause`, at most a day, is over.
    async fn hold(&self, key: &str, pause: Duration) -> Result<(), BudgetError>;

    /// Returns whether a request to the host may leave now. If the host rests, one request at a time may, for at most `lease`.
    async fn turn(&self, _host: &str, _lease: Duration) -> Result<Turn, BudgetError> {
        Ok(Turn::Free)
    }

    /// Notes that a host failed. Returns whether it rests now.
    async fn failed(&self, _host: &str, _failure: HostFailure) -> Result<bool, BudgetError> {
        Ok(false)
    }

    /// Notes that a host answers.
    async fn answered(&self, _host: &str) -> Result<(), BudgetError> {
        Ok(())
    }
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
    async fn reserve(&self, key: &str, pace: Pace, max_wait: Duration) -> Result<Permit, BudgetError> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let next = slots.entry(key.to_owned()).or_insert(now);
        let slot = (*next).max(now);
        let wait = slot - now;
        if wait > max_wait {
            return Ok(Permit::TooLong(wait));
        }
        *next = slot + pace.spacing();
        Ok(Permit::After(wait))
    }

    async fn hold(&self, key: &str, pause: Duration) -> Result<(), BudgetError> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + pause.min(Duration::from_hours(24));
        let next = slots.entry(key.to_owned()).or_insert(until);
        *next = (*next).max(until);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn slots_are_an_interval_apart_and_a_far_one_is_not_taken() {
        let budget = LocalBudget::new();
        let ask = |key: &'static str| budget.reserve(key, Pace::of(10 * SECOND), 15 * SECOND);
        assert_eq!(ask("fne").await.unwrap(), Permit::After(Duration::ZERO));
        let Permit::After(second) = ask("fne").await.unwrap() else { panic!("the second slot is near") };
        assert!(second > 9 * SECOND && second <= 10 * SECOND, "{second:?}");
        for _ in 0..2 {
            let Permit::TooLong(third) = ask("fne").await.unwrap() else { panic!("the third slot is far") };
            assert!(third > 19 * SECOND && third <= 20 * SECOND, "{third:?}");
        }
        assert_eq!(
            ask("mc2").await.unwrap(),
            Permit::After(Duration::ZERO),
            "another partner is not held up"
        );
    }

    #[tokio::test]
    async fn a_pause_of_any_length_holds_and_a_shorter_one_does_not_end_it() {
        let budget = LocalBudget::new();
        budget.hold("fne", Duration::MAX).await.unwrap();
        budget.hold("fne", SECOND).await.unwrap();
        let Permit::TooLong(left) = budget.reserve("fne", Pace::of(SECOND), SECOND).await.unwrap() else {
            panic!()
        };
        assert!(left > Duration::from_hours(23) && left <= Duration::from_hours(24), "{left:?}");
    }
}

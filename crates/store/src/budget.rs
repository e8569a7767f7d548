//! The rate of each partner, shared by all workers.

use std::time::Duration;

use crate::{Store, StoreError, error::Doing as _};

impl Store {
    /// Reserves the next slot of `key`. Slots lie `interval` apart, or as far as the rate that an operator set, and never less
    /// than `at_least`, for all workers together. A slot more than `max_wait` away is not reserved.
    pub async fn reserve_slot(
        &self,
        key: &str,
        (interval, at_least): (Duration, Duration),
        max_wait: Duration,
    ) -> Result<Slot, StoreError> {
        let row = sqlx::query!(
            "SELECT wait, pace, stub, refusal, resting FROM ingest.reserve_slot($1, $2, $3, $4)",
            key,
            interval.as_secs_f64(),
            at_least.as_secs_f64(),
            max_wait.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await
        .doing("reserve a request to a partner")?;
        if let Some(why) = row.refusal {
            return Ok(Slot::Held(why));
        }
        let seconds = row.wait.unwrap_or_default();
        let wait = Duration::try_from_secs_f64(seconds.abs()).unwrap_or(max_wait);
        if let Some(why) = row.resting {
            return Ok(Slot::Resting { wait, is_quiet: why == "quiet" });
        }
        Ok(match row.stub {
            Some(ticket) if seconds >= 0.0 => {
                let interval = row.pace.and_then(|pace| Duration::try_from_secs_f64(pace).ok());
                Slot::Reserved { wait, interval: interval.unwrap_or(at_least), ticket }
            }
            _ => Slot::TooFar(wait),
        })
    }

    /// Returns whether a reserved slot is still good: nobody has paused the source or changed its rate since.
    pub async fn slot_stands(&self, key: &str, ticket: i32) -> Result<bool, StoreError> {
        sqlx::query_scalar!(r#"SELECT ingest.slot_stands($1, $2) AS "stands!""#, key, ticket)
            .fetch_one(&self.pool)
            .await
            .doing("look at a reserved request to a partner")
    }

    /// Blocks all requests to `key` until `pause` is over, as a partner's `Retry-After` demands.
    pub async fn hold_slots(&self, key: &str, pause: Duration) -> Result<(), StoreError> {
        sqlx::query!("SELECT ingest.hold_slots($1, $2)", key, pause.as_secs_f64())
            .execute(&self.pool)
            .await
            .map(drop)
            .doing("hold the requests to a partner")
    }

    /// Notes an answer of a source: how long it took to begin, and whether the source says that it is overloaded. All workers
    /// then send less, or a little more again.
    pub async fn note_answer(
        &self,
        key: &str,
        latency: Duration,
        is_overload: bool,
    ) -> Result<(), StoreError> {
        sqlx::query!("SELECT ingest.note_answer($1, $2, $3)", key, latency.as_secs_f64(), is_overload)
            .execute(&self.pool)
            .await
            .map(drop)
            .doing("note how a source answers")
    }
}

/// The answer to a reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// A slot is reserved: send the request after `wait`, if the slot still stands then.
    Reserved {
        /// The time until the slot.
        wait: Duration,
        /// The time between two slots in force.
        interval: Duration,
        /// What tells whether the slot still stands.
        ticket: i32,
    },
    /// Nothing was reserved: the next slot is so far away.
    TooFar(Duration),
    /// Nothing was reserved: the source file lets nothing be requested for that long.
    Resting {
        /// The time until the next request may leave.
        wait: Duration,
        /// Whether quiet hours say so; otherwise the limit of the day.
        is_quiet: bool,
    },
    /// Nothing may be requested from the source, for this reason.
    Held(String),
}

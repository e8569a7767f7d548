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
        let key = key.to_owned();
        let slots = self.reserve_slots(&[SlotWanted { key, interval, at_least, max_wait }]).await?;
        slots.into_iter().next().ok_or_else(StoreError::broke_off)
    }

    /// Reserves a slot for each request, in their order, in one statement.
    pub async fn reserve_slots(&self, wanted: &[SlotWanted]) -> Result<Vec<Slot>, StoreError> {
        let seconds = |of: fn(&SlotWanted) -> Duration| -> Vec<f64> {
            wanted.iter().map(|wanted| of(wanted).as_secs_f64()).collect()
        };
        let keys: Vec<String> = wanted.iter().map(|wanted| wanted.key.clone()).collect();
        // In the order of the keys, statements of several workers wait for each other instead of deadlocking.
        let rows = sqlx::query!(
            r#"SELECT w.place AS "place!", s.wait, s.pace, s.stub, s.refusal, s.resting
                 FROM (SELECT * FROM unnest($1::text[], $2::float8[], $3::float8[], $4::float8[])
                              WITH ORDINALITY AS w (key, asked, at_least, max_wait, place) ORDER BY key, place OFFSET 0) w,
                      LATERAL ingest.reserve_slot(w.key, w.asked, w.at_least, w.max_wait) s"#,
            &keys,
            &seconds(|wanted| wanted.interval),
            &seconds(|wanted| wanted.at_least),
            &seconds(|wanted| wanted.max_wait)
        )
        .fetch_all(&self.pool)
        .await
        .doing("reserve a request to a partner")?;
        let mut slots = vec![Slot::TooFar(Duration::ZERO); wanted.len()];
        for row in rows {
            let place = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
            if let (Some(slot), Some(wanted)) = (slots.get_mut(place), wanted.get(place)) {
                *slot = wanted.slot((row.wait, row.pace, row.stub), row.refusal, row.resting.as_deref());
            }
        }
        Ok(slots)
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

    /// Notes answers of sources: how long each took to begin, and whether the source says that it is overloaded. All workers
    /// then send less, or a little more again.
    pub async fn note_answers(&self, answers: &[AnswerNoted]) -> Result<(), StoreError> {
        sqlx::query!(
            "SELECT ingest.note_answer(key, latency, is_overload)
               FROM (SELECT * FROM unnest($1::text[], $2::float8[], $3::boolean[])
                            WITH ORDINALITY AS a (key, latency, is_overload, place) ORDER BY key, place OFFSET 0) a",
            &answers.iter().map(|answer| answer.key.clone()).collect::<Vec<_>>(),
            &answers.iter().map(|answer| answer.latency.as_secs_f64()).collect::<Vec<_>>(),
            &answers.iter().map(|answer| answer.is_overload).collect::<Vec<_>>()
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("note how a source answers")
    }
}

/// A request for a slot.
#[derive(Debug, Clone)]
pub struct SlotWanted {
    /// Whose slot: the source.
    pub key: String,
    /// The time between slots that the source file allows.
    pub interval: Duration,
    /// The least time between slots, whatever an operator set.
    pub at_least: Duration,
    /// The longest wait for the slot.
    pub max_wait: Duration,
}

impl SlotWanted {
    /// The answer of `ingest.reserve_slot`, with its numbers in seconds.
    fn slot(
        &self,
        (wait, pace, ticket): (Option<f64>, Option<f64>, Option<i32>),
        refusal: Option<String>,
        resting: Option<&str>,
    ) -> Slot {
        if let Some(why) = refusal {
            return Slot::Held(why);
        }
        let seconds = wait.unwrap_or_default();
        let wait = Duration::try_from_secs_f64(seconds.abs()).unwrap_or(self.max_wait);
        if let Some(why) = resting {
            return Slot::Resting { wait, is_quiet: why == "quiet" };
        }
        match ticket {
            Some(ticket) if seconds >= 0.0 => {
                let interval = pace.and_then(|pace| Duration::try_from_secs_f64(pace).ok());
                Slot::Reserved { wait, interval: interval.unwrap_or(self.at_least), ticket }
            }
            _ => Slot::TooFar(wait),
        }
    }
}

/// An answer of a source.
#[derive(Debug, Clone)]
pub struct AnswerNoted {
    /// The source.
    pub key: String,
    /// The time until it began.
    pub latency: Duration,
    /// Whether the source says that it is overloaded.
    pub is_overload: bool,
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

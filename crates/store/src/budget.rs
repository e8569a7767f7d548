//! The rate of each partner, shared by all workers.

use std::time::Duration;

use crate::{Store, StoreError, error::Doing as _};

impl Store {
    /// Reserves the next slot of `key`. Slots lie `interval` apart, for all workers together.
    ///
    /// `Ok(Ok(wait))`: the slot is reserved; send the request after `wait`. `Ok(Err(wait))`: nothing was reserved,
    /// because the next slot is `wait` away, and that is more than `max_wait`.
    pub async fn reserve_slot(
        &self,
        key: &str,
        interval: Duration,
        max_wait: Duration,
    ) -> Result<Result<Duration, Duration>, StoreError> {
        let seconds = sqlx::query_scalar!(
            r#"SELECT ingest.reserve_slot($1, $2, $3) AS "seconds!""#,
            key,
            interval.as_secs_f64(),
            max_wait.as_secs_f64()
        )
        .fetch_one(&self.pool)
        .await
        .doing("reserve a request to a partner")?;
        let wait = Duration::try_from_secs_f64(seconds.abs()).unwrap_or(max_wait);
        Ok(if seconds < 0.0 { Err(wait) } else { Ok(wait) })
    }

    /// Blocks all requests to `key` until `pause` is over, as a partner's `Retry-After` demands.
    pub async fn hold_slots(&self, key: &str, pause: Duration) -> Result<(), StoreError> {
        sqlx::query!("SELECT ingest.hold_slots($1, $2)", key, pause.as_secs_f64())
            .execute(&self.pool)
            .await
            .map(drop)
            .doing("hold the requests to a partner")
    }
}

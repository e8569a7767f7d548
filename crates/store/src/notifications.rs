//! Messages to people that wait to be sent. Whoever sends one claims it first, so that it is sent once; one whose sender dies is sent
//! by another some minutes later.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, Transaction};

use crate::{Channel, Notice, Store, StoreError, error::Doing as _};

/// A message to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// One line.
    pub title: String,
    /// All of it, as plain text.
    pub text: String,
    /// The same as HTML; none: the text alone.
    pub html: Option<String>,
}

/// A message on its way.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Its number.
    pub id: i64,
    /// How it goes.
    pub channel: Channel,
    /// What it says.
    pub message: Message,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

/// How the messages of a channel are.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChannelState {
    /// The channel.
    pub channel: Channel,
    /// Messages that wait.
    pub waiting: i64,
    /// Messages that were given up in the last week.
    pub given_up: i64,
    /// Messages that were sent, as far as they are kept.
    pub sent: i64,
    /// When the last one was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why the newest one that is not sent could not be.
    pub error: Option<String>,
}

/// Seconds after which a message whose sender died is tried again. Sending takes half a minute at most.
const LEASE: f64 = 120.0;
/// The action that failed, for the errors of this file.
const WHAT: &str = "send a message";

/// Writes a message in the transaction of its cause.
pub(crate) async fn enqueue(
    tx: &mut Transaction<'_, Postgres>,
    alert: Option<i64>,
    notice: Notice,
    channel: Channel,
    message: &Message,
) -> Result<i64, StoreError> {
    sqlx::query_scalar!(
        "INSERT INTO ingest.notifications (alert, event, channel, message) VALUES ($1, $2, $3, $4) RETURNING id",
        alert,
        notice.as_str(),
        channel.as_str(),
        serde_json::json!(message)
    )
    .fetch_one(&mut **tx)
    .await
    .doing("enter a message")
}

impl Store {
    /// Enters a message that belongs to no alert. Returns its numbers, one for each channel.
    pub async fn enter_message(
        &self,
        notice: Notice,
        channels: &[Channel],
        message: &Message,
    ) -> Result<Vec<i64>, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let mut ids = Vec::new();
        for channel in channels {
            ids.push(enqueue(&mut tx, None, notice, *channel, message).await?);
        }
        tx.commit().await.doing(WHAT)?;
        Ok(ids)
    }

    /// The same once a tick of the timetable. Returns whether this call did.
    pub async fn enter_digest(
        &self,
        entry: &str,
        at: DateTime<Utc>,
        channels: &[Channel],
        message: &Message,
    ) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let moved =
            sqlx::query!("UPDATE ingest.ticks SET last = $2 WHERE entry = $1 AND last < $2", entry, at)
                .execute(&mut *tx)
                .await
                .doing(WHAT)?;
        if moved.rows_affected() == 0 {
            return Ok(false);
        }
        for channel in channels {
            enqueue(&mut tx, None, Notice::Digest, *channel, message).await?;
        }
        tx.commit().await.doing(WHAT)?;
        Ok(true)
    }

    /// Claims messages that are due, the oldest first, or those with these numbers. One that could not be sent for a day is given up.
    pub async fn claim_messages(
        &self,
        channels: &[Channel],
        only: Option<&[i64]>,
    ) -> Result<Vec<Notification>, StoreError> {
        let channels: Vec<String> = channels.iter().map(Channel::to_string).collect();
        let rows = sqlx::query!(
            r#"UPDATE ingest.notifications SET attempts = attempts + 1, next_try = clock_timestamp() + make_interval(secs => $2)
                WHERE id IN (SELECT n.id FROM ingest.notifications n
                              WHERE n.sent_at IS NULL AND n.next_try <= clock_timestamp() AND n.at > now() - interval '1 day'
                                AND n.channel = ANY ($1) AND ($3::bigint[] IS NULL OR n.id = ANY ($3))
                              ORDER BY n.id LIMIT 10 FOR UPDATE SKIP LOCKED)
            RETURNING id, channel AS "channel: Channel", message, attempts"#,
            &channels,
            LEASE,
            only
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        let mut claimed = Vec::new();
        for row in rows {
            let message = serde_json::from_value(row.message.clone())
                .map_err(|_| StoreError::stored("ingest.notifications.message", &row.message))?;
            claimed.push(Notification { id: row.id, channel: row.channel, message, attempts: row.attempts });
        }
        claimed.sort_by_key(|notification| notification.id);
        Ok(claimed)
    }

    /// Notes that a message was sent.
    pub async fn message_sent(&self, id: i64) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE ingest.notifications SET sent_at = clock_timestamp(), error = NULL WHERE id = $1",
            id
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing(WHAT)
    }

    /// Notes why a message could not be sent, and when it is tried again. `why` has no address and no secret.
    pub async fn message_failed(&self, id: i64, why: &str, pause: f64) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE ingest.notifications SET error = left($2, 500), next_try = clock_timestamp() + make_interval(secs => $3) WHERE id = $1",
            id,
            why,
            pause
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing(WHAT)
    }

    /// Returns how the messages of each channel are that ever had one.
    pub async fn channel_states(&self) -> Result<Vec<ChannelState>, StoreError> {
        sqlx::query_as!(
            ChannelState,
            r#"SELECT channel AS "channel: Channel",
                      count(*) FILTER (WHERE sent_at IS NULL AND at > now() - interval '1 day') AS "waiting!",
                      count(*) FILTER (WHERE sent_at IS NULL AND at <= now() - interval '1 day' AND at > now() - interval '8 days') AS "given_up!",
                      count(sent_at) AS "sent!", max(sent_at) AS sent_at,
                      (array_agg(error ORDER BY id DESC) FILTER (WHERE error IS NOT NULL AND sent_at IS NULL))[1] AS error
                 FROM ingest.notifications GROUP BY channel ORDER BY channel"#
        )
        .fetch_all(&self.pool)
        .await
        .doing("count the messages")
    }
}

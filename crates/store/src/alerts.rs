//! Alerts: what is wrong, once for each kind and subject, and to whom it was reported.
//!
//! One transaction compares what a worker found with what is known, and writes the messages that follow. So several workers report one
//! thing once, and a worker that dies leaves no message half noted.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, Transaction};

use crate::{
    AlertKind, Channel, Message, Notice, Store, StoreError, error::Doing as _, notifications::enqueue,
};

/// Something that is wrong.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What it is about.
    pub kind: AlertKind,
    /// The source, run, index or host.
    pub subject: String,
    /// The source that it is about; none if it is about no single one.
    pub source: Option<String>,
    /// Figures for the message.
    pub facts: Value,
}

/// Something that is or was wrong.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Alert {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub kind: AlertKind,
    /// The source, run, index or host.
    pub subject: String,
    /// The source that it is about.
    pub source: Option<String>,
    /// Figures for the message.
    #[schema(value_type = Object)]
    pub facts: Value,
    /// Since when.
    pub began_at: DateTime<Utc>,
    /// When it was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was last reported.
    pub notified_at: Option<DateTime<Utc>>,
    /// Whether a silence keeps it back.
    pub is_silenced: bool,
}

/// How alerts are reported.
#[derive(Debug, Clone)]
pub struct Routing {
    /// Where messages go. Without any, alerts are only listed.
    pub channels: Vec<Channel>,
    /// Hours after which something that is still wrong is reported again.
    pub remind_hours: i32,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "note what is wrong";

impl Store {
    /// Returns whether it is time to look for what is wrong: at most once in so many seconds in the whole pool.
    pub async fn is_time_to_look(&self, seconds: f64) -> Result<bool, StoreError> {
        let moved = sqlx::query!(
            "INSERT INTO ingest.ticks AS t (entry, last) VALUES ('alerts:look', clock_timestamp())
             ON CONFLICT (entry) DO UPDATE SET last = excluded.last WHERE t.last <= excluded.last - make_interval(secs => $1)",
            seconds
        )
        .execute(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(moved.rows_affected() > 0)
    }

    /// Compares what was found with what is known: opens and ends alerts, and writes the messages that follow. `word` words a message.
    /// Returns how many messages there are for each channel.
    pub async fn note_alerts(
        &self,
        found: &[Finding],
        routing: &Routing,
        word: impl Fn(&Alert, Notice) -> Message + Send,
    ) -> Result<usize, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        sqlx::query("SELECT pg_advisory_xact_lock(7262347)").execute(&mut *tx).await.doing(WHAT)?;
        compare(&mut tx, found).await?;
        let due = due(&mut tx, routing.remind_hours).await?;
        let due = if routing.channels.is_empty() { Vec::new() } else { due };
        for (alert, notice) in &due {
            let message = word(alert, *notice);
            for channel in &routing.channels {
                enqueue(&mut tx, Some(alert.id), *notice, *channel, &message).await?;
            }
            sqlx::query!(
                "UPDATE ingest.alerts SET notified_at = clock_timestamp(), closed_at = CASE WHEN ended_at IS NOT NULL THEN clock_timestamp() END
                  WHERE id = $1",
                alert.id
            )
            .execute(&mut *tx)
            .await
            .doing(WHAT)?;
        }
        tx.commit().await.doing(WHAT)?;
        Ok(due.len())
    }

    /// Returns what is wrong now and, if `past`, also the newest of what was; the newest first.
    pub async fn alerts(&self, past: bool, limit: i64) -> Result<Vec<Alert>, StoreError> {
        sqlx::query_as!(
            Alert,
            r#"SELECT a.id, a.kind AS "kind: AlertKind", a.subject, a.source, a.facts, a.began_at, a.ended_at, a.notified_at,
                      EXISTS (SELECT FROM ingest.silences s WHERE s.ended_at IS NULL AND s.until > now()
                                 AND (s.source IS NULL OR s.source = a.source)) AS "is_silenced!"
                 FROM ingest.alerts a WHERE a.ended_at IS NULL OR $1
                ORDER BY a.ended_at IS NOT NULL, a.id DESC LIMIT $2"#,
            past,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("list alerts")
    }
}

async fn compare(tx: &mut Transaction<'_, Postgres>, found: &[Finding]) -> Result<(), StoreError> {
    let kinds: Vec<String> = found.iter().map(|finding| finding.kind.to_string()).collect();
    let subjects: Vec<String> = found.iter().map(|finding| finding.subject.clone()).collect();
    for finding in found {
        sqlx::query!(
            "INSERT INTO ingest.alerts AS a (kind, subject, source, facts) VALUES ($1, $2, $3, $4)
             ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO UPDATE SET facts = excluded.facts WHERE a.facts <> excluded.facts",
            finding.kind.as_str(),
            finding.subject,
            finding.source,
            finding.facts
        )
        .execute(&mut **tx)
        .await
        .doing(WHAT)?;
    }
    sqlx::query!(
        "UPDATE ingest.alerts SET ended_at = clock_timestamp()
          WHERE ended_at IS NULL AND NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS f (kind, subject)
                                                  WHERE f.kind = alerts.kind AND f.subject = alerts.subject)",
        &kinds,
        &subjects
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Returns what is to be reported, the oldest first: what began, what is still wrong, and what is over. What a silence keeps back waits.
async fn due(
    tx: &mut Transaction<'_, Postgres>,
    remind_hours: i32,
) -> Result<Vec<(Alert, Notice)>, StoreError> {
    let rows = sqlx::query_as!(
        Alert,
        r#"SELECT a.id, a.kind AS "kind: AlertKind", a.subject, a.source, a.facts, a.began_at, a.ended_at, a.notified_at, false AS "is_silenced!"
             FROM ingest.alerts a
            WHERE CASE WHEN a.ended_at IS NULL THEN a.notified_at IS NULL OR a.notified_at < now() - make_interval(hours => $1)
                       ELSE a.notified_at IS NOT NULL AND a.closed_at IS NULL END
              AND NOT EXISTS (SELECT FROM ingest.silences s WHERE s.ended_at IS NULL AND s.until > now()
                                 AND (s.source IS NULL OR s.source = a.source))
            ORDER BY a.id"#,
        remind_hours
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let notice = |alert: &Alert| match (alert.ended_at, alert.notified_at) {
        (Some(_), _) => Notice::Resolved,
        (None, None) => Notice::Begun,
        (None, Some(_)) => Notice::Reminder,
    };
    Ok(rows.into_iter().map(|alert| (notice(&alert), alert)).map(|(notice, alert)| (alert, notice)).collect())
}

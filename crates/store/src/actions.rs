//! The record of actions: what people and services did, by command, API or console.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Postgres, Transaction};

use crate::{Store, StoreError, error::Doing as _};

/// Something that somebody did.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ActionRow {
    /// Its number: a later action has a greater one.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the user of a command, or `token NAME`.
    pub by: String,
    /// What: `pause`, `publish`, …
    pub action: String,
    /// The source, run, dead letter, pair or token.
    pub subject: String,
    /// The reason that was given, or what it came to.
    pub detail: Option<String>,
}

/// Writes an action in the transaction that does it.
pub(crate) async fn record(
    tx: &mut Transaction<'_, Postgres>,
    by: &str,
    action: &str,
    subject: &str,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    let detail = detail.map(queue::storable);
    sqlx::query!(
        "INSERT INTO ingest.actions (by, action, subject, detail) VALUES ($1, $2, $3, left($4, 2000))",
        by,
        action,
        subject,
        detail.as_deref()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing("record an action")
}

impl Store {
    /// Returns actions, newest first: those with a number below `before`, or the newest ones. Also returns how many there are.
    pub async fn actions(
        &self,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<ActionRow>, i64), StoreError> {
        let what = "read the record of actions";
        let rows = sqlx::query_as!(
            ActionRow,
            "SELECT id, at, by, action, subject, detail FROM ingest.actions WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2",
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        let all = sqlx::query_scalar!(r#"SELECT count(*) AS "all!" FROM ingest.actions"#)
            .fetch_one(&self.pool)
            .await
            .doing(what)?;
        Ok((rows, all))
    }
}

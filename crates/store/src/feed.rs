//! The feed of changes: what services follow to keep a copy of the opportunities.
//!
//! Whatever changes an opportunity or its cluster announces it in the same transaction (`ingest.announce`), without a position.
//! Positions are given when the feed is read (`ingest.number_feed`): to everything that is committed by then. So they grow in the
//! order in which readers can see the changes, and a transaction that commits late gets later positions than what was read before.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Store, StoreError, error::Doing as _, served_rows::ServedRow};

/// An opportunity at a position of the feed.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FeedEntry {
    /// The position. Ask next for what comes after the last one.
    pub position: i64,
    /// The opportunity as it is now, open or closed.
    pub opportunity: ServedRow,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "read the feed of changes";

impl Store {
    /// Returns what changed after a position, oldest first, at most `limit`, and the position of the newest change. An opportunity that
    /// changed more than once in these entries is there once, at its last position. Fails with [`StoreError::Pruned`] if changes after
    /// `after` were removed because of their age: the reader may have missed some.
    pub async fn feed(&self, after: i64, limit: i64) -> Result<(Vec<FeedEntry>, i64), StoreError> {
        let head = sqlx::query_scalar!(r#"SELECT ingest.number_feed() AS "head!""#)
            .fetch_one(&self.pool)
            .await
            .doing(WHAT)?;
        let pruned_to = sqlx::query_scalar!("SELECT pruned_to FROM ingest.feed_head")
            .fetch_one(&self.pool)
            .await
            .doing(WHAT)?;
        if after < pruned_to {
            return Err(StoreError::Pruned { after, head });
        }
        // A group has at most 100 opportunities: the one that holds the next position begins at most 99 before it.
        let rows = sqlx::query!(
            r#"WITH entries AS (
                 SELECT f.position + u.at - 1 AS position, u.id
                   FROM ingest.feed f, unnest(f.opportunities) WITH ORDINALITY AS u(id, at)
                  WHERE f.position > $1::bigint - 100 AND f.position + u.at - 1 > $1 ORDER BY f.position, u.at LIMIT $2),
               last AS (SELECT max(e.position) AS position, e.id FROM entries e GROUP BY e.id)
               SELECT l.position AS "position!", to_jsonb(o) AS "row!"
                 FROM last l JOIN api.opportunities o ON o.id = l.id ORDER BY l.position"#,
            after,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)?;
        let entries = rows
            .into_iter()
            .map(|row| Ok(FeedEntry { position: row.position, opportunity: ServedRow::of(&row.row)? }));
        Ok((entries.collect::<Result<_, StoreError>>()?, head))
    }
}

/// Announces that the clusters of opportunities changed.
pub(crate) async fn announce(
    tx: &mut sqlx::Transaction<'_, sqlx::Postgres>,
    ids: &[Uuid],
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!("SELECT ingest.announce($1)", ids)
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing("announce changed clusters")
}

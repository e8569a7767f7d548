//! Which index searches go to, and which indexes are kept in step besides.

use std::time::Duration;

use crate::{
    Store, StoreError, TargetId, TargetState,
    error::Doing as _,
    failpoint::{Step, step},
};

/// The index that searches of a collection go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// The index.
    pub target: TargetId,
    /// Whether an operator chose it. Otherwise the index of the configured model follows as soon as it is filled.
    pub is_pinned: bool,
}

/// The actions that failed, for the errors of this file.
const LOOK: &str = "look which vector index is served";
const SERVE: &str = "serve another vector index";

impl Store {
    /// Returns the index that searches of a collection go to.
    pub async fn served(&self, collection: &str) -> Result<Option<Served>, StoreError> {
        let row = sqlx::query!("SELECT target, pinned FROM ingest.served WHERE collection = $1", collection)
            .fetch_optional(&self.pool)
            .await
            .doing(LOOK)?;
        Ok(row.map(|row| Served { target: TargetId(row.target), is_pinned: row.pinned }))
    }

    /// Lets searches of its collection go to an index. The one before is kept in step for a way back if `keeps` is set.
    pub async fn serve(&self, target: TargetId, is_pinned: bool, keeps: bool) -> Result<(), StoreError> {
        let serve = sqlx::query!(
            "WITH old AS (
               SELECT s.target FROM ingest.served s JOIN ingest.targets t ON t.id = $1 AND t.collection = s.collection),
             held AS (UPDATE ingest.targets SET kept = true WHERE $3 AND id IN (SELECT target FROM old) AND id <> $1)
             INSERT INTO ingest.served (collection, target, pinned) SELECT collection, id, $2 FROM ingest.targets WHERE id = $1
             ON CONFLICT (collection) DO UPDATE SET target = excluded.target, pinned = excluded.pinned,
                    since = CASE WHEN ingest.served.target = excluded.target THEN ingest.served.since ELSE now() END",
            target.0,
            is_pinned,
            keeps
        );
        step(Step::Serve, serve.execute(&self.pool)).await.map(drop).doing(SERVE)
    }

    /// Lets the index of the configured model be served: the first one, or instead of the present one once it is filled, unless an
    /// operator chose that. Of two workers with different models, the one that was given its model later is followed: `given` is how long ago that
    /// was. After a minute any of them is, because the other one may have ended. Returns whether it is served from now on.
    pub async fn follow(&self, target: TargetId, given: Duration) -> Result<bool, StoreError> {
        let served = sqlx::query_scalar!(
            r#"WITH filled AS (
                 SELECT id, collection FROM ingest.targets t
                  WHERE id = $1 AND collection IS NOT NULL AND failures = 0
                    AND (NOT EXISTS (SELECT FROM ingest.served s WHERE s.collection = t.collection)
                         OR NOT EXISTS (SELECT FROM ingest.outbox b WHERE b.target = t.id)
                            AND NOT EXISTS (SELECT FROM ingest.opportunities o WHERE o.status = 'open'
                                               AND NOT EXISTS (SELECT FROM ingest.embeddings e WHERE e.target = t.id AND e.opportunity = o.id))))
               INSERT INTO ingest.served AS s (collection, target, pinned) SELECT collection, id, false FROM filled
               ON CONFLICT (collection) DO UPDATE SET target = excluded.target, since = now()
                WHERE NOT s.pinned AND s.target <> excluded.target AND s.since <= now() - least(make_interval(secs => $2), interval '1 minute')
               RETURNING target AS "target!""#,
            target.0,
            given.as_secs_f64()
        )
        .fetch_optional(&self.pool)
        .await
        .doing(SERVE)?;
        Ok(served.is_some())
    }

    /// Ends the operator's choice of an index once the configuration names the same: from then on it is followed again.
    pub async fn unpin(&self, target: TargetId) -> Result<(), StoreError> {
        sqlx::query!("UPDATE ingest.served SET pinned = false WHERE target = $1 AND pinned", target.0)
            .execute(&self.pool)
            .await
            .map(drop)
            .doing(SERVE)
    }

    /// Lets workers keep an index in step whatever model they are configured with.
    pub async fn keep_target(&self, target: TargetId) -> Result<(), StoreError> {
        let kept =
            sqlx::query!("UPDATE ingest.targets SET kept = true, seen_at = now() WHERE id = $1", target.0);
        step(Step::KeepTarget, kept.execute(&self.pool)).await.map(drop).doing(SERVE)
    }

    /// Returns the indexes of a collection that workers keep in step whatever model they are configured with.
    pub async fn wanted_targets(&self, collection: &str) -> Result<Vec<TargetState>, StoreError> {
        let mut targets = self.targets().await?;
        targets.retain(|target| {
            target.collection.as_deref() == Some(collection) && (target.kept || target.is_served)
        });
        Ok(targets)
    }

    /// Removes an index from the database: its outbox, ledger, lanes and jobs. One that is served stays. Returns whether it is gone.
    pub async fn drop_target(&self, target: TargetId) -> Result<bool, StoreError> {
        let gone = sqlx::query_scalar!(
            r#"WITH old AS (
                 DELETE FROM ingest.targets t WHERE id = $1 AND NOT EXISTS (SELECT FROM ingest.served s WHERE s.target = t.id) RETURNING id),
               requests AS (DELETE FROM ingest.outbox WHERE target IN (SELECT id FROM old)),
               ledger AS (DELETE FROM ingest.embeddings WHERE target IN (SELECT id FROM old)),
               jobs AS (DELETE FROM queue.jobs WHERE lane IN (SELECT kind || id FROM old, unnest(ARRAY['embed:', 'verify:']) kind)),
               lanes AS (DELETE FROM queue.lanes WHERE lane IN (SELECT kind || id FROM old, unnest(ARRAY['embed:', 'verify:']) kind))
               SELECT id AS "id!" FROM old"#,
            target.0
        )
        .fetch_optional(&self.pool)
        .await
        .doing("drop a vector index")?;
        Ok(gone.is_some())
    }
}

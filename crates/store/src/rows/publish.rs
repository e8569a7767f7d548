//! Publication: one statement turns the staged rows of a run into published ones.

use domain::{Opportunity, RunId};
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use uuid::Uuid;

use super::{
    columns::{OVERWRITES, SENT},
    stage::{Origin, stage},
};
use crate::{Store, StoreError, error::Doing as _};

/// The action that failed, for the errors of this file.
const WHAT: &str = "publish the staged opportunities";

/// Which staged rows to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// All of them. `replaces_newer`: even over rows of newer pages.
    All { replaces_newer: bool },
    /// One of `count` batches of about the same size, by their ids, which are evenly spread.
    Batch { replaces_newer: bool, at: u32, count: u32 },
    /// Only new opportunities: a checkpoint publishes them before the run ends.
    New,
}

/// The result of a publication.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// New rows.
    pub(crate) created: i64,
    /// Rows with changed content or state.
    pub(crate) changed: i64,
}

impl Published {
    /// Returns whether any opportunity changed.
    pub(crate) fn is_change(self) -> bool {
        self.created + self.changed > 0
    }
}

impl Store {
    /// Stages and publishes opportunities outside of a run, in one transaction, as the bulk benchmark measures it.
    /// Returns how many are new, and how many changed.
    pub async fn load(
        &self,
        origin: &Origin,
        opportunities: &[Opportunity],
    ) -> Result<(i64, i64), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        stage(&mut tx, &[(origin, opportunities)]).await?;
        let which = Which::All { replaces_newer: origin.replaces_newer };
        let published = publish(&mut tx, origin.run, which).await?;
        clear(&mut tx, origin.run).await?;
        tx.commit().await.doing(WHAT)?;
        Ok((published.created, published.changed))
    }
}

/// Publishes staged rows. If several pages of the run show one opportunity, the newest page counts. Rows are written in
/// the order of their ids, so that transactions with the same rows wait for each other instead of deadlocking.
pub(crate) async fn publish(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    which: Which,
) -> Result<Published, StoreError> {
    let overwrite = |replaces_newer: bool| {
        format!(
            "DO UPDATE SET {}, updated_at = now()
              WHERE ({replaces_newer} OR o.content_at <= excluded.content_at)
                AND (o.fingerprint, o.status) IS DISTINCT FROM (excluded.fingerprint, excluded.status)",
            *OVERWRITES
        )
    };
    let (newest, conflict) = match which {
        Which::All { replaces_newer } => (String::new(), overwrite(replaces_newer)),
        Which::Batch { replaces_newer, at, count } => (between(at, count), overwrite(replaces_newer)),
        Which::New => (
            "AND NOT EXISTS (SELECT FROM ingest.opportunities o WHERE o.id = s.id)".to_owned(),
            "DO NOTHING".to_owned(),
        ),
    };
    let sent = &*SENT;
    let statement = format!(
        "WITH newest AS (SELECT DISTINCT ON (s.id) s.* FROM ingest.staged s WHERE s.changed_run = $1 {newest}
                          ORDER BY s.id, s.content_at DESC, s.page DESC),
              served AS (INSERT INTO ingest.opportunities AS o ({sent}) SELECT {sent} FROM newest ORDER BY id
                         ON CONFLICT (id) {conflict} RETURNING xmax = 0 AS is_new)
         SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM served"
    );
    // The statement contains only names from our own table of columns.
    let (created, changed): (i64, i64) =
        sqlx::query_as(AssertSqlSafe(statement)).bind(run.uuid()).fetch_one(&mut **tx).await.doing(WHAT)?;
    Ok(Published { created, changed })
}

/// SQL: whether an id is in one of so many equal ranges of ids.
fn between(at: u32, count: u32) -> String {
    let begin = |at: u32| Uuid::from_u128(u128::MAX / u128::from(count.max(1)) * u128::from(at));
    let from = format!("AND s.id >= '{}'", begin(at));
    if at + 1 < count { format!("{from} AND s.id < '{}'", begin(at + 1)) } else { from }
}

/// Returns what publishing the whole run would create and change.
pub(crate) async fn would_publish(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<Published, StoreError> {
    let row = sqlx::query!(
        r#"SELECT count(DISTINCT s.id) FILTER (WHERE o.id IS NULL) AS "created!",
                  count(DISTINCT s.id) FILTER (WHERE o.id IS NOT NULL) AS "changed!"
             FROM ingest.staged s LEFT JOIN ingest.opportunities o ON o.id = s.id AND o.source = (SELECT source FROM ingest.runs WHERE id = $1)
            WHERE s.changed_run = $1"#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(Published { created: row.created, changed: row.changed })
}

/// Deletes the staged rows of a run, after publication or when they will never be published.
pub(crate) async fn clear(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM ingest.staged WHERE changed_run = $1", run.uuid())
        .execute(&mut **tx)
        .await
        .doing(WHAT)?;
    sqlx::query!("UPDATE ingest.pages SET staged = 0 WHERE run = $1 AND staged > 0", run.uuid())
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(WHAT)
}

/// Deletes staged rows if a newer page of the run shows the published content again. A feed, for example, may lag
/// behind the list.
pub(crate) async fn drop_outdated(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH shown AS (
           SELECT u.id, p.id AS page, p.fetched_at FROM ingest.pages p, unnest(p.seen) AS u(id) WHERE p.run = $1),
         repeated AS (SELECT id FROM shown GROUP BY id HAVING count(*) > 1),
         outdated AS (
           SELECT DISTINCT s.id, s.page FROM ingest.staged s JOIN repeated USING (id) JOIN shown n ON n.id = s.id
            WHERE s.changed_run = $1 AND (n.fetched_at, n.page) > (s.content_at, s.page)
              AND NOT EXISTS (SELECT FROM ingest.staged t WHERE t.changed_run = $1 AND t.id = n.id AND t.page = n.page)
              AND EXISTS (SELECT FROM ingest.opportunities o WHERE o.id = s.id AND o.source = (SELECT source FROM ingest.runs WHERE id = $1))),
         dropped AS (
           DELETE FROM ingest.staged s USING outdated d WHERE s.changed_run = $1 AND s.id = d.id AND s.page = d.page RETURNING s.page),
         counted AS (SELECT page, count(*)::integer AS rows FROM dropped GROUP BY page)
         UPDATE ingest.pages p SET staged = p.staged - c.rows FROM counted c WHERE p.id = c.page",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Removes staged rows of a held run that a newer published run has shown: it knows better.
pub(crate) async fn drop_confirmed(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM ingest.staged s
          WHERE s.changed_run = $1 AND s.id IN (
            SELECT unnest(p.seen) FROM ingest.pages p JOIN ingest.runs n ON n.id = p.run JOIN ingest.runs r ON r.source = n.source
             WHERE r.id = $1 AND n.created_at > r.created_at AND n.state IN ('complete', 'partial')
               AND n.mode <> 'replay' AND n.decision IS DISTINCT FROM 'reverted')",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Removes the staged rows of a run that a checkpoint has served.
pub(crate) async fn clear_served(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH served AS (
           DELETE FROM ingest.staged s USING ingest.opportunities o
            WHERE s.changed_run = $1 AND o.id = s.id AND o.changed_run = $1 AND o.fingerprint = s.fingerprint RETURNING s.page),
         counted AS (SELECT page, count(*)::integer AS rows FROM served GROUP BY page)
         UPDATE ingest.pages p SET staged = p.staged - c.rows FROM counted c WHERE p.id = c.page",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

impl Store {
    /// Deletes staged rows that will never be published: those of failed runs, and those of held runs without a
    /// decision for 30 days. Returns how many.
    pub async fn prune_staged(&self) -> Result<u64, StoreError> {
        sqlx::query!(
            "DELETE FROM ingest.staged s WHERE s.changed_run IN (
               SELECT r.id FROM ingest.runs r
                WHERE r.finished_at < now() - CASE WHEN r.state = 'held' AND r.decision IS NULL THEN interval '30 days' ELSE '0' END
                  AND r.id IN (SELECT DISTINCT changed_run FROM ingest.staged))"
        )
        .execute(&self.pool)
        .await
        .map(|done| done.rows_affected())
        .doing("remove staged rows of ended runs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_in_just_one_batch() {
        assert_eq!(between(0, 1), "AND s.id >= '00000000-0000-0000-0000-000000000000'");
        let third = "55555555-5555-5555-5555-555555555555";
        let last = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
        assert_eq!(
            between(0, 3),
            format!("AND s.id >= '00000000-0000-0000-0000-000000000000' AND s.id < '{third}'")
        );
        assert_eq!(between(1, 3), format!("AND s.id >= '{third}' AND s.id < '{last}'"));
        assert_eq!(between(2, 3), format!("AND s.id >= '{last}'"));
    }
}

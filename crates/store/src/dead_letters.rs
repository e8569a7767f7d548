//! What follows from a job that is given up. It commits with the dead letter, so that nothing waits forever.

use domain::RunId;
use queue::{DeadLetter, Lease, Orphans};
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    commit::parse_details,
    error::Doing as _,
    runs::{close_if_parsed, start_waiting},
};

/// The action that failed, for the errors of this file.
const WHAT: &str = "settle what a job left behind";

/// What a job that was given up leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remains {
    /// A page that nobody fetches or parses any more.
    Page(i64),
    /// A run whose crawl nobody continues.
    Crawl(RunId),
    /// A run that nobody audits.
    End(RunId),
    /// Nothing that waits for the job: another one of its kind is enqueued when there is work.
    Nothing,
}

impl Remains {
    /// Returns what a job of this kind leaves behind. A payload that names neither page nor run leaves nothing: others may
    /// write to the queue.
    fn of(kind: &str, payload: &Value) -> Self {
        let page = || payload.get("page").and_then(Value::as_i64).map(Self::Page);
        let run = || payload.get("run").and_then(Value::as_str).and_then(|run| run.parse::<Uuid>().ok());
        let remains = match kind {
            "fetch_page" | "parse_page" => page(),
            "fetch_source" => run().map(|run| Self::Crawl(run.into())),
            "finish_run" => run().map(|run| Self::End(run.into())),
            _ => None,
        };
        remains.unwrap_or(Self::Nothing)
    }
}

impl Store {
    /// Gives a job up. In one transaction it becomes a dead letter, its page is failed, and its run continues or fails. Returns
    /// the source of the run if that failed.
    pub async fn discard_job(&self, lease: Lease, reason: &str) -> Result<Option<String>, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let letter = lease.discard(&mut tx, reason).await?;
        let failed = settle(&mut tx, &letter).await?;
        tx.commit().await.doing(WHAT)?;
        Ok(failed)
    }

    /// Frees the jobs of workers whose lease has expired, and settles what those leave behind that are given up. Returns
    /// (freed, given up).
    pub(crate) async fn free_orphans(&self) -> Result<(u64, u64), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let orphans = Orphans::reap(&mut tx).await?;
        for letter in &orphans.dead {
            settle(&mut tx, letter).await?;
        }
        tx.commit().await.doing(WHAT)?;
        Ok((orphans.freed, u64::try_from(orphans.dead.len()).unwrap_or(u64::MAX)))
    }
}

/// Settles what the job of a dead letter leaves behind. Returns the source of the run if that failed.
async fn settle(
    tx: &mut Transaction<'_, Postgres>,
    letter: &DeadLetter,
) -> Result<Option<String>, StoreError> {
    match Remains::of(&letter.kind, &letter.payload) {
        Remains::Page(page) => fail_page(tx, page, &letter.reason).await?,
        Remains::Crawl(run) if has_pages(tx, run).await? => end_crawl(tx, run, &letter.reason).await?,
        Remains::Crawl(run) | Remains::End(run) => return fail_run(tx, run, &letter.reason).await,
        Remains::Nothing => (),
    }
    Ok(None)
}

async fn fail_page(tx: &mut Transaction<'_, Postgres>, page: i64, reason: &str) -> Result<(), StoreError> {
    let run = sqlx::query_scalar!(
        "UPDATE ingest.pages SET state = 'failed', alarm = left($2, 2000)
          WHERE id = $1 AND state IN ('wanted', 'archived') RETURNING run",
        page,
        reason
    )
    .fetch_optional(&mut **tx)
    .await
    .doing(WHAT)?;
    match run {
        Some(run) => {
            parse_details(tx, run.into()).await?;
            close_if_parsed(tx, run.into()).await
        }
        None => Ok(()),
    }
}

async fn has_pages(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM ingest.pages WHERE run = $1 AND archive_key IS NOT NULL) AS "has!""#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)
}

/// Ends a crawl that was given up. What came is a part: it is audited and published as one. Nothing more is requested from
/// the source: announced pages that nobody has fetched stay unfetched.
async fn end_crawl(tx: &mut Transaction<'_, Postgres>, run: RunId, reason: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.runs SET walked = true, pages_failed = pages_failed + 1, message = left($2, 2000)
          WHERE id = $1 AND finished_at IS NULL",
        run.uuid(),
        reason
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    drop_fetches(tx, run).await?;
    sqlx::query!(
        "UPDATE ingest.pages SET state = 'failed', alarm = 'not fetched: the crawl was given up'
          WHERE run = $1 AND state = 'wanted'",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    close_if_parsed(tx, run).await
}

async fn fail_run(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    reason: &str,
) -> Result<Option<String>, StoreError> {
    let failed = sqlx::query_scalar!(
        "UPDATE ingest.runs SET state = 'failed', finished_at = now(), message = left($2, 2000)
          WHERE id = $1 AND finished_at IS NULL RETURNING source",
        run.uuid(),
        reason
    )
    .fetch_optional(&mut **tx)
    .await
    .doing(WHAT)?;
    if failed.is_some() {
        drop_fetches(tx, run).await?;
        start_waiting(tx, run).await?;
    }
    Ok(failed)
}

/// Deletes the jobs that wait to fetch the announced pages of a run.
async fn drop_fetches(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM queue.jobs j USING ingest.pages p
          WHERE p.run = $1 AND p.state = 'wanted' AND j.kind = 'fetch_page' AND j.state = 'ready' AND j.key = 'fetch_page:' || p.id",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_job_leaves_behind_follows_from_its_kind() {
        let run = Uuid::from_u128(7);
        let of_run = json!({ "run": run });
        assert_eq!(Remains::of("fetch_page", &json!({ "page": 3 })), Remains::Page(3));
        assert_eq!(Remains::of("parse_page", &json!({ "page": 3 })), Remains::Page(3));
        assert_eq!(Remains::of("fetch_source", &of_run), Remains::Crawl(run.into()));
        assert_eq!(Remains::of("finish_run", &of_run), Remains::End(run.into()));
        for kind in ["publish_new", "embed_opportunities", "match_duplicates", "of_another_release"] {
            assert_eq!(Remains::of(kind, &of_run), Remains::Nothing);
        }
    }

    #[test]
    fn a_payload_that_names_no_page_and_no_run_leaves_nothing() {
        for payload in [json!({}), json!({ "page": "three", "run": 3 }), json!({ "page": 1e30, "run": "x" })]
        {
            for kind in ["fetch_page", "parse_page", "fetch_source", "finish_run"] {
                assert_eq!(Remains::of(kind, &payload), Remains::Nothing, "{kind} {payload}");
            }
        }
    }
}

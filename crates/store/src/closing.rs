//! The end of a run: is it complete and plausible, and then, what is missing from it?

use chrono::{DateTime, Utc};
use opportunity::RunId;
use sqlx::{Postgres, Transaction};

use crate::{RunState, Store, StoreError, queue::Lease};

/// Below this share of what is open, a run that covers everything is not believed.
const PLAUSIBLE_SHARE: f64 = 0.5;
/// Sources smaller than this lose half of their posts on an ordinary day.
const GUARDED_FROM: i64 = 10;

/// A run that covers a part is doubted when this many records and no usable one among them were read.
const ALL_REFUSED_FROM: i32 = 5;

/// What a run showed, as far as closing needs to know.
#[derive(Debug, Clone)]
struct Showing {
    walked: bool,
    covers: Vec<String>,
    limited: bool,
    pages_failed: i32,
    /// Records loaded or found unchanged.
    valid: i32,
    seen: i32,
    open_before: i64,
    message: Option<String>,
}

/// Proof that a run saw everything its source publishes, plausibly. Closing takes one of these, and only
/// judging the run makes it: absence is not deletion.
#[derive(Debug)]
pub struct CompleteRun(RunId);

/// Why a run closes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incomplete {
    /// It was not meant to cover everything (incremental, limited, a replay): nothing is wrong.
    Part,
    /// Some page is missing.
    Missing(String),
    /// It shows so little that the partner or the spec is likelier broken than the posts gone.
    Implausible(String),
}

impl CompleteRun {
    fn judge(run: RunId, showing: &Showing) -> Result<Self, Incomplete> {
        if !showing.walked || showing.pages_failed > 0 {
            let why = showing.message.clone().unwrap_or_else(|| "some pages could not be read".to_owned());
            return Err(Incomplete::Missing(why));
        }
        let open = showing.open_before;
        let is_part = showing.covers.is_empty() || showing.limited;
        // Of the few records that an incremental run shows, all may be bad ones.
        let refused_all = showing.valid == 0 && showing.seen >= if is_part { ALL_REFUSED_FROM } else { 1 };
        if is_part && !refused_all {
            return Err(Incomplete::Part);
        }
        let empty = showing.seen == 0 && open > 0;
        #[allow(clippy::cast_precision_loss, reason = "counts of records are far below 2^52")]
        let shrunk = open >= GUARDED_FROM && f64::from(showing.valid) < PLAUSIBLE_SHARE * open as f64;
        if refused_all || empty || shrunk {
            return Err(Incomplete::Implausible(format!(
                "{} of {} records were usable while {open} opportunities are open; nothing was closed",
                showing.valid, showing.seen
            )));
        }
        Ok(Self(run))
    }
}

fn doing() -> impl FnOnce(sqlx::Error) -> StoreError {
    StoreError::doing("end a run")
}

impl Store {
    /// Ends a run whose pages are all read: judges it, closes what a complete run no longer shows, moves the
    /// cursors of its streams, and ends the job that did it.
    pub async fn finish_run(&self, lease: Lease, run: RunId) -> Result<RunState, StoreError> {
        let mut tx = self.pool.begin().await.map_err(doing())?;
        lease.settle(&mut tx).await?;
        sqlx::query!("SELECT ingest.total_run($1)", run.uuid()).execute(&mut *tx).await.map_err(doing())?;
        let (showing, replay, started) = showing(&mut tx, run).await?;
        let verdict = CompleteRun::judge(run, &showing);
        let (state, message, closed) = match verdict {
            Ok(complete) => (RunState::Complete, None, close_missing(&mut tx, &complete).await?),
            Err(Incomplete::Part) => (RunState::Complete, None, 0),
            Err(Incomplete::Missing(why)) => (RunState::Partial, Some(why), 0),
            Err(Incomplete::Implausible(why)) => (RunState::Quarantined, Some(why), 0),
        };
        if state == RunState::Complete && !showing.limited && !replay {
            move_cursors(&mut tx, run, started).await?;
        }
        sqlx::query!(
            "UPDATE ingest.runs SET state = $2, message = $3, closed = $4, finished_at = now() WHERE id = $1",
            run.uuid(),
            state.as_str(),
            message,
            i32::try_from(closed).unwrap_or(i32::MAX)
        )
        .execute(&mut *tx)
        .await
        .map_err(doing())?;
        if closed > 0 {
            sqlx::query!("SELECT queue.enqueue('embed_opportunities', 'embed', '{}', 'embed_opportunities')")
                .execute(&mut *tx)
                .await
                .map_err(doing())?;
        }
        tx.commit().await.map_err(doing())?;
        Ok(state)
    }

    /// Closes what passed its last day. Answers how many.
    pub async fn close_by_date(&self) -> Result<u64, StoreError> {
        let doing = || StoreError::doing("close what passed its date");
        let mut tx = self.pool.begin().await.map_err(doing())?;
        let done = sqlx::query!(
            "UPDATE ingest.opportunities SET status = 'closed', closed_why = 'date', updated_at = now()
              WHERE status = 'open' AND closes_on < (now() AT TIME ZONE 'Africa/Douala')::date"
        )
        .execute(&mut *tx)
        .await
        .map_err(doing())?;
        if done.rows_affected() > 0 {
            sqlx::query!("SELECT queue.enqueue('embed_opportunities', 'embed', '{}', 'embed_opportunities')")
                .execute(&mut *tx)
                .await
                .map_err(doing())?;
        }
        tx.commit().await.map_err(doing())?;
        Ok(done.rows_affected())
    }
}

/// What the run showed; its row is locked.
async fn showing(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<(Showing, bool, Option<DateTime<Utc>>), StoreError> {
    let row = sqlx::query!(
        r#"SELECT walked, covers, record_limit, pages_failed, seen, rejected, message, mode, started_at,
                  (SELECT count(*) FROM ingest.opportunities o
                    WHERE o.source = r.source AND o.stream = ANY (r.covers) AND o.status = 'open' AND o.first_run <> r.id) AS "open_before!"
             FROM ingest.runs r WHERE id = $1 FOR UPDATE OF r"#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(doing())?;
    let replay = row.mode == "replay";
    let showing = Showing {
        walked: row.walked,
        covers: if replay { Vec::new() } else { row.covers },
        limited: row.record_limit.is_some(),
        pages_failed: row.pages_failed,
        valid: row.seen - row.rejected,
        seen: row.seen,
        open_before: row.open_before,
        message: row.message,
    };
    Ok((showing, replay, row.started_at))
}

/// Closes what the source has open and the run neither loaded nor refused.
async fn close_missing(
    tx: &mut Transaction<'_, Postgres>,
    complete: &CompleteRun,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "WITH run AS (SELECT id, source, covers FROM ingest.runs WHERE id = $1),
              seen AS (SELECT DISTINCT unnest(p.seen) AS id FROM ingest.pages p WHERE p.run = $1)
         UPDATE ingest.opportunities o
            SET status = 'closed', closed_why = 'absent', changed_run = run.id, updated_at = now()
           FROM run
          WHERE o.source = run.source AND o.stream = ANY (run.covers) AND o.status = 'open'
            AND NOT EXISTS (SELECT FROM seen WHERE seen.id = o.id)
            AND NOT EXISTS (SELECT FROM ingest.rejections x WHERE x.run = $1 AND x.external_id = o.external_id)",
        complete.0.uuid()
    )
    .execute(&mut **tx)
    .await
    .map_err(doing())?;
    Ok(done.rows_affected())
}

async fn move_cursors(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    to: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.streams s SET complete_to = greatest(s.complete_to, $2)
           FROM ingest.runs r WHERE r.id = $1 AND s.source = r.source AND r.mode <> 'file'",
        run.uuid(),
        to
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .map_err(doing())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Showing {
        Showing {
            walked: true,
            covers: vec!["offres".to_owned()],
            limited: false,
            pages_failed: 0,
            valid: 90,
            seen: 100,
            open_before: 100,
            message: None,
        }
    }

    fn judged(change: impl FnOnce(&mut Showing)) -> Result<(), Incomplete> {
        let mut showing = whole();
        change(&mut showing);
        CompleteRun::judge(RunId::from(uuid::Uuid::nil()), &showing).map(drop)
    }

    #[test]
    fn only_a_whole_and_plausible_run_may_close() {
        assert_eq!(judged(|_| ()), Ok(()));
        assert_eq!(judged(|s| s.covers.clear()), Err(Incomplete::Part));
        assert_eq!(judged(|s| s.limited = true), Err(Incomplete::Part));
        assert_eq!(judged(|s| (s.limited, s.valid, s.seen) = (true, 0, 4)), Err(Incomplete::Part));
        assert!(matches!(judged(|s| (s.limited, s.valid) = (true, 0)), Err(Incomplete::Implausible(_))));
        assert!(matches!(judged(|s| s.walked = false), Err(Incomplete::Missing(_))));
        assert!(matches!(judged(|s| s.pages_failed = 1), Err(Incomplete::Missing(_))));
        assert!(matches!(judged(|s| (s.valid, s.seen) = (0, 0)), Err(Incomplete::Implausible(_))));
        assert!(matches!(judged(|s| s.valid = 0), Err(Incomplete::Implausible(_))));
        assert!(matches!(judged(|s| s.valid = 49), Err(Incomplete::Implausible(_))));
        assert_eq!(judged(|s| s.valid = 50), Ok(()));
    }

    #[test]
    fn a_small_source_may_lose_half_of_its_posts_but_not_all() {
        assert_eq!(judged(|s| (s.open_before, s.valid, s.seen) = (9, 1, 1)), Ok(()));
        assert!(matches!(
            judged(|s| (s.open_before, s.valid, s.seen) = (9, 0, 0)),
            Err(Incomplete::Implausible(_))
        ));
        assert_eq!(judged(|s| (s.open_before, s.valid, s.seen) = (0, 0, 0)), Ok(()));
    }
}

//! The end of a run: is it complete and plausible, and then, what is missing from it?

use chrono::{DateTime, Utc};
use domain::RunId;
use queue::Lease;
use sqlx::{Postgres, Transaction};

use crate::{RunState, Store, StoreError, guard};

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
    /// Why what it showed is not plausible, where it covers something.
    doubt: Option<String>,
    message: Option<String>,
}

/// Proof that a run saw everything its source publishes, plausibly. Closing takes one of these, and only judging the run, or an
/// operator's word, makes it: absence is not deletion.
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
        if showing.covers.is_empty() || showing.limited {
            // Of the few records that an incremental run shows, all may be bad ones.
            let refused_all = showing.valid == 0 && showing.seen >= ALL_REFUSED_FROM;
            let why = || format!("none of {} records is usable; nothing was closed", showing.seen);
            return Err(if refused_all { Incomplete::Implausible(why()) } else { Incomplete::Part });
        }
        if let Some(doubt) = &showing.doubt {
            return Err(Incomplete::Implausible(format!(
                "{doubt}; nothing was closed. Look at it, then: oim-etl runs accept {run}, or runs discard {run}"
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
        join_by_hash(&mut tx).await?;
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
        if state == RunState::Complete && !showing.covers.is_empty() {
            sqlx::query!(
                "SELECT ingest.learn_house_contacts(source) FROM ingest.runs WHERE id = $1",
                run.uuid()
            )
            .execute(&mut *tx)
            .await
            .map_err(doing())?;
        }
        withdraw(&mut tx, closed).await?;
        // The last statement, and the clock rather than the begin of the transaction: the time of the closing is the run's, too.
        sqlx::query!(
            "UPDATE ingest.runs SET state = $2, message = $3, closed = $4, finished_at = clock_timestamp() WHERE id = $1",
            run.uuid(),
            state.as_str(),
            message,
            i32::try_from(closed).unwrap_or(i32::MAX)
        )
        .execute(&mut *tx)
        .await
        .map_err(doing())?;
        tx.commit().await.map_err(doing())?;
        Ok(state)
    }

    /// An operator believes a quarantined run: it closes what it did not show, as it would have. Answers how many.
    pub async fn accept_run(&self, run: RunId, by: &str) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await.map_err(doing())?;
        join_by_hash(&mut tx).await?;
        let covers = undecided(&mut tx, run).await?;
        let newer = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM ingest.runs n JOIN ingest.runs r ON n.source = r.source
                               WHERE r.id = $1 AND n.created_at > r.created_at AND n.state = 'complete' AND n.covers && r.covers) AS "newer!""#,
            run.uuid()
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(doing())?;
        if newer {
            let why =
                "a newer run of the source is complete, and what this one did not show may be there again";
            return Err(StoreError::denied(format!("run {run} cannot be accepted: {why}")));
        }
        let closed = if covers { close_missing(&mut tx, &CompleteRun(run)).await? } else { 0 };
        let started = decide(&mut tx, run, by, "accepted", closed).await?;
        if covers {
            move_cursors(&mut tx, run, started).await?;
        }
        withdraw(&mut tx, closed).await?;
        tx.commit().await.map_err(doing())?;
        Ok(closed)
    }

    /// An operator does not believe a quarantined run: it stays as it is, and is no longer asked about.
    pub async fn discard_run(&self, run: RunId, by: &str) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.map_err(doing())?;
        undecided(&mut tx, run).await?;
        decide(&mut tx, run, by, "discarded", 0).await?;
        tx.commit().await.map_err(doing())
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
        withdraw(&mut tx, done.rows_affected()).await?;
        tx.commit().await.map_err(doing())?;
        Ok(done.rows_affected())
    }
}

/// Joins by hash until the transaction ends. What a run has seen is unnested from arrays, whose size PostgreSQL guesses to be ten:
/// in a database without statistics it compared each row with each, 188 s for 50,000.
async fn join_by_hash(tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
    sqlx::query!("SET LOCAL enable_nestloop = off").execute(&mut **tx).await.map(drop).map_err(doing())
}

/// Has the points of what was closed withdrawn, and its clusters looked at: another member may have to stand for them.
async fn withdraw(tx: &mut Transaction<'_, Postgres>, closed: u64) -> Result<(), StoreError> {
    if closed == 0 {
        return Ok(());
    }
    sqlx::query!(
        "SELECT queue.enqueue(kind, lane, '{}', kind) FROM (VALUES ('embed_opportunities', 'embed'), ('match_duplicates', 'match')) v(kind, lane)"
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .map_err(doing())
}

/// Makes sure a run waits for a decision, and locks it. Answers whether it covers something.
async fn undecided(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        "SELECT state, decision, covers, record_limit FROM ingest.runs WHERE id = $1 FOR UPDATE",
        run.uuid()
    )
    .fetch_optional(&mut **tx)
    .await
    .map_err(doing())?
    .ok_or_else(|| StoreError::Missing(format!("run {run}")))?;
    if let Some(decision) = row.decision {
        return Err(StoreError::denied(format!("run {run} was {decision} already")));
    }
    if row.state != RunState::Quarantined.as_str() {
        return Err(StoreError::denied(format!(
            "run {run} is {}; only a quarantined one is decided on",
            row.state
        )));
    }
    Ok(!row.covers.is_empty() && row.record_limit.is_none())
}

/// Writes what was decided; answers when the run began.
async fn decide(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    by: &str,
    decision: &str,
    closed: u64,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    sqlx::query_scalar!(
        "UPDATE ingest.runs SET decision = $2, decided_by = $3, closed = $4,
                message = left($2 || ' by ' || $3 || '; it was doubted: ' || split_part(message, '; nothing was closed', 1), 2000),
                state = CASE WHEN $2 = 'accepted' THEN 'complete' ELSE state END
          WHERE id = $1 RETURNING started_at",
        run.uuid(),
        decision,
        by,
        i32::try_from(closed).unwrap_or(i32::MAX)
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(doing())
}

/// What the run showed; its row is locked.
async fn showing(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<(Showing, bool, Option<DateTime<Utc>>), StoreError> {
    let row = sqlx::query!(
        r#"SELECT walked, covers, record_limit, pages_failed, seen, rejected, message, mode, started_at
             FROM ingest.runs r WHERE id = $1 FOR UPDATE OF r"#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(doing())?;
    let replay = row.mode == "replay";
    let covers = if replay { Vec::new() } else { row.covers };
    let judges = row.walked && row.pages_failed == 0 && !covers.is_empty() && row.record_limit.is_none();
    let doubt = if judges { guard::doubts(tx, run).await? } else { None };
    let showing = Showing {
        walked: row.walked,
        covers,
        limited: row.record_limit.is_some(),
        pages_failed: row.pages_failed,
        valid: row.seen - row.rejected,
        seen: row.seen,
        doubt,
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

/// Moves the cursors of the run's source to its begin. A run that asked for what is newer than a moment of somebody's choice moves
/// only those that stood there or later: what lies between the cursor and that moment was not asked for.
async fn move_cursors(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    to: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.streams s SET complete_to = greatest(s.complete_to, $2)
           FROM ingest.runs r
          WHERE r.id = $1 AND s.source = r.source AND r.mode <> 'file' AND (r.since IS NULL OR r.since <= s.complete_to)",
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
            doubt: None,
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
        assert!(matches!(
            judged(|s| s.doubt = Some("stream offres: odd".to_owned())),
            Err(Incomplete::Implausible(_))
        ));
    }
}

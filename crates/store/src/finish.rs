//! The end of a run: audit it, then publish what it loaded, or hold it.

mod batches;
mod checkpoint;
mod close;
mod decide;
mod revert;
mod second_look;
mod verdict;

use chrono::{DateTime, Utc};
use domain::RunId;
use queue::Lease;
use sqlx::{Postgres, Transaction};

use crate::{
    Mode, RunState, Store, StoreError,
    audit::{Absent, Audit, absent, audit},
    error::Doing as _,
    failpoint::{Step, after, before, commit},
    house_contacts::learn_house_contacts,
    rows::publish::{self, Published, Which},
    runs::start_waiting,
};

pub use close::Withdrawn;
pub use revert::{Left, Reverted};
pub use second_look::Missed;
use verdict::{Facts, Verdict};

/// The action that failed, for the errors of this file.
const WHAT: &str = "end a run";

impl Store {
    /// Ends a run whose pages are all parsed. Audits it, publishes or holds it, closes what a complete run no longer
    /// shows, moves the cursors, and ends the job. All of it commits together: readers never see half of a run. Only a large run
    /// is published in batches, and readers see each of them whole.
    ///
    /// Returns [`RunState::Running`] if a crash of the database lost staged rows: the run continues, and parses those
    /// pages again.
    pub async fn finish_run(&self, lease: Lease, run: RunId) -> Result<RunState, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        fix_plans(&mut tx).await?;
        lease.check(&mut tx).await?;
        if parse_again(&mut tx, run).await? > 0 {
            lease.settle(&mut tx).await?;
            commit(tx, Step::ParseAgain, WHAT).await?;
            return Ok(RunState::Running);
        }
        publish::drop_outdated(&mut tx, run).await?;
        sqlx::query!("SAVEPOINT judging").execute(&mut *tx).await.doing(WHAT)?;
        let (mut facts, found, mut verdict) = judge(&mut tx, run).await?;
        let count = batches::batches(&mut tx, run).await?;
        let mut published = None;
        if let (Verdict::Publish { closes, lacks }, 2..) = (&verdict, count) {
            // The totals wait for the end: until then the counters of the pages count.
            sqlx::query!("ROLLBACK TO SAVEPOINT judging").execute(&mut *tx).await.doing(WHAT)?;
            found.keep(&mut tx, run).await?;
            batches::believe(tx, run, (*closes, lacks.as_deref())).await?;
            published = Some(self.publish_batches(lease, run, (count, facts.replaces_newer())).await);
            tx = self.pool.begin().await.doing(WHAT)?;
            fix_plans(&mut tx).await?;
            write_totals(&mut tx, run).await?;
            facts.has_published = true;
        }
        lease.settle(&mut tx).await?;
        let (mut end, mut absences, mut doubts) = (Ok((Published::default(), 0)), Vec::new(), found.doubts);
        if let Verdict::Publish { closes, .. } = verdict {
            absences = if closes { absent(&mut tx, &facts.scope(run)).await? } else { absences };
            end = serve_or_nothing(&mut tx, run, &facts, (closes, &absences, published)).await;
        }
        if let Some((constraint, row)) = end.as_ref().err().and_then(StoreError::broken_constraint) {
            doubts.push(format!("opportunity {row} cannot be stored: it breaks the constraint {constraint}"));
            verdict = Verdict::of(run, &facts, &doubts);
            end = Ok((Published::default(), 0));
        }
        let (mut published, closed) = end?;
        let is_held = matches!(verdict, Verdict::Hold(_));
        if is_held {
            published = publish::would_publish(&mut tx, run).await?;
        }
        let note = if is_held { None } else { waits(&still_open(&mut tx, run, absences).await?) };
        write_end(&mut tx, run, (&verdict, note), &doubts, (published, closed, count > 1 && !is_held))
            .await?;
        commit(tx, Step::EndRun, WHAT).await?;
        Ok(verdict.state())
    }
}

/// Returns how many opportunities of each stream a run leaves open although it lacks them: the others closed, because the run before
/// lacked them too.
async fn still_open(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    absences: Vec<Absent>,
) -> Result<Vec<Absent>, StoreError> {
    if absences.is_empty() {
        return Ok(absences);
    }
    let streams: Vec<String> = absences.into_iter().map(|absent| absent.stream).collect();
    sqlx::query_as!(
        Absent,
        r#"SELECT stream, count(*)::integer AS "lacking!" FROM ingest.opportunities
            WHERE source = (SELECT source FROM ingest.runs WHERE id = $1) AND status = 'open' AND missed_by = $1 AND stream = ANY($2)
            GROUP BY stream ORDER BY stream"#,
        run.uuid(),
        &streams
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)
}

/// Says what a complete run leaves open, because it lacks far more than usual.
fn waits(absences: &[Absent]) -> Option<String> {
    let told = absences.iter().map(|Absent { stream, lacking }| {
        format!(
            "stream {stream}: {lacking} open opportunities are missing, more than usual: they close if the next run misses them too"
        )
    });
    (!absences.is_empty()).then(|| told.collect::<Vec<_>>().join("; "))
}

/// Collects the facts about a run, and audits it, unless an earlier attempt has begun to publish it. Returns what the audit found, and
/// what becomes of the run.
async fn judge(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<(Facts, Audit, Verdict), StoreError> {
    write_totals(tx, run).await?;
    let facts = facts(tx, run).await?;
    if let Some(believed) = batches::believed(tx, run).await? {
        return Ok((facts, Audit::default(), believed.into()));
    }
    let found = audit(tx, &facts.scope(run)).await?;
    let verdict = Verdict::of(run, &facts, &found.doubts);
    Ok((facts, found, verdict))
}

/// Publishes a run, and does what follows from that. Leaves nothing of it if a row breaks a constraint. `published`: what the batches published, if it was published in
/// batches.
async fn serve_or_nothing(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    facts: &Facts,
    (is_whole, absences, published): (bool, &[Absent], Option<Result<Published, StoreError>>),
) -> Result<(Published, u64), StoreError> {
    sqlx::query!("SAVEPOINT serving").execute(&mut **tx).await.doing(WHAT)?;
    let served = async {
        let published = match published {
            Some(published) => published?,
            None => publish_all(tx, run, facts).await?,
        };
        Ok((published, serve(tx, run, facts, (is_whole, absences, published)).await?))
    };
    let served: Result<_, StoreError> = served.await;
    if served.as_ref().is_err_and(|error| error.broken_constraint().is_some()) {
        sqlx::query!("ROLLBACK TO SAVEPOINT serving").execute(&mut **tx).await.doing(WHAT)?;
    }
    served
}

/// Publishes all staged rows of a run.
async fn publish_all(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    facts: &Facts,
) -> Result<Published, StoreError> {
    before(Step::PublishRows);
    let published = publish::publish(tx, run, Which::All { replaces_newer: facts.replaces_newer() }).await?;
    after(Step::PublishRows);
    Ok(published)
}

/// After its rows: closes what a run proves gone, moves cursors and requests indexing. `absences`: streams that lack far more than usual.
/// Returns how many opportunities were closed.
async fn serve(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    facts: &Facts,
    (is_whole, absences, published): (bool, &[Absent], Published),
) -> Result<u64, StoreError> {
    publish::clear(tx, run).await?;
    close::forget_missed(tx, run).await?;
    before(Step::CloseMissing);
    // A run of one item covers nothing: it closes the item at most, by the partner's word.
    let is_item = facts.mode == Mode::Item;
    let doubted: Vec<String> = absences.iter().map(|absent| absent.stream.clone()).collect();
    let closed = if is_whole || is_item { close::close_missing(tx, run, &doubted).await? } else { 0 };
    if is_item {
        second_look::request_later_looks(tx, run).await?;
    }
    if is_whole {
        second_look::request_second_looks(tx, run).await?;
    }
    after(Step::CloseMissing);
    before(Step::MoveCursors);
    if facts.moves_cursors() {
        move_cursors(tx, run, facts.started_at).await?;
    }
    after(Step::MoveCursors);
    if is_whole {
        learn_house_contacts(tx, run).await?;
    }
    if published.is_change() || closed > 0 {
        request_index_and_match(tx).await?;
    }
    Ok(closed)
}

/// Writes the totals of the run's pages to its row.
async fn write_totals(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE ingest.runs r
            SET (pages, pages_failed, requests, seen, created, changed, unchanged, rejected, message, last_fetch_at) =
                (SELECT n.pages, n.pages_failed, n.requests, n.seen, n.created, n.changed, n.unchanged, n.rejected, n.message, n.last_fetch_at
                   FROM ingest.runs_now n WHERE n.id = $1)
          WHERE r.id = $1",
        run.uuid()
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Writes how the run ended, and starts the next one. This comes last, and it uses the clock instead of the
/// transaction's start, so that the run's duration includes publishing and closing.
async fn write_end(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    (verdict, note): (&Verdict, Option<String>),
    doubts: &[String],
    (published, closed, is_counted): (Published, u64, bool),
) -> Result<(), StoreError> {
    // Rows that a checkpoint published count as new in this run too. A row that two pages showed counts once.
    let is_held = matches!(verdict, Verdict::Hold(_));
    let created = if is_counted || is_held { count(published.created) } else { 0 };
    sqlx::query!(
        "UPDATE ingest.runs r SET state = $2, message = left($3, 2000), closed = $6, finished_at = clock_timestamp(),
                published_at = CASE WHEN $2 = 'held' THEN published_at ELSE clock_timestamp() END,
                doubts = $7, created = n.created, changed = n.changed, unchanged = r.seen - r.rejected - n.created - n.changed
           FROM (SELECT c.created, least($5, q.seen - q.rejected - c.created) AS changed
                   FROM ingest.runs q, (
                     SELECT $4 + CASE WHEN $8 THEN 0 ELSE (
                       SELECT count(*)::integer FROM ingest.opportunities o WHERE o.changed_run = $1 AND o.first_run = $1) END AS created) c
                  WHERE q.id = $1) n
          WHERE r.id = $1",
        run.uuid(),
        verdict.state().as_str(),
        verdict.message().or(note.as_deref()),
        created,
        count(published.changed),
        i32::try_from(closed).unwrap_or(i32::MAX),
        doubts,
        is_counted
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    start_waiting(tx, run).await
}

/// Until the transaction ends, joins by hash, and reads rows through indexes. PostgreSQL guesses that an array unnests to ten rows: in
/// a database without statistics it then compared every row with every other one, 188 s for 50,000 rows. And of a source whose name it
/// does not know when it plans, it expects as many rows as an average source has: the end of a run of 40 rows read the 100,000 of others
/// three times. A join by hash reads its tables whole, so each statement names the source of the rows that it joins, or looks single rows
/// up in a LATERAL or scalar subquery.
async fn fix_plans(tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
    let off = "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_seqscan', 'off', true)";
    sqlx::query(off).execute(&mut **tx).await.map(drop).doing(WHAT)
}

/// Enqueues the jobs that update the index and the clusters of changed rows.
pub(crate) async fn request_index_and_match(tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT ingest.request_embedding(), queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates')"
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Enqueues parsing again for pages whose staged rows were lost in a crash of the database. Returns how many.
async fn parse_again(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<u64, StoreError> {
    let lacking = sqlx::query_scalar!(
        r#"WITH counted AS (SELECT page, count(*) AS rows FROM ingest.staged WHERE changed_run = $1 GROUP BY page),
                lacking AS (SELECT p.id FROM ingest.pages p LEFT JOIN counted c ON c.page = p.id
                             WHERE p.run = $1 AND p.staged > 0 AND p.staged <> coalesce(c.rows, 0))
           UPDATE ingest.pages p SET state = 'archived', parts = 0, records = NULL, created = 0, changed = 0, unchanged = 0, rejected = 0,
                  announced = 0, staged = 0, seen = '{}'
             FROM lacking WHERE p.id = lacking.id RETURNING p.id"#,
        run.uuid()
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    if lacking.is_empty() {
        return Ok(0);
    }
    for statement in [
        "DELETE FROM ingest.staged WHERE page = ANY ($1)",
        "DELETE FROM ingest.rejections WHERE page = ANY ($1)",
        "UPDATE ingest.runs SET state = 'running' WHERE id = (SELECT run FROM ingest.pages WHERE id = ANY ($1) LIMIT 1)",
        "SELECT queue.enqueue('parse_page', 'read:' || r.source, jsonb_build_object('page', p.id), 'parse_page:' || p.id)
           FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run WHERE p.id = ANY ($1)",
    ] {
        sqlx::query(statement).bind(&lacking).execute(&mut **tx).await.doing(WHAT)?;
    }
    Ok(u64::try_from(lacking.len()).unwrap_or(u64::MAX))
}

/// Collects what is known about a run at its end, and locks its row.
async fn facts(tx: &mut Transaction<'_, Postgres>, run: RunId) -> Result<Facts, StoreError> {
    let row = sqlx::query!(
        r#"SELECT walked, covers, record_limit, pages_failed, message,
                  EXISTS (SELECT FROM ingest.opportunities o WHERE o.changed_run = r.id) AS "has_published!", mode AS "mode: Mode", started_at, replay_of,
                  EXISTS (SELECT FROM ingest.pages p WHERE p.run = r.id AND p.read_by IS NOT NULL AND p.read_by IS DISTINCT FROM (
                      SELECT k.read_by
                        FROM ingest.runs n, LATERAL (SELECT read_by FROM ingest.pages WHERE run = n.id AND read_by IS NOT NULL LIMIT 1) k
                       WHERE n.source = r.source AND n.id <> r.id AND n.state IN ('complete', 'partial')
                         AND n.decision IS DISTINCT FROM 'reverted'
                       ORDER BY n.created_at DESC LIMIT 1)) AS "reads_anew!",
                  EXISTS (SELECT FROM ingest.runs o WHERE o.id = r.replay_of AND o.state IN ('complete', 'partial')) AS "restores!"
             FROM ingest.runs r WHERE id = $1 FOR UPDATE OF r"#,
        run.uuid()
    )
    .fetch_one(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(Facts {
        walked: row.walked,
        covers: row.covers,
        limited: row.record_limit.is_some(),
        pages_failed: row.pages_failed,
        mode: row.mode,
        reads_one_run: row.replay_of.is_some(),
        reads_anew: row.reads_anew,
        restores: row.restores,
        has_published: row.has_published,
        message: row.message,
        started_at: row.started_at,
    })
}

/// Moves the cursors of the run's source to the start of the run, and stores their earlier values. A run with an
/// explicit `since` moves only cursors at or after that time: it did not ask for what lies between an earlier cursor
/// and `since`.
async fn move_cursors(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    to: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH moved AS (
           SELECT s.source, s.stream, s.complete_to FROM ingest.streams s JOIN ingest.runs r ON s.source = r.source
            WHERE r.id = $1 AND r.mode <> 'file' AND (r.since IS NULL OR r.since <= s.complete_to) FOR UPDATE OF s),
         kept AS (
           UPDATE ingest.runs SET cursors_before = (SELECT coalesce(jsonb_object_agg(stream, complete_to), '{}') FROM moved) WHERE id = $1)
         UPDATE ingest.streams s SET complete_to = greatest(s.complete_to, $2)
           FROM moved WHERE s.source = moved.source AND s.stream = moved.stream",
        run.uuid(),
        to
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

fn count(n: i64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

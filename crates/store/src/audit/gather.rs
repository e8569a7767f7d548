//! Collects the rows of a run with the published ones, and the measures of earlier runs.

use std::collections::BTreeMap;

use domain::RunId;
use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Postgres, Row as _, Transaction, postgres::PgRow};

use super::{
    absence,
    judge::{HISTORY, Shown, findings},
    measure::{Before, KNOWN, Measures, Record, Stream, share_of},
};
use crate::{StoreError, error::Doing as _, rows::columns};

/// The action that failed, for the errors of this file.
const WHAT: &str = "audit a run";

/// With fewer earlier partial runs than this, the audit also compares with complete ones.
const ENOUGH: usize = 3;

/// What the audit needs to know about a run.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) run: RunId,
    /// Streams that the run covers completely.
    pub(crate) whole: Vec<String>,
    /// Whether it parsed a file: files are compared with files only.
    pub(crate) is_file: bool,
    /// Whether source file or program differ from those of the last published run: fields then change by design.
    pub(crate) reads_anew: bool,
    /// Whether it replays a published run: known records then change back by design.
    pub(crate) restores: bool,
}

/// Measures of changes in known records. With a new source file or program they change by design.
const CHANGES: [&str; 2] = [" changed", " alike"];
/// Measures that compare known records with the published ones.
const COMPARISONS: [&str; 4] = [" changed", " alike", " lost", " shift"];

impl Scope {
    /// Returns whether a measure is meaningful for this run.
    fn counts(&self, measure: &str) -> bool {
        let ends_with = |endings: &[&str]| endings.iter().any(|ending| measure.ends_with(ending));
        !(self.reads_anew && ends_with(&CHANGES)
            || self.restores
                && (ends_with(&COMPARISONS) || ["closing", "withdrawn", "reopening"].contains(&measure)))
    }
}

/// What an audit found.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// One sentence for each implausible measure.
    pub(crate) doubts: Vec<String>,
    measured: Vec<Shown>,
}

impl Audit {
    /// Stores the measures, to compare later runs with.
    pub(crate) async fn keep(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        run: RunId,
    ) -> Result<(), StoreError> {
        for shown in &self.measured {
            keep(tx, run, shown).await?;
        }
        Ok(())
    }
}

/// Measures the streams of a run, stores the measures, and compares them with those of earlier runs.
pub(crate) async fn audit(tx: &mut Transaction<'_, Postgres>, scope: &Scope) -> Result<Audit, StoreError> {
    let mut audit = Audit { measured: shown(tx, scope).await?, ..Audit::default() };
    audit.keep(tx, scope.run).await?;
    for shown in &audit.measured {
        let found = findings(shown, &past(tx, scope, shown).await?);
        audit.doubts.extend(found.into_iter().map(|why| format!("stream {}: {why}", shown.stream)));
    }
    Ok(audit)
}

/// A stream that lacks more open opportunities than usual, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Absent {
    pub(crate) stream: String,
    pub(crate) lacking: i32,
}

/// Returns the streams of a run that lack far more open opportunities than usual. The run has been audited: its measures are stored.
pub(crate) async fn absent(
    tx: &mut Transaction<'_, Postgres>,
    scope: &Scope,
) -> Result<Vec<Absent>, StoreError> {
    let rows = sqlx::query!(
        "SELECT stream, open_before, kept FROM ingest.run_streams WHERE run = $1 AND is_whole ORDER BY stream",
        scope.run.uuid()
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let mut found = Vec::new();
    for row in rows {
        let (open_before, kept) = (row.open_before.into(), row.kept.into());
        let now = Shown { stream: row.stream, is_whole: true, open_before, kept, ..Shown::default() };
        let past = past(tx, scope, &now).await?;
        let lacking = absence::unusual(&now, &past).map(whole_number);
        found.extend(lacking.map(|lacking| Absent { stream: now.stream.clone(), lacking }));
    }
    Ok(found)
}

async fn shown(tx: &mut Transaction<'_, Postgres>, scope: &Scope) -> Result<Vec<Shown>, StoreError> {
    let mut all: BTreeMap<String, Shown> = counts(tx, scope).await?;
    let seen: f64 = all.values().map(|shown| shown.seen).sum();
    for (name, stream) in records(tx, scope.run, whole_number(seen).into()).await? {
        let shown = all.entry(name.clone()).or_insert_with(|| Shown { stream: name, ..Shown::default() });
        shown.known = super::measure::float(stream.known);
        shown.measures.extend(stream.measures());
        shown.measures.retain(|name, _| scope.counts(name));
    }
    Ok(all.into_values().collect())
}

/// Counts, for each stream of the run, records, rejections and open opportunities.
async fn counts(
    tx: &mut Transaction<'_, Postgres>,
    scope: &Scope,
) -> Result<BTreeMap<String, Shown>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH shown AS (SELECT DISTINCT unnest(p.seen) AS id FROM ingest.pages p WHERE p.run = $1),
                counted AS (SELECT p.stream, sum(p.created + p.changed + p.unchanged) AS valid, sum(p.rejected) AS rejected
                              FROM ingest.pages p WHERE p.run = $1 GROUP BY p.stream),
                nobody AS (SELECT p.stream, count(*) AS records FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page AND p.run = $1
                            WHERE x.run = $1 AND x.external_id IS NULL GROUP BY p.stream),
                -- What the source file or its own words call no opportunity is refused on purpose.
                meant AS (SELECT p.stream, count(*) AS records FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page AND p.run = $1
                           WHERE x.run = $1 AND x.code = 'no_opportunity' GROUP BY p.stream),
                gone AS (SELECT x.external_id FROM ingest.rejections x WHERE x.run = $1 AND x.code = 'detail_unavailable'),
                refused AS (SELECT x.external_id FROM ingest.rejections x
                             WHERE x.run = $1 AND x.external_id IS NOT NULL AND x.code NOT IN ('detail_unavailable', 'no_opportunity')),
                before AS (SELECT o.stream, count(*) AS open, count(*) FILTER (WHERE o.id IN (SELECT id FROM shown)) AS kept,
                                  count(*) FILTER (WHERE o.external_id IN (SELECT external_id FROM gone)) AS gone,
                                  count(*) FILTER (WHERE o.external_id IN (SELECT external_id FROM refused) AND o.id NOT IN (SELECT id FROM shown)) AS refused
                             FROM ingest.opportunities o
                            WHERE o.source = (SELECT source FROM ingest.runs WHERE id = $1) AND o.status = 'open' AND o.first_run <> $1
                            GROUP BY o.stream)
           SELECT stream AS "stream!", coalesce(n.valid, 0)::float8 AS "valid!", coalesce(n.rejected, 0)::float8 AS "rejected!", coalesce(m.records, 0)::float8 AS "meant!",
                  coalesce(u.records, 0)::float8 AS "unidentified!", coalesce(b.open, 0)::float8 AS "open!",
                  coalesce(b.kept, 0)::float8 AS "kept!", coalesce(b.gone, 0)::float8 AS "gone!",
                  coalesce(b.refused, 0)::float8 AS "refused!"
             FROM (SELECT stream FROM counted UNION SELECT unnest($2::text[])) all_of(stream)
             LEFT JOIN counted n USING (stream) LEFT JOIN nobody u USING (stream) LEFT JOIN meant m USING (stream)
             LEFT JOIN before b USING (stream)"#,
        scope.run.uuid(),
        &scope.whole
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let mut all = BTreeMap::new();
    for row in rows {
        let seen = row.valid + row.rejected;
        let mut shown = Shown {
            is_whole: scope.whole.contains(&row.stream),
            seen,
            valid: row.valid,
            unidentified: row.unidentified,
            open_before: row.open,
            kept: row.kept,
            gone: row.gone,
            stream: row.stream.clone(),
            ..Shown::default()
        };
        if seen > 0.0 {
            shown.measures.insert("rejected".to_owned(), (row.rejected - row.meant) / seen);
            let of_known = row.refused / (row.kept + row.refused).max(1.0);
            shown.measures.insert("rejected of known".to_owned(), of_known);
        }
        all.insert(row.stream, shown);
    }
    rejections(tx, scope.run, &mut all).await?;
    Ok(all)
}

/// Adds the share of records rejected for each reason.
async fn rejections(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    all: &mut BTreeMap<String, Shown>,
) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT p.stream, x.code, count(*) AS "count!" FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page AND p.run = $1
            WHERE x.run = $1 AND x.code <> 'no_opportunity' GROUP BY p.stream, x.code"#,
        run.uuid()
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    for row in rows {
        let Some(shown) = all.get_mut(&row.stream) else { continue };
        let count = usize::try_from(row.count).unwrap_or(usize::MAX);
        let seen = shown.seen;
        let share = share_of(1)(count) / seen.max(1.0);
        shown.measures.insert(format!("rejected: {}", row.code), share);
    }
    Ok(())
}

/// Records that the audit looks at. Of more it takes every second, every third, …: shares of so many are exact to a hundredth, and
/// each record costs as much as a tenth of its parsing.
const SAMPLE: i64 = 10_000;

/// Counts the records of each stream, one by one: they are never all in memory.
async fn records(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    seen: i64,
) -> Result<BTreeMap<String, Stream>, StoreError> {
    let [now, before] = ["s", "o"].map(|table| (columns::hashes(table), columns::magnitudes(table)));
    // Made of the names in our own table of columns. The last byte of an id is as good as chance.
    let statement = format!(
        "WITH shown AS (SELECT DISTINCT p.stream, u.id FROM ingest.pages p, unnest(p.seen) AS u(id)
                         WHERE p.run = $1 AND get_byte(uuid_send(u.id), 15) % $2 = 0),
              newest AS (SELECT DISTINCT ON (s.id) s.id, s.status, s.closed_why, {} AS hashes, {} AS magnitudes
                           FROM ingest.staged s WHERE s.changed_run = $1 AND get_byte(uuid_send(s.id), 15) % $2 = 0
                          ORDER BY s.id, s.content_at DESC, s.page DESC)
         SELECT shown.stream, o.first_run <> $1 AS is_known, n.hashes AS now, n.magnitudes AS now_magnitudes, n.status = 'open' AS now_open,
                n.closed_why = 'partner' AS now_withdrawn,
                {} AS before, {} AS before_magnitudes, o.status = 'open' AS before_open,
                o.closed_why IN ('absent', 'reverted') AS before_gone
           FROM shown LEFT JOIN newest n ON n.id = shown.id
           LEFT JOIN (SELECT * FROM ingest.opportunities
                       WHERE source = (SELECT source FROM ingest.runs WHERE id = $1) AND get_byte(uuid_send(id), 15) % $2 = 0) o
             ON o.id = shown.id
          WHERE n.id IS NOT NULL OR o.id IS NOT NULL",
        now.0, now.1, before.0, before.1
    );
    let every = i32::try_from((seen / SAMPLE).clamp(1, 64)).unwrap_or(1);
    let mut rows = sqlx::query(AssertSqlSafe(statement)).bind(run.uuid()).bind(every).fetch(&mut **tx);
    let mut streams: BTreeMap<String, Stream> = BTreeMap::new();
    while let Some(row) = rows.try_next().await.doing(WHAT)? {
        let (stream, record) = record(&row).doing(WHAT)?;
        streams.entry(stream).or_default().add(&record);
    }
    Ok(streams)
}

fn record(row: &PgRow) -> Result<(String, Record), sqlx::Error> {
    let before = Before {
        hashes: row.try_get("before")?,
        magnitudes: row.try_get("before_magnitudes")?,
        is_open: row.try_get::<Option<bool>, _>("before_open")?.unwrap_or(false),
        is_gone: row.try_get::<Option<bool>, _>("before_gone")?.unwrap_or(false),
    };
    let is_known: Option<bool> = row.try_get("is_known")?;
    let now: Option<Vec<Option<i32>>> = row.try_get("now")?;
    let record = match now {
        Some(now) => Record {
            now,
            magnitudes: row.try_get("now_magnitudes")?,
            is_open: row.try_get::<Option<bool>, _>("now_open")?.unwrap_or(false),
            is_withdrawn: row.try_get::<Option<bool>, _>("now_withdrawn")?.unwrap_or(false),
            before: (is_known == Some(true)).then_some(before),
        },
        // No staged row: the record is unchanged.
        None => Record {
            now: before.hashes.clone(),
            magnitudes: before.magnitudes.clone(),
            is_open: before.is_open,
            is_withdrawn: false,
            before: (is_known == Some(true)).then_some(before),
        },
    };
    Ok((row.try_get("stream")?, record))
}

fn whole_number(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a count that PostgreSQL gave as an integer")]
    let number = value as i32;
    number
}

/// Stores the measures of a stream, for comparison with later runs.
async fn keep(tx: &mut Transaction<'_, Postgres>, run: RunId, shown: &Shown) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO ingest.run_streams (run, stream, is_whole, seen, valid, unidentified, open_before, kept, measures)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (run, stream) DO UPDATE SET is_whole = excluded.is_whole, seen = excluded.seen, valid = excluded.valid,
            unidentified = excluded.unidentified, open_before = excluded.open_before, kept = excluded.kept, measures = excluded.measures",
        run.uuid(),
        shown.stream,
        shown.is_whole,
        whole_number(shown.seen),
        whole_number(shown.valid),
        whole_number(shown.unidentified),
        whole_number(shown.open_before),
        whole_number(shown.kept),
        serde_json::json!(shown.measures)
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

/// Returns the measures of published runs, newest first. A complete run is compared with complete ones, a partial run
/// with partial ones and, if there are few, with complete ones too. A run that an operator published restarts the
/// history: what it showed is the new normal.
async fn past(
    tx: &mut Transaction<'_, Postgres>,
    scope: &Scope,
    now: &Shown,
) -> Result<Vec<Shown>, StoreError> {
    let rows = sqlx::query!(
        "SELECT m.is_whole, m.seen, m.valid, m.unidentified, m.open_before, m.kept, m.measures
           FROM ingest.runs r, LATERAL (SELECT * FROM ingest.run_streams WHERE run = r.id AND stream = $2 OFFSET 0) m
          WHERE r.state IN ('complete', 'partial') AND r.decision IS DISTINCT FROM 'reverted' AND r.id <> $1
            AND r.mode NOT IN ('pages', 'item', 'replay') AND (r.mode = 'file') = $3 AND (m.is_whole OR NOT $4) AND m.seen > 0
            AND r.source = (SELECT source FROM ingest.runs WHERE id = $1)
            AND r.created_at >= coalesce((SELECT max(a.created_at) FROM ingest.runs a WHERE a.source = r.source AND a.decision = 'published'), '-infinity')
          ORDER BY m.is_whole = $4 DESC, r.created_at DESC LIMIT $5",
        scope.run.uuid(),
        now.stream,
        scope.is_file,
        now.is_whole,
        HISTORY
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let alike = rows.iter().filter(|row| row.is_whole == now.is_whole).count();
    let rows = rows.into_iter().filter(|row| alike < ENOUGH || row.is_whole == now.is_whole);
    let past = rows.map(|row| {
        let measures: Measures = serde_json::from_value(row.measures).unwrap_or_default();
        Shown {
            stream: now.stream.clone(),
            is_whole: row.is_whole,
            seen: row.seen.into(),
            valid: row.valid.into(),
            known: measures.get(KNOWN).copied().unwrap_or(0.0),
            unidentified: row.unidentified.into(),
            open_before: row.open_before.into(),
            kept: row.kept.into(),
            gone: 0.0,
            measures,
        }
    });
    Ok(past.collect())
}

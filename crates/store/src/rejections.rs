//! Rejections and warnings.

use chrono::{DateTime, Utc};
use domain::{Rejection, RunId};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use queue::{storable, storable_json};

use crate::{PageRow, Status, Store, StoreError, error::Doing as _, items::named};

/// How often a run rejected records for one reason.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RejectionCount {
    /// Code of the reason.
    pub code: String,
    /// The value that was rejected most often, if the reason has one.
    pub example: Option<String>,
    /// Number of records.
    pub count: i64,
}

/// A rejected record.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[allow(missing_docs, reason = "the columns of ingest.rejections, documented in migrations/0002_ingest.sql")]
pub struct RejectionRow {
    /// Its number: a later one is greater.
    pub id: i64,
    pub source: String,
    #[schema(value_type = Uuid)]
    pub run: RunId,
    pub page: i64,
    pub url: String,
    pub external_id: Option<String>,
    pub code: String,
    pub detail: Option<String>,
    pub record: Value,
    pub at: DateTime<Utc>,
}

/// How often records of a source were rejected for one reason.
#[derive(Debug, Clone, Serialize)]
pub struct RejectionTotal {
    /// The source.
    pub source: String,
    /// Code of the reason.
    pub code: String,
    /// The value that was rejected most often, if the reason has one.
    pub example: Option<String>,
    /// Number of records. One that several runs rejected counts in each of them.
    pub count: i64,
    /// Number of runs.
    pub runs: i64,
    /// When the first of them was rejected.
    pub first: DateTime<Utc>,
    /// When the last of them was rejected.
    pub last: DateTime<Utc>,
}

/// A loaded opportunity with a warning.
#[derive(Debug, Clone, Serialize)]
pub struct DoubtedRow {
    /// The source.
    pub source: String,
    /// Its identifier there.
    pub external_id: String,
    /// Code of the warning: a value of `domain::quality::Doubt`.
    pub doubt: String,
    /// Its title.
    pub title: String,
    /// Whether it is open or closed.
    pub status: Status,
    /// Address of its page.
    pub url: Option<String>,
    /// The run that created or last changed it.
    pub run: RunId,
}

/// Which rejections to list. What is empty lets every rejection pass.
#[derive(Debug, Clone, Default)]
pub struct WhichRejections {
    /// Those of this source.
    pub source: Option<String>,
    /// Those of this run.
    pub run: Option<RunId>,
    /// Those for this reason.
    pub code: Option<String>,
    /// Those at this time or later.
    pub since: Option<DateTime<Utc>>,
}

impl Store {
    /// Returns rejected records, newest first: at most `limit` with a number below `before`. Also returns how many there are, by reason.
    pub async fn rejections_where(
        &self,
        which: &WhichRejections,
        before: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<RejectionRow>, Vec<RejectionCount>), StoreError> {
        let what = "read the rejections";
        let run = which.run.map(RunId::uuid);
        let rows = sqlx::query_as!(
            RejectionRow,
            r#"SELECT x.id, x.source, x.run AS "run: Uuid", x.page, p.url, x.external_id, x.code, x.detail, x.record, x.at
                 FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page
                WHERE ($1::text IS NULL OR x.source = $1) AND ($2::uuid IS NULL OR x.run = $2) AND ($3::text IS NULL OR x.code = $3)
                  AND ($4::timestamptz IS NULL OR x.at >= $4) AND ($5::bigint IS NULL OR x.id < $5)
                ORDER BY x.id DESC LIMIT $6"#,
            which.source,
            run,
            which.code,
            which.since,
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        let counts = sqlx::query_as!(
            RejectionCount,
            r#"SELECT x.code, mode() WITHIN GROUP (ORDER BY x.detail) AS example, count(*) AS "count!" FROM ingest.rejections x
                WHERE ($1::text IS NULL OR x.source = $1) AND ($2::uuid IS NULL OR x.run = $2) AND ($3::text IS NULL OR x.code = $3)
                  AND ($4::timestamptz IS NULL OR x.at >= $4)
                GROUP BY x.code ORDER BY count(*) DESC, x.code"#,
            which.source,
            run,
            which.code,
            which.since
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        Ok((rows, counts))
    }

    /// Counts the rejections of a run by reason, most frequent first.
    pub async fn rejection_counts(&self, run: RunId) -> Result<Vec<RejectionCount>, StoreError> {
        sqlx::query_as!(
            RejectionCount,
            r#"SELECT code, mode() WITHIN GROUP (ORDER BY detail) AS example, count(*) AS "count!"
                 FROM ingest.rejections WHERE run = $1 GROUP BY code ORDER BY count(*) DESC, code"#,
            run.uuid()
        )
        .fetch_all(&self.pool)
        .await
        .doing("count the rejections of a run")
    }

    /// Counts the warnings of the opportunities that a run created or changed, most frequent first.
    pub async fn doubt_counts(&self, run: RunId) -> Result<Vec<RejectionCount>, StoreError> {
        sqlx::query_as!(
            RejectionCount,
            r#"SELECT d.doubt AS "code!", NULL::text AS example, count(*) AS "count!"
                 FROM ingest.opportunities o, jsonb_array_elements_text(o.quality_parts -> 'doubts') AS d(doubt)
                WHERE o.changed_run = $1 AND o.quality_parts -> 'doubts' <> '[]' GROUP BY d.doubt ORDER BY count(*) DESC, d.doubt"#,
            run.uuid()
        )
        .fetch_all(&self.pool)
        .await
        .doing("count the doubts of a run")
    }

    /// Returns opportunities with warnings, of a source or of a run; open ones first.
    pub async fn doubted(
        &self,
        source: Option<&str>,
        run: Option<RunId>,
        limit: i64,
    ) -> Result<Vec<DoubtedRow>, StoreError> {
        sqlx::query_as!(
            DoubtedRow,
            r#"SELECT o.source, o.external_id, d.doubt AS "doubt!", o.title, o.status AS "status: Status", o.url, o.changed_run AS "run: Uuid"
                 FROM ingest.opportunities o, jsonb_array_elements_text(o.quality_parts -> 'doubts') AS d(doubt)
                WHERE ($1::text IS NULL OR o.source = $1) AND ($2::uuid IS NULL OR o.changed_run = $2)
                  AND o.quality_parts -> 'doubts' <> '[]'
                ORDER BY o.source, o.status DESC, d.doubt, o.external_id LIMIT $3"#,
            source,
            run.map(RunId::uuid),
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the doubts")
    }

    /// Counts the chosen rejections by source and reason, most frequent first in each source.
    pub async fn rejection_totals(&self, which: &WhichRejections) -> Result<Vec<RejectionTotal>, StoreError> {
        sqlx::query_as!(
            RejectionTotal,
            r#"SELECT x.source, x.code, mode() WITHIN GROUP (ORDER BY x.detail) AS example, count(*) AS "count!",
                      count(DISTINCT x.run) AS "runs!", min(x.at) AS "first!", max(x.at) AS "last!"
                 FROM ingest.rejections x
                WHERE ($1::text IS NULL OR x.source = $1) AND ($2::uuid IS NULL OR x.run = $2)
                  AND ($3::timestamptz IS NULL OR x.at >= $3)
                  AND ($2::uuid IS NOT NULL OR $3::timestamptz IS NOT NULL OR x.run IN (
                        SELECT DISTINCT ON (r.source) r.id FROM ingest.runs_now r WHERE r.rejected > 0
                         ORDER BY r.source, r.created_at DESC))
                GROUP BY x.source, x.code ORDER BY x.source, count(*) DESC, x.code"#,
            which.source.as_deref(),
            which.run.map(RunId::uuid),
            which.since
        )
        .fetch_all(&self.pool)
        .await
        .doing("count the rejections")
    }

    /// Returns the newest rejections of a record: by `SOURCE/IDENTIFIER`, or by the address of its page.
    pub async fn rejections_of(&self, words: &str, limit: i64) -> Result<Vec<RejectionRow>, StoreError> {
        let named = named(words);
        sqlx::query_as!(
            RejectionRow,
            r#"SELECT x.id, x.source, x.run AS "run: Uuid", x.page, p.url, x.external_id, x.code, x.detail, x.record, x.at
                 FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page
                WHERE x.source = $1 AND x.external_id = $2
                   OR x.page IN (SELECT v.page FROM ingest.streams s JOIN ingest.visits v
                                     ON v.source = s.source AND v.stream = s.stream AND v.url = $3)
                ORDER BY x.id DESC LIMIT $4"#,
            named.as_ref().map(|(source, _)| source.as_str()),
            named.as_ref().map(|(_, id)| id.as_str()),
            words,
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("look up the rejections of a record")
    }

    /// Returns the chosen rejected records.
    pub async fn rejections(
        &self,
        which: &WhichRejections,
        limit: i64,
    ) -> Result<Vec<RejectionRow>, StoreError> {
        sqlx::query_as!(
            RejectionRow,
            r#"SELECT x.id, x.source, x.run AS "run: Uuid", x.page, p.url, x.external_id, x.code, x.detail, x.record, x.at
                 FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page
                WHERE ($1::text IS NULL OR x.source = $1) AND ($2::uuid IS NULL OR x.run = $2)
                  AND ($4::timestamptz IS NULL OR x.at >= $4)
                  AND ($2::uuid IS NOT NULL OR $4::timestamptz IS NOT NULL OR x.run IN (
                        SELECT DISTINCT ON (r.source) r.id FROM ingest.runs_now r WHERE r.rejected > 0
                         ORDER BY r.source, r.created_at DESC))
                ORDER BY x.source, x.code, x.id LIMIT $3"#,
            which.source.as_deref(),
            which.run.map(RunId::uuid),
            limit,
            which.since
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the rejections")
    }
}

/// Writes the rejections of several pages in one statement.
pub(crate) async fn insert_rejections(
    tx: &mut Transaction<'_, Postgres>,
    pages: &[(&PageRow, &[Rejection])],
) -> Result<(), StoreError> {
    let all = || pages.iter().flat_map(|(page, rejections)| rejections.iter().map(move |one| (*page, one)));
    if all().next().is_none() {
        return Ok(());
    }
    let text = |text: &str| storable(text).into_owned();
    let runs: Vec<Uuid> = all().map(|(page, _)| page.run.uuid()).collect();
    let ids: Vec<i64> = all().map(|(page, _)| page.id).collect();
    let sources: Vec<&str> = all().map(|(page, _)| page.source.as_str()).collect();
    let records_of: Vec<Option<String>> =
        all().map(|(_, one)| one.external_id.as_deref().map(text)).collect();
    let codes: Vec<&str> = all().map(|(_, one)| one.reason.code()).collect();
    let details: Vec<Option<String>> = all().map(|(_, one)| one.reason.detail().map(text)).collect();
    let records: Vec<Value> = all().map(|(_, one)| storable_json(one.record.clone())).collect();
    sqlx::query!(
        "INSERT INTO ingest.rejections (run, page, source, external_id, code, detail, record)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])",
        &runs,
        &ids,
        &sources as &[&str],
        &records_of as &[Option<String>],
        &codes as &[&str],
        &details as &[Option<String>],
        &records
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing("keep the rejections")
}

//! Pages: the archived answers, and the jobs that parse them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Rejection, RunId, SourceSlug};
use queue::{Lease, storable_json};
use serde_json::Value;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{
    Mode, PageRole, PageState, Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
    rejections::insert_rejections,
    reuse::read_next,
    visits::{Visit, due_now, visited},
};

/// An answer in the archive.
#[derive(Debug, Clone)]
pub struct Archived {
    /// HTTP status.
    pub status: u16,
    /// The headers that parsing needs, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// Key of the body in the archive.
    pub archive_key: String,
    /// Digest of the body.
    pub sha256: [u8; 32],
    /// Length of the body.
    pub bytes: u64,
    /// When it was fetched.
    pub fetched_at: DateTime<Utc>,
    /// Requests that were sent to the partner for it.
    pub requests: u32,
    /// `ETag`, for the next request.
    pub etag: Option<String>,
    /// `Last-Modified`, for the next request.
    pub last_modified: Option<String>,
}

impl Archived {
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str())
    }

    pub(crate) fn status_i16(&self) -> i16 {
        i16::try_from(self.status).unwrap_or(i16::MAX)
    }

    pub(crate) fn requests(&self) -> i32 {
        i32::try_from(self.requests).unwrap_or(i32::MAX)
    }

    pub(crate) fn size(&self) -> i64 {
        i64::try_from(self.bytes).unwrap_or(i64::MAX)
    }
}

/// A list page or a file that is archived and not stored in `ingest.pages` yet.
#[derive(Debug)]
pub struct NewListPage<'a> {
    /// Its run.
    pub run: RunId,
    /// Its source.
    pub source: &'a SourceSlug,
    /// Its stream.
    pub stream: &'a str,
    /// Its position in the crawl, from 0.
    pub ordinal: u32,
    /// The requested address.
    pub url: &'a str,
    /// The request, with which an interrupted crawl continues.
    pub request: Value,
    /// How many of its records to load, if the run has a limit.
    pub take: Option<i32>,
    /// Whether it is a file.
    pub is_file: bool,
    /// The records it shows, each as the first 64 bits of a digest.
    pub shown: &'a [i64],
    /// The total number of records in the list, as the page gives it.
    pub promised: Option<u64>,
    /// Versions of source file and program. If both have parsed the same bytes before, the page is not parsed again.
    pub read_by: &'a str,
    /// The answer.
    pub archived: &'a Archived,
}

/// A stored page, with what parsing needs to know about its run.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns of ingest.pages, documented in migrations/0002_ingest.sql")]
pub struct PageRow {
    pub id: i64,
    pub run: RunId,
    pub source: String,
    pub mode: Mode,
    pub stream: String,
    pub role: PageRole,
    pub ordinal: i32,
    pub url: String,
    pub request: Value,
    pub take: Option<i32>,
    pub state: PageState,
    pub status: Option<i16>,
    pub headers: Option<Value>,
    pub archive_key: Option<String>,
    pub sha256: Option<Vec<u8>>,
    pub bytes: Option<i64>,
    pub parts: i32,
    pub replaces_newer: bool,
    pub fetched_at: Option<DateTime<Utc>>,
}

impl PageRow {
    /// Returns whether detail pages of a replay may wait for this page.
    pub(crate) fn is_list_of_replay(&self) -> bool {
        self.mode == Mode::Replay && self.role != PageRole::Detail
    }

    /// Returns the page with the answer that was fetched for it.
    #[must_use]
    pub fn with(self, kept: &Archived) -> Self {
        Self {
            status: Some(kept.status_i16()),
            headers: Some(headers(kept)),
            archive_key: Some(kept.archive_key.clone()),
            sha256: Some(kept.sha256.to_vec()),
            bytes: Some(kept.size()),
            fetched_at: Some(kept.fetched_at),
            ..self
        }
    }
}

/// What an earlier request to an address left.
#[derive(Debug, Clone)]
pub struct Validator {
    /// `ETag` of the answer.
    pub etag: Option<String>,
    /// `Last-Modified` of the answer.
    pub last_modified: Option<String>,
    /// The archived answer.
    pub archived: Archived,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "enter a page";

impl Store {
    /// Returns a page by its id.
    pub async fn page(&self, id: i64) -> Result<PageRow, StoreError> {
        let row = self.pages(&[id]).await?.pop();
        row.ok_or_else(|| StoreError::Missing(format!("page {id}")))
    }

    /// Returns those of these pages that there are, in any order.
    pub async fn pages(&self, ids: &[i64]) -> Result<Vec<PageRow>, StoreError> {
        sqlx::query_as!(
            PageRow,
            r#"SELECT p.id, p.run AS "run: Uuid", r.source, r.mode AS "mode: Mode", p.stream, p.role AS "role: PageRole", p.ordinal, p.url, p.request, p.take,
                      p.state AS "state: PageState", p.status, p.headers, p.archive_key, p.sha256, p.bytes, p.parts, r.replay_of IS NOT NULL AS "replaces_newer!", p.fetched_at
                 FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run WHERE p.id = ANY($1)"#,
            ids
        )
        .fetch_all(&self.pool)
        .await
        .doing("read a page")
    }

    /// Returns the last archived list page of a stream in a run: an interrupted crawl continues there.
    pub async fn last_list_page(&self, run: RunId, stream: &str) -> Result<Option<PageRow>, StoreError> {
        sqlx::query_as!(
            PageRow,
            r#"SELECT p.id, p.run AS "run: Uuid", r.source, r.mode AS "mode: Mode", p.stream, p.role AS "role: PageRole", p.ordinal, p.url, p.request, p.take,
                      p.state AS "state: PageState", p.status, p.headers, p.archive_key, p.sha256, p.bytes, p.parts, r.replay_of IS NOT NULL AS "replaces_newer!", p.fetched_at
                 FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run
                WHERE p.run = $1 AND p.stream = $2 AND p.role = 'list' ORDER BY p.ordinal DESC LIMIT 1"#,
            run.uuid(),
            stream
        )
        .fetch_optional(&self.pool)
        .await
        .doing("find where a walk stopped")
    }

    /// Stores an archived list page, and enqueues its parsing. A second call for the same page has no effect.
    pub async fn list_page_archived(&self, lease: Lease, page: &NewListPage<'_>) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.check(&mut tx).await?;
        let kept = page.archived;
        let id = sqlx::query_scalar!(
            "INSERT INTO ingest.pages (run, stream, role, ordinal, url, request, take, state, status, content_type,
                    headers, archive_key, sha256, bytes, fetched_at, shown, requests, promised)
             VALUES ($1, $2, CASE WHEN $14 THEN 'file' ELSE 'list' END, $3, $4, $5, $6, 'archived', $7, $8, $9, $10, $11,
                     $12, $13, $15, $16, $17)
             ON CONFLICT DO NOTHING RETURNING id",
            page.run.uuid(),
            page.stream,
            i32::try_from(page.ordinal).unwrap_or(i32::MAX),
            page.url,
            storable_json(page.request.clone()),
            page.take,
            kept.status_i16(),
            kept.content_type(),
            headers(kept),
            kept.archive_key,
            &kept.sha256,
            kept.size(),
            kept.fetched_at,
            page.is_file,
            page.shown,
            kept.requests(),
            page.promised.map(|total| i64::try_from(total).unwrap_or(i64::MAX))
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(WHAT)?;
        if let Some(id) = id {
            remember(&mut tx, [(page.source.as_str(), page.url, kept)]).await?;
            read_next(&mut tx, &[id], page.source.as_str(), page.read_by).await?;
            lease.progressed(&mut tx).await?;
        }
        commit(tx, Step::EnterListPage, WHAT).await
    }

    /// Stores the answer for a detail page, enqueues its parsing, and ends the job that fetched it. `visit`: when it is due again
    /// if it need not be parsed; otherwise its parsing tells.
    pub async fn detail_archived(
        &self,
        lease: Lease,
        (page, kept): (&PageRow, &Archived),
        visit: &Visit,
        read_by: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.settle(&mut tx).await?;
        self.enter_detail(&mut tx, page, kept).await?;
        remember(&mut tx, [(&*page.source, &*page.url, kept)]).await?;
        if !read_next(&mut tx, &[page.id], &page.source, read_by).await?.is_empty() {
            visited(&mut tx, &[(page.id, visit)]).await?;
        }
        commit(tx, Step::EnterDetail, WHAT).await?;
        self.close_if_parsed(page.run).await;
        Ok(())
    }

    async fn enter_detail(
        &self,
        tx: &mut Transaction<'_, Postgres>,
        page: &PageRow,
        kept: &Archived,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE ingest.pages SET state = 'archived', status = $2, content_type = $3, headers = $4,
                    archive_key = $5, sha256 = $6, bytes = $7, fetched_at = $8, requests = $9 WHERE id = $1",
            page.id,
            kept.status_i16(),
            kept.content_type(),
            headers(kept),
            kept.archive_key,
            &kept.sha256,
            kept.size(),
            kept.fetched_at,
            kept.requests()
        )
        .execute(&mut **tx)
        .await
        .map(drop)
        .doing(WHAT)
    }

    /// Returns whether an address is the page of another record of the run than that of `page`.
    pub async fn is_anothers_page(&self, page: &PageRow, address: &str) -> Result<bool, StoreError> {
        sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM ingest.pages WHERE run = $1 AND role = 'detail' AND url = $2 AND id <> $3) AS "is!""#,
            page.run.uuid(),
            address,
            page.id
        )
        .fetch_one(&self.pool)
        .await
        .doing("find the record of a page")
    }

    /// Marks a detail page that does not show its record, and rejects the record with that reason. `status`: what the page
    /// answered. Of 410 at once, of 404 in the second complete run, the record is closed.
    pub async fn detail_gone(
        &self,
        lease: Lease,
        page: &PageRow,
        (status, visit): (u16, &Visit),
        rejection: Rejection,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        lease.settle(&mut tx).await?;
        due_now(&mut tx, (&page.source, &page.stream), &visit.url).await?;
        sqlx::query!(
            "UPDATE ingest.pages SET state = 'gone', status = $2, records = 1, rejected = 1, requests = 1, fetched_at = now() WHERE id = $1",
            page.id,
            i16::try_from(status).unwrap_or(i16::MAX)
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
        insert_rejections(&mut tx, &[(page, std::slice::from_ref(&rejection))]).await?;
        commit(tx, Step::DetailGone, WHAT).await?;
        self.close_if_parsed(page.run).await;
        Ok(())
    }

    /// Returns the validators that earlier requests left, for each source and address in their order.
    pub async fn validators(
        &self,
        asked: &[(SourceSlug, String)],
    ) -> Result<Vec<Option<Validator>>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT a.place AS "place!", v.etag, v.last_modified, v.archive_key, v.sha256, v.bytes, v.status, v.headers
                 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS a (source, url, place)
                 JOIN ingest.validators v ON v.source = a.source AND v.url = a.url"#,
            &asked.iter().map(|(source, _)| source.to_string()).collect::<Vec<_>>(),
            &asked.iter().map(|(_, url)| url.clone()).collect::<Vec<_>>()
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the validators of a page")?;
        let mut found = vec![None; asked.len()];
        for row in rows {
            let validator = || {
                let archived = Archived {
                    status: u16::try_from(row.status).ok()?,
                    headers: serde_json::from_value(row.headers).unwrap_or_default(),
                    archive_key: row.archive_key,
                    sha256: row.sha256.try_into().ok()?,
                    bytes: u64::try_from(row.bytes).ok()?,
                    fetched_at: DateTime::UNIX_EPOCH,
                    requests: 1,
                    etag: row.etag.clone(),
                    last_modified: row.last_modified.clone(),
                };
                Some(Validator { etag: row.etag, last_modified: row.last_modified, archived })
            };
            if let Some(place) = found.get_mut(usize::try_from(row.place - 1).unwrap_or(usize::MAX)) {
                *place = validator();
            }
        }
        Ok(found)
    }
}

/// Stores the validators of answers, each with its source and address.
pub(crate) async fn remember<'a>(
    tx: &mut Transaction<'_, Postgres>,
    answers: impl IntoIterator<Item = (&'a str, &'a str, &'a Archived)>,
) -> Result<(), StoreError> {
    // Of two answers for one address, the later one counts. In one order, transactions wait for each other instead of
    // deadlocking.
    let kept: BTreeMap<(&str, &str), Value> = answers
        .into_iter()
        .filter(|(_, _, kept)| kept.etag.is_some() || kept.last_modified.is_some())
        .map(|(source, url, kept)| ((source, url), validators(source, url, kept)))
        .collect();
    if kept.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO ingest.validators (source, url, etag, last_modified, archive_key, sha256, bytes, status, content_type, headers)
         SELECT * FROM jsonb_to_recordset($1) AS v (source text, url text, etag text, last_modified text, archive_key text,
                sha256 bytea, bytes bigint, status smallint, content_type text, headers jsonb)
         ON CONFLICT (source, url) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
            archive_key = excluded.archive_key, sha256 = excluded.sha256, bytes = excluded.bytes,
            status = excluded.status, content_type = excluded.content_type, headers = excluded.headers",
        Value::Array(kept.into_values().collect())
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

fn validators(source: &str, url: &str, kept: &Archived) -> Value {
    serde_json::json!({
        "source": source, "url": url, "etag": kept.etag, "last_modified": kept.last_modified,
        "archive_key": kept.archive_key, "sha256": format!("\\x{}", hex::encode(kept.sha256)), "bytes": kept.size(),
        "status": kept.status_i16(), "content_type": kept.content_type(), "headers": headers(kept),
    })
}

/// The headers of an answer, as they are stored.
pub(crate) fn headers(kept: &Archived) -> Value {
    serde_json::json!(kept.headers)
}

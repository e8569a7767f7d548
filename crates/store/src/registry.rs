//! The registry of source files: each version that was in force, and the one that is.
//!
//! The newest row of a source is in force for every worker and every command. Workers bring the files of their program and of
//! their folder: such a file becomes a new version when it differs from the last one that a worker brought. So a file that an
//! operator applied stays in force until the file of the workers itself changes (docs/decisions/0027-one-registry.md).

use chrono::{DateTime, Utc};
use domain::SourceSlug;
use serde::Serialize;
use sqlx::{Postgres, Transaction};

use crate::{
    FileOrigin, SourceRow, Store, StoreError,
    actions::record,
    error::Doing as _,
    failpoint::{Step, commit},
    sources::{switch, write},
};

/// A version of a source file.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FileVersion {
    /// Its number: a later one has a greater number.
    pub id: i64,
    /// The source.
    pub source: String,
    /// SHA-256 of the file, in hexadecimal.
    pub version: String,
    /// Where it came from.
    pub origin: FileOrigin,
    /// Who brought it: a user, `token NAME`, or a host.
    pub by: String,
    /// Since when it was in force.
    pub at: DateTime<Utc>,
    /// What changed, in a line.
    pub note: Option<String>,
    /// Whether this row says that the file is gone.
    pub is_gone: bool,
}

/// The version of a source file that is in force.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FileInForce {
    /// The version.
    #[serde(flatten)]
    pub version: FileVersion,
    /// Its text; none if the file is gone.
    #[serde(skip)]
    pub file: Option<String>,
    /// The newest version that a worker brought, if there is one.
    pub base_version: Option<String>,
    /// Where that one came from.
    pub base_origin: Option<FileOrigin>,
}

impl FileInForce {
    /// Returns whether the workers themselves have another file than the one in force.
    pub fn differs_from_base(&self) -> bool {
        self.base_version.as_ref().is_some_and(|base| *base != self.version.version)
    }
}

/// A source file to bring into the registry.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// What it says of the source.
    pub row: SourceRow,
    /// Where it came from.
    pub origin: FileOrigin,
    /// Its text.
    pub file: String,
    /// Who brings it.
    pub by: String,
    /// What changed, in a line.
    pub note: Option<String>,
}

/// Source files that a worker cannot use.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RefusedFiles {
    /// Its host.
    pub host: String,
    /// Its process.
    pub pid: i32,
    /// What is wrong with which file.
    pub why: String,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "write the registry of source files";

impl Store {
    /// Returns the files in force, by source.
    pub async fn files_in_force(&self) -> Result<Vec<FileInForce>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT f.id, f.source, f.version, f.origin AS "origin: FileOrigin", f.by, f.at, f.note, f.file,
                      b.version AS "base_version?", b.origin AS "base_origin?: FileOrigin"
                 FROM ingest.sources s
                 JOIN LATERAL (SELECT * FROM ingest.source_files n WHERE n.source = s.slug ORDER BY n.id DESC LIMIT 1) f ON true
                 LEFT JOIN LATERAL (SELECT n.version, n.origin FROM ingest.source_files n
                                     WHERE n.source = s.slug AND n.origin <> 'applied' AND n.file IS NOT NULL ORDER BY n.id DESC LIMIT 1) b ON true
                ORDER BY f.source"#
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the registry of source files")?;
        let files = rows.into_iter().map(|row| FileInForce {
            version: FileVersion {
                id: row.id,
                source: row.source,
                version: row.version,
                origin: row.origin,
                by: row.by,
                at: row.at,
                note: row.note,
                is_gone: row.file.is_none(),
            },
            file: row.file,
            base_version: row.base_version,
            base_origin: row.base_origin,
        });
        Ok(files.collect())
    }

    /// Returns the number of the newest version of any file: it moves with each change of the registry.
    pub async fn registry_head(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar!(r#"SELECT coalesce(max(id), 0) AS "head!" FROM ingest.source_files"#)
            .fetch_one(&self.pool)
            .await
            .doing("look whether source files changed")
    }

    /// Returns the versions of a source file, newest first, at most `limit`.
    pub async fn file_versions(
        &self,
        source: &SourceSlug,
        limit: i64,
    ) -> Result<Vec<FileVersion>, StoreError> {
        sqlx::query_as!(
            FileVersion,
            r#"SELECT id, source, version, origin AS "origin: FileOrigin", by, at, note, file IS NULL AS "is_gone!"
                 FROM ingest.source_files WHERE source = $1 ORDER BY id DESC LIMIT $2"#,
            source.as_str(),
            limit
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the versions of a source file")
    }

    /// Returns the text of the version whose digest begins so, and the whole digest. Without one: the version that
    /// came into force before the one that is, by when each first did. So twice leads two versions back, not forth again.
    pub async fn earlier_file(
        &self,
        source: &SourceSlug,
        version: Option<&str>,
    ) -> Result<Option<(String, String)>, StoreError> {
        let row = sqlx::query!(
            r#"WITH versions AS (
                 SELECT version, min(id) AS first, max(id) FILTER (WHERE file IS NOT NULL) AS newest
                   FROM ingest.source_files WHERE source = $1 GROUP BY version),
               now AS (SELECT version FROM ingest.source_files WHERE source = $1 ORDER BY id DESC LIMIT 1)
               SELECT f.version, f.file AS "file!" FROM versions v JOIN ingest.source_files f ON f.id = v.newest
                WHERE CASE WHEN $2::text IS NULL THEN v.first < (SELECT first FROM versions JOIN now USING (version))
                      ELSE starts_with(v.version, $2) END
                ORDER BY v.first DESC LIMIT 1"#,
            source.as_str(),
            version
        )
        .fetch_optional(&self.pool)
        .await
        .doing("read an earlier source file")?;
        Ok(row.map(|row| (row.version, row.file)))
    }

    /// Brings the files of a worker. One becomes a new version if it differs from the last one that a worker brought, or if there is
    /// none; `is_guest`: of a built-in file only if there is none. Returns the sources whose file in force changed.
    pub async fn bring_files(&self, files: &[NewFile], is_guest: bool) -> Result<Vec<String>, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        one_at_a_time(&mut tx).await?;
        let mut changed = Vec::new();
        for new in files {
            let is_new = sqlx::query_scalar!(
                r#"SELECT coalesce((SELECT (n.version <> $2 OR n.file IS NULL) AND NOT ($4 AND $3 = 'builtin') FROM ingest.source_files n
                                     WHERE n.source = $1 AND n.origin <> 'applied' ORDER BY n.id DESC LIMIT 1),
                                   NOT EXISTS (SELECT FROM ingest.source_files n WHERE n.source = $1 AND ($4 OR n.version = $2))) AS "new!""#,
                new.row.slug.as_str(),
                new.row.spec_version,
                new.origin.as_str(),
                is_guest
            )
            .fetch_one(&mut *tx)
            .await
            .doing(WHAT)?;
            if !is_new {
                continue;
            }
            write(&mut tx, &new.row).await?;
            if !is_guest {
                switch(&mut tx, &new.row).await?;
            }
            insert(&mut tx, new).await?;
            changed.push(new.row.slug.to_string());
        }
        commit(tx, Step::RegisterSources, WHAT).await?;
        Ok(changed)
    }

    /// Notes that the files of these sources are gone from where workers had them.
    pub async fn files_gone(&self, sources: &[String], by: &str) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        one_at_a_time(&mut tx).await?;
        sqlx::query!(
            "INSERT INTO ingest.source_files (source, version, origin, by, note)
             SELECT n.source, n.version, n.origin, $2, 'the file is gone'
               FROM unnest($1::text[]) AS s (slug),
                    LATERAL (SELECT * FROM ingest.source_files n WHERE n.source = s.slug AND n.origin <> 'applied' ORDER BY n.id DESC LIMIT 1) n
              WHERE n.file IS NOT NULL",
            sources,
            by
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
        commit(tx, Step::RegisterSources, WHAT).await
    }

    /// Forgets a source that nobody visits any more: no file of it is in force, and no opportunity is of it. Its runs, pages and rejections go
    /// with it.
    pub async fn forget_source(&self, source: &SourceSlug, by: &str) -> Result<(), StoreError> {
        let what = "forget a source";
        let mut tx = self.pool.begin().await.doing(what)?;
        one_at_a_time(&mut tx).await?;
        let row = sqlx::query!(
            r#"SELECT s.enabled, (SELECT f.file FROM ingest.source_files f WHERE f.source = s.slug ORDER BY f.id DESC LIMIT 1) IS NOT NULL AS "has_file!",
                      (SELECT count(*) FROM ingest.opportunities o WHERE o.source = s.slug) AS "rows!",
                      EXISTS (SELECT FROM queue.jobs j JOIN queue.lanes l ON l.lane = j.lane WHERE l.subject = s.slug AND j.state = 'running') AS "is_busy!"
                 FROM ingest.sources s WHERE s.slug = $1 FOR UPDATE"#,
            source.as_str()
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(what)?
        .ok_or_else(|| StoreError::Missing(format!("source {source} in the database")))?;
        if row.enabled || row.has_file || row.rows > 0 || row.is_busy {
            let message = match (row.rows, row.is_busy) {
                (0, false) => format!("source {source} has a file in force"),
                (0, true) => format!("source {source} has jobs that run"),
                (rows, _) => format!("{rows} opportunities are of source {source}"),
            };
            let hint = "Only a source without file, jobs and opportunities is forgotten; `oim-etl sources pause` stops one";
            return Err(StoreError::Refused { message, hint: Some(hint.to_owned()) });
        }
        for statement in FORGET {
            sqlx::query(statement).bind(source.as_str()).execute(&mut *tx).await.doing(what)?;
        }
        record(&mut tx, by, "forget", source.as_str(), None).await?;
        tx.commit().await.doing(what)
    }

    /// Notes why a worker cannot use some source files; `None`: it can use all.
    pub async fn note_refused_files(
        &self,
        worker: queue::WorkerId,
        why: Option<&str>,
    ) -> Result<(), StoreError> {
        let what = "note which source files cannot be used";
        let why = why.map(queue::storable);
        sqlx::query!(
            "DELETE FROM ingest.refused_files WHERE worker = $1 AND $2::text IS NULL",
            worker.uuid(),
            why.as_deref()
        )
        .execute(&self.pool)
        .await
        .doing(what)?;
        sqlx::query!(
            "INSERT INTO ingest.refused_files (worker, why) SELECT w.id, left($2::text, 2000) FROM queue.workers w WHERE w.id = $1 AND $2::text IS NOT NULL
             ON CONFLICT (worker) DO UPDATE SET why = excluded.why, at = now()",
            worker.uuid(),
            why.as_deref()
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing(what)
    }

    /// Returns the hosts of living workers that cannot use some source files, with the reasons.
    pub async fn refused_files(&self) -> Result<Vec<RefusedFiles>, StoreError> {
        sqlx::query_as!(
            RefusedFiles,
            "SELECT w.host, w.pid, r.why, r.at FROM ingest.refused_files r JOIN queue.workers w ON w.id = r.worker ORDER BY w.host, w.pid"
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the source files that cannot be used")
    }

    /// Puts a file in force that an operator applies. `action`: `apply_file` or `rollback_file`, for the record of actions. Returns
    /// whether it was another one before.
    pub async fn apply_file(&self, new: &NewFile, action: &'static str) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        one_at_a_time(&mut tx).await?;
        let is_same = sqlx::query_scalar!(
            r#"SELECT version = $2 AND file IS NOT NULL AS "same!" FROM ingest.source_files WHERE source = $1 ORDER BY id DESC LIMIT 1"#,
            new.row.slug.as_str(),
            new.row.spec_version
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(WHAT)?;
        if is_same == Some(true) {
            return Ok(false);
        }
        write(&mut tx, &new.row).await?;
        insert(&mut tx, new).await?;
        let note = new.note.as_deref().unwrap_or("a new source");
        let detail = format!("{}: {note}", new.row.spec_version.get(..12).unwrap_or_default());
        record(&mut tx, &new.by, action, new.row.slug.as_str(), Some(&detail)).await?;
        tx.commit().await.doing(WHAT)?;
        Ok(true)
    }
}

/// What belongs to a source, in an order in which nothing refers to what is gone.
const FORGET: [&str; 11] = [
    "DELETE FROM queue.dead_letters d USING queue.lanes l WHERE l.lane = d.lane AND l.subject = $1",
    "DELETE FROM queue.jobs j USING queue.lanes l WHERE l.lane = j.lane AND l.subject = $1",
    "DELETE FROM queue.lanes WHERE subject = $1",
    "DELETE FROM ingest.visits WHERE source = $1",
    "DELETE FROM ingest.validators WHERE source = $1",
    "DELETE FROM ingest.daily_requests WHERE source = $1",
    "DELETE FROM ingest.runs WHERE source = $1",
    "DELETE FROM ingest.streams WHERE source = $1",
    "DELETE FROM ingest.silences WHERE source = $1",
    "DELETE FROM ingest.source_files WHERE source = $1",
    "DELETE FROM ingest.sources WHERE slug = $1",
];

/// Two that write the registry at once would not see each other's version.
async fn one_at_a_time(tx: &mut Transaction<'_, Postgres>) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_xact_lock(7262346)").execute(&mut **tx).await.map(drop).doing(WHAT)
}

async fn insert(tx: &mut Transaction<'_, Postgres>, new: &NewFile) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO ingest.source_files (source, version, origin, file, by, note) VALUES ($1, $2, $3, $4, $5, left($6, 500))",
        new.row.slug.as_str(),
        new.row.spec_version,
        new.origin.as_str(),
        new.file,
        new.by,
        new.note
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}

//! Stored rows that an older source file or older rules have read.

use domain::{DraftDigest, RunId, SourceSlug};
use serde::Serialize;

use crate::{Store, StoreError, error::Doing as _};

/// Which archived pages a replay parses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed<'a> {
    /// The newest archived answers of the source.
    Newest,
    /// The pages of one run.
    Run(RunId),
    /// The newest pages of rows that other versions than `read_by` have read.
    Stale {
        /// Versions of the source file and of the rules, as they are now.
        read_by: &'a str,
    },
}

impl From<Option<RunId>> for Replayed<'_> {
    fn from(run: Option<RunId>) -> Self {
        run.map_or(Self::Newest, Self::Run)
    }
}

/// The rows of a source that an older source file or older rules have read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stale {
    /// The source.
    pub source: String,
    /// How many stored rows.
    pub rows: i64,
    /// How many archived pages show them.
    pub pages: i64,
}

impl Store {
    /// Returns the sources with rows that an older source file or older rules have read. `versions`: each source with the
    /// versions of its file and of the rules as they are now.
    pub async fn stale(&self, versions: &[(SourceSlug, String)]) -> Result<Vec<Stale>, StoreError> {
        let sources: Vec<String> = versions.iter().map(|(source, _)| source.to_string()).collect();
        let readers: Vec<String> = versions.iter().map(|(_, read_by)| read_by.clone()).collect();
        let marks: Vec<Vec<u8>> = readers.iter().map(|reader| DraftDigest::mark(reader).to_vec()).collect();
        sqlx::query_as!(
            Stale,
            r#"SELECT v.source AS "source!", sum(cardinality(s.rows))::bigint AS "rows!", count(*) AS "pages!"
                 FROM unnest($1::text[], $2::text[], $3::bytea[]) AS v(source, read_by, mark),
                      ingest.stale_pages(v.source, v.read_by, v.mark) s
                GROUP BY v.source ORDER BY v.source"#,
            &sources,
            &readers,
            &marks
        )
        .fetch_all(&self.pool)
        .await
        .doing("count the rows that older rules have read")
    }
}

//! `pages = { kind = … }`

use schemars::JsonSchema;
use serde::Deserialize;

/// How a list continues: `pages = { kind = … }`. With every kind, a crawl also ends at a page without records, and at a
/// page that shows nothing new. A run closes what it did not see only if the ending proves that the list is whole: the
/// `total` is reached, a page is short, no next page is linked, a page behind the end repeats earlier ones, or the list
/// has one page. A `total` that is not reached, a second page that repeats the first, a linked page that shows nothing
/// new, and a linked page without records prove nothing: the run is partial.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Pages {
    /// The list has one page.
    Single {
        /// The total number of records: a path, or a CSS selector. Separators and words around the number are ignored.
        total: Option<String>,
    },
    /// Pages are numbered.
    Number {
        /// The parameter.
        param: String,
        /// Number of the first page. Default: `0`.
        #[serde(default)]
        first: u64,
        /// Records on a full page: a page with fewer is the last one, unless `total` is higher
        /// or it is the first.
        size: Option<u64>,
        /// The parameter that requests `size` records.
        size_param: Option<String>,
        /// The total number of records: a path, or a CSS selector. Separators and words around the number are ignored.
        total: Option<String>,
        /// Whether the list shows some records twice, and `total` counts them twice. Default: `false`.
        #[serde(default)]
        repeats: bool,
        /// The link to the next page (a CSS selector, or a path): the crawl continues as long as a page has one.
        next: Option<String>,
    },
    /// Records are requested as `first-last`, as in France Travail's API. Status 206 with `Content-Range` gives the
    /// total.
    Range {
        /// The parameter.
        param: String,
        /// Records per request.
        size: u64,
    },
    /// `limit` records are requested from `offset` on.
    Offset {
        /// The parameter for the position of the first record.
        offset: String,
        /// The parameter for the number of records.
        limit: String,
        /// Records per request.
        size: u64,
        /// The total number of records: a path, or a CSS selector. Separators and words around the number are ignored.
        total: Option<String>,
        /// Whether the list shows some records twice, and `total` counts them twice. Default: `false`.
        #[serde(default)]
        repeats: bool,
    },
    /// Each page contains a cursor that requests the next page.
    Cursor {
        /// The parameter.
        param: String,
        /// Path of the cursor in the page.
        cursor: String,
        /// The total number of records: a path. If the last page has a cursor too and an empty page follows, only
        /// `total` proves that the list is whole.
        total: Option<String>,
    },
    /// Each page links to the next one.
    NextLink {
        /// The link: a CSS selector, or a path.
        link: String,
        /// The total number of records: a path, or a CSS selector. Separators and words around the number are ignored.
        total: Option<String>,
    },
    /// Each answer links to the next page in its `Link` header with `rel="next"` (RFC 8288).
    LinkHeader {
        /// The total number of records: a path, or a CSS selector. Separators and words around the number are ignored.
        total: Option<String>,
    },
}

impl Default for Pages {
    fn default() -> Self {
        Self::Single { total: None }
    }
}

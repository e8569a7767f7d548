//! `pages = { kind = … }`

use schemars::JsonSchema;
use serde::Deserialize;

/// How a list continues: `pages = { kind = … }`. Whatever the kind, a crawl also ends at a page without records and at one
/// that shows what an earlier page showed. Only an ending that proves the list whole lets a run close what it did not see:
/// the `total` is reached, a page is short, no next page is linked, or the list has one page. A `total` that is not
/// reached, a page that repeats, and a linked page without records prove nothing: the run is partial.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Pages {
    /// There is one page.
    Single {
        /// The number of records in all: a path, or a CSS selector. Separators and words around it are ignored.
        total: Option<String>,
    },
    /// Pages are counted.
    Number {
        /// The parameter.
        param: String,
        /// The number of the first page.
        #[serde(default)]
        first: u64,
        /// Records on a full page: a page with fewer is the last one, unless `total` says more.
        size: Option<u64>,
        /// The parameter that asks for `size` records.
        size_param: Option<String>,
        /// The number of records in all: a path, or a CSS selector. Separators and words around it are ignored.
        total: Option<String>,
        /// Whether the list shows some records twice, and `total` counts them twice.
        #[serde(default)]
        repeats: bool,
        /// The link to the next page (a CSS selector, or a path): as long as there is one, the crawl continues.
        next: Option<String>,
    },
    /// Records are counted, `first-last`, as in France Travail's API; 206 with `Content-Range` tells the total.
    Range {
        /// The parameter.
        param: String,
        /// Records asked for at once.
        size: u64,
    },
    /// Records are counted: from `offset`, `limit` of them.
    Offset {
        /// The parameter of the first record.
        offset: String,
        /// The parameter of how many.
        limit: String,
        /// How many.
        size: u64,
        /// The number of records in all: a path, or a CSS selector. Separators and words around it are ignored.
        total: Option<String>,
        /// Whether the list shows some records twice, and `total` counts them twice.
        #[serde(default)]
        repeats: bool,
    },
    /// Each page names a word that asks for the next one.
    Cursor {
        /// The parameter.
        param: String,
        /// Path of the word in the page.
        cursor: String,
        /// The number of records in all: a path. Where the last page has a cursor too and an empty page follows, only
        /// this proves that the list is whole.
        total: Option<String>,
    },
    /// Each page links to the next one.
    NextLink {
        /// The link: a CSS selector, or a path.
        link: String,
        /// The number of records in all: a path, or a CSS selector. Separators and words around it are ignored.
        total: Option<String>,
    },
    /// The `Link` header with `rel="next"` (RFC 8288).
    LinkHeader {
        /// The number of records in all: a path, or a CSS selector. Separators and words around it are ignored.
        total: Option<String>,
    },
}

impl Default for Pages {
    fn default() -> Self {
        Self::Single { total: None }
    }
}

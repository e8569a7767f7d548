//! `pages = { kind = … }`

use schemars::JsonSchema;
use serde::Deserialize;

/// How a list goes on: `pages = { kind = … }`. Whatever the kind, a walk also ends at a page without records and at one
/// that shows what an earlier page showed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Pages {
    /// There is one page.
    #[default]
    Single,
    /// Pages are counted.
    Number {
        /// The parameter.
        param: String,
        /// The number of the first page.
        #[serde(default)]
        first: u64,
        /// Records on a full page: a page with fewer is the last one.
        size: Option<u64>,
        /// The parameter that asks for `size` records.
        size_param: Option<String>,
        /// Path of the number of records in all.
        total: Option<String>,
        /// The link to the next page (a CSS selector, or a path): as long as there is one, the walk goes on.
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
        /// Path of the number of records in all.
        total: Option<String>,
    },
    /// Each page names a word that asks for the next one.
    Cursor {
        /// The parameter.
        param: String,
        /// Path of the word in the page.
        cursor: String,
    },
    /// Each page links to the next one.
    NextLink {
        /// The link: a CSS selector, or a path.
        link: String,
    },
    /// The `Link` header with `rel="next"` (RFC 8288).
    LinkHeader,
}

//! How to parse a page: its format, where the records are, and their fields.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_spanned::Spanned;

use super::{super::form::RawForm, RawFields};

/// The format of a page: `format = "html"`. A gzipped page of any format is unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// One JSON document. Small errors such as trailing commas are repaired, and noted on the page.
    #[default]
    Json,
    /// One JSON document per line. A line that is not JSON is rejected alone.
    Ndjson,
    /// XML, including RSS and Atom. Attributes are `@name`, and the text next to them is `#text`. Prefixes may be left
    /// out.
    Xml,
    /// CSV, TSV or XLSX. Delimiter, encoding and header row are detected.
    Table,
    /// HTML, parsed as browsers do.
    Html,
    /// A sitemap (sitemaps.org), or an index of sitemaps: each `<url>` is a record with `.loc` and `.lastmod`.
    Sitemap,
}

/// Where the records are: `records = …`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a path, a CSS selector, or a table such as { jsonld = \"JobPosting\" }")]
pub(crate) enum Records {
    /// JSON: a path such as `.items[]`, or jq. XML: the name of the element, or its path `.root.item`. HTML: a CSS
    /// selector that matches one element per record.
    Text(String),
    /// Records in JSON within an HTML page; their fields are paths.
    Within(Within),
}

/// JSON within an HTML page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Within {
    /// A schema.org type: each JSON-LD object of this type is a record.
    pub(crate) jsonld: Option<String>,
    /// A CSS selector of the `<script>` that holds JSON: `script#__NEXT_DATA__`.
    pub(crate) script: Option<String>,
    /// Where the records are in that JSON.
    pub(crate) path: Option<String>,
}

impl JsonSchema for Records {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Records".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where the records are. JSON: a path such as `.items[]`, or jq. XML: the name of the element, or its path. HTML: a CSS selector, or a table for JSON within the page.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<Within>()]
        })
    }
}

/// A list within a record, whose items are records of their own: the outer record, with one item in place of the list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expand {
    /// Path of the list.
    pub(crate) path: String,
    /// The key under which fields, and further lists, find the item.
    #[serde(rename = "as")]
    pub(crate) name: String,
}

/// Records that are not opportunities: `refuse = [{ when = …, reason = "…" }]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refuse {
    /// A form. A record for which it gives a value other than `false` is refused: `{ path = ".type", regex = "(?i)(appel d'offres)" }`.
    #[schemars(with = "RawForm")]
    pub(crate) when: RawForm,
    /// Why it is not an opportunity, for people: "invitation to tender".
    pub(crate) reason: String,
}

/// Settings of a table that replace detection: `table = { … }`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The number of the header row, from 1. Default: the row that names most of the columns that the fields use.
    pub(crate) header: Option<usize>,
    /// Names of the columns, for a table without a header row.
    pub(crate) columns: Option<Vec<String>>,
    /// The character between cells. Default: the one of `,` `;` tab and `|` that gives rows of equal width.
    pub(crate) delimiter: Option<char>,
    /// The character around cells. Default: `"`.
    pub(crate) quote: Option<char>,
    /// The sheet of a workbook. Default: the first one with a header row.
    pub(crate) sheet: Option<String>,
}

/// All of these settings, from a stream, its detail page or its file.
pub(crate) struct Shape {
    pub(crate) format: Format,
    pub(crate) records: Option<Spanned<Records>>,
    pub(crate) keep: Option<Spanned<String>>,
    pub(crate) refuse: Vec<Spanned<Refuse>>,
    pub(crate) expand: Vec<Spanned<Expand>>,
    pub(crate) table: Table,
    pub(crate) encoding: Option<Spanned<String>>,
    pub(crate) empty: Vec<String>,
    pub(crate) fields: RawFields,
}

impl Shape {
    /// A page that is one record.
    pub(crate) fn plain(format: Format, empty: Vec<String>, fields: RawFields) -> Self {
        Self {
            format,
            records: None,
            keep: None,
            refuse: Vec::new(),
            expand: Vec::new(),
            table: Table::default(),
            encoding: None,
            empty,
            fields,
        }
    }
}

//! How a page is read: its format, where the records stand, and what comes of them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_spanned::Spanned;

use super::RawFields;

/// What a page is: `format = "html"`. A gzipped page of any format is unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// One JSON document. What is nearly JSON is mended, and the page says so.
    #[default]
    Json,
    /// A JSON document on each line; a line that is none is refused alone.
    Ndjson,
    /// XML, RSS and Atom among it: attributes are `@name`, the text beside them `#text`. Prefixes need not be written.
    Xml,
    /// CSV, TSV or XLSX, whichever it turns out to be: delimiter, encoding and header row are found.
    Table,
    /// HTML, as browsers read it.
    Html,
    /// A sitemap (sitemaps.org), or an index of sitemaps: each `<url>` is a record with `.loc` and `.lastmod`.
    Sitemap,
}

/// Where the records stand: `records = …`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a path, a CSS selector, or a table such as { jsonld = \"JobPosting\" }")]
pub(crate) enum Records {
    /// JSON: a path such as `.items[]`, or jq. XML: the name of the element, or its path `.root.item`. HTML: a CSS
    /// selector, one element a record.
    Text(String),
    /// Records of an HTML page that do not stand in its markup; fields are then paths.
    Within(Within),
}

/// JSON within an HTML page.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Within {
    /// Each JSON-LD object of this type is a record.
    pub(crate) jsonld: Option<String>,
    /// A CSS selector of the `<script>` that holds JSON: `script#__NEXT_DATA__`.
    pub(crate) script: Option<String>,
    /// Where the records stand in that JSON.
    pub(crate) path: Option<String>,
}

impl JsonSchema for Records {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Records".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Where the records stand. JSON: a path such as `.items[]`, or jq. XML: the name of the element, or its path. HTML: a CSS selector, or a table for JSON within the page.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<Within>()]
        })
    }
}

/// A list within a record, each of whose items is a record of its own: the record with the item in the place of the list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expand {
    /// The path of the list.
    pub(crate) path: String,
    /// The key under which fields, and further lists, find the item.
    #[serde(rename = "as")]
    pub(crate) name: String,
}

/// Of a table: what is not to be found out. `table = { … }`
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// The row of the header, counted from 1. Unsaid: the one that names most of the columns the fields ask for.
    pub(crate) header: Option<usize>,
    /// Names of the columns, where the table has no header row.
    pub(crate) columns: Option<Vec<String>>,
    /// Unsaid: whichever of `,` `;` tab and `|` gives rows of one width.
    pub(crate) delimiter: Option<char>,
    /// Unsaid: `"`.
    pub(crate) quote: Option<char>,
    /// The sheet of a workbook. Unsaid: the first on which a header is found.
    pub(crate) sheet: Option<String>,
}

/// All of it, from the stream, its detail page or its file.
pub(crate) struct Shape {
    pub(crate) format: Format,
    pub(crate) records: Option<Spanned<Records>>,
    pub(crate) keep: Option<Spanned<String>>,
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
            expand: Vec::new(),
            table: Table::default(),
            encoding: None,
            empty,
            fields,
        }
    }
}

//! The file as written. The comments here are what `oim-etl sources schema` and the page
//! docs/PARTNER-FILES.md say.

mod auth;
mod pages;
mod shape;

use std::collections::BTreeMap;

use domain::{Kind, Rate};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_spanned::Spanned;

use super::form::RawForm;

pub(super) use auth::Auth;
pub(super) use pages::Pages;
pub(super) use shape::{Expand, Format, Records, Shape, Table, Within};

/// Fields as written: our name, and where the value comes from.
pub(super) type RawFields = BTreeMap<Spanned<String>, Spanned<RawForm>>;

/// A partner: one file `SLUG.toml`. The file's name is the slug, the key of the source everywhere.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Partner {
    /// The partner's name for people.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// Where it lives: `https://HOST`, maybe with a path. Credentials are shown to this origin alone.
    #[schemars(with = "String")]
    pub(super) base_url: Spanned<String>,
    /// Other hosts that are the partner's own; links and redirects elsewhere are refused.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) hosts: Vec<Spanned<String>>,
    /// The promise to the partner, over all workers together: `30/min`, `10/s`, `500/h`, `50/5s`.
    #[schemars(with = "String")]
    pub(super) rate: Rate,
    /// Whether robots.txt is asked and obeyed. Unsaid: where any stream is HTML.
    pub(super) robots: Option<bool>,
    /// Where its places are and whose money it means: ISO 3166-1 alpha-2. Unsaid: `CM`.
    #[schemars(with = "Option<String>")]
    pub(super) country: Option<Spanned<String>>,
    /// Whether it offers what it publishes itself, as a credit union or a ministry does, and relays nobody: where several partners
    /// publish the same, its row stands for all that are about as complete. Unsaid: `false`.
    #[serde(default)]
    pub(super) offers_itself: bool,
    /// Who we are there. Each value names an environment variable, never the secret itself.
    pub(super) auth: Option<Auth>,
    /// The lists it publishes, by name.
    #[schemars(with = "BTreeMap<String, Stream>")]
    pub(super) streams: Spanned<BTreeMap<Spanned<String>, Stream>>,
}

/// A list the partner publishes: `[streams.NAME]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    /// What its records are.
    #[schemars(with = "KindWord")]
    pub(super) kind: Kind,
    /// What its pages are.
    #[serde(default)]
    pub(super) format: Format,
    /// What is asked for. Without it the list only comes as a file (`oim-etl ingest SLUG --file PATH`, or the drop folder).
    pub(super) request: Option<Request>,
    /// How the list goes on after its first page.
    #[serde(default)]
    pub(super) pages: Pages,
    /// Where the records stand. Not for `table`, `ndjson` and `sitemap`, whose rows, lines and entries are the records.
    #[schemars(with = "Option<Records>")]
    pub(super) records: Option<Spanned<Records>>,
    /// A path or jq: records for which it gives false or nothing are left out, and counted on the page.
    #[serde(rename = "where")]
    #[schemars(with = "Option<String>")]
    pub(super) keep: Option<Spanned<String>>,
    /// Lists within a record, each of whose items is a record of its own.
    #[serde(default)]
    #[schemars(with = "Vec<Expand>")]
    pub(super) expand: Vec<Spanned<Expand>>,
    /// Of a `table`: what is not to be found out.
    #[serde(default)]
    pub(super) table: Table,
    /// The encoding, where the partner's own word for it is wrong or missing: a label of the WHATWG Encoding Standard, such
    /// as `windows-1252` or `macintosh`. Default: BOM, what the bytes show, header, the
    /// page's own declaration, then a guess.
    #[schemars(with = "Option<String>")]
    pub(super) encoding: Option<Spanned<String>>,
    /// Words that mean "no value": `["-", "N/A"]`.
    #[serde(default)]
    pub(super) empty: Vec<String>,
    /// It never shows everything (a feed of the newest): what it does not show is not missing.
    #[serde(default)]
    pub(super) partial: bool,
    /// Fields without which a record is refused. Unsaid: `external_id` and `title`.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) required: Option<Vec<Spanned<String>>>,
    /// Our fields, and where each value comes from.
    #[schemars(with = "BTreeMap<String, RawForm>")]
    pub(super) fields: RawFields,
    /// The record's own page, where the list only announces it.
    pub(super) detail: Option<Detail>,
    /// The same list when it comes as a file of another format.
    pub(super) file: Option<File>,
}

/// `kind`
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "names the words for the schema; `domain::Kind` reads them")]
enum KindWord {
    /// Paid work (schema.org JobPosting).
    Job,
    /// A training place (LHEO session).
    Training,
    /// Support for an income-generating activity.
    Agr,
    /// A loan or savings product.
    Microfinance,
}

/// What is asked for: `request = { path = …, query = { … } }`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// The path below `base_url`. In it, in the query and in the body `{since}` stands for the instant from which a run asks;
    /// `{since:%d/%m/%Y}` prints it so.
    #[schemars(with = "String")]
    pub(super) path: Spanned<String>,
    /// Query parameters. One that names `{since}` is left out where everything is asked for.
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    /// Headers beside those of every request. They go to the origin of `base_url` alone.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// A JSON body: makes the request a POST. Paging parameters are then set in it.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub(super) json: Option<Spanned<toml::Table>>,
    /// A form as body: makes the request a POST. Paging parameters are then set in it.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub(super) form: Option<Spanned<BTreeMap<String, String>>>,
}

/// The record's own page: `[streams.NAME.detail]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    /// Where the record on the list links to it; of an HTML record the `href` of what is selected.
    #[schemars(with = "RawForm")]
    pub(super) link: Spanned<RawForm>,
    /// What the page is: `html`, `json` or `xml`. Unsaid: as the list; for a sitemap or a feed, `html`.
    pub(super) format: Option<Format>,
    /// The stream whose records have the same kind of page: its format and fields are taken.
    #[schemars(with = "Option<String>")]
    pub(super) like: Option<Spanned<String>>,
    /// Its own fields; the list's fill what they leave empty.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawForm>")]
    pub(super) fields: RawFields,
}

/// The list as a file: `[streams.NAME.file]`. It gives the same records, with the same `external_id`, in another shape.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// What the file is. Unsaid: `table`.
    pub(super) format: Option<Format>,
    /// Where the records stand in it.
    #[schemars(with = "Option<Records>")]
    pub(super) records: Option<Spanned<Records>>,
    /// As the stream's `where`.
    #[serde(rename = "where")]
    #[schemars(with = "Option<String>")]
    pub(super) keep: Option<Spanned<String>>,
    /// As the stream's `expand`.
    #[serde(default)]
    #[schemars(with = "Vec<Expand>")]
    pub(super) expand: Vec<Spanned<Expand>>,
    /// Of a `table`: what is not to be found out.
    #[serde(default)]
    pub(super) table: Table,
    /// As the stream's `encoding`.
    #[schemars(with = "Option<String>")]
    pub(super) encoding: Option<Spanned<String>>,
    /// The file is the whole list: what it does not show is missing. Unsaid: it may be a part.
    #[serde(default)]
    pub(super) complete: bool,
    /// Its own fields. Unsaid: those of the stream.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawForm>")]
    pub(super) fields: RawFields,
}

impl Stream {
    /// How its pages are read.
    pub(super) fn shape(&mut self) -> Shape {
        Shape {
            format: self.format,
            records: self.records.take(),
            keep: self.keep.take(),
            expand: std::mem::take(&mut self.expand),
            table: std::mem::take(&mut self.table),
            encoding: self.encoding.take(),
            empty: self.empty.clone(),
            fields: std::mem::take(&mut self.fields),
        }
    }
}

impl Detail {
    /// How the page of a record of that list is read.
    pub(super) fn shape(self, list: Format, empty: Vec<String>) -> Shape {
        Shape::plain(self.format_in(list), empty, self.fields)
    }

    /// What the page is: as said, or as the list it belongs to suggests.
    pub(super) fn format_in(&self, list: Format) -> Format {
        let unsaid = if matches!(list, Format::Sitemap | Format::Xml) { Format::Html } else { list };
        self.format.unwrap_or(unsaid)
    }
}

impl File {
    /// How the file is read.
    pub(super) fn shape(self, empty: Vec<String>) -> Shape {
        Shape {
            format: self.format.unwrap_or(Format::Table),
            records: self.records,
            keep: self.keep,
            expand: self.expand,
            table: self.table,
            encoding: self.encoding,
            empty,
            fields: self.fields,
        }
    }
}

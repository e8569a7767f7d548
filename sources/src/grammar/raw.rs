//! The source file as written. `oim-etl sources schema` and docs/PARTNER-FILES.md show the comments here.

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
pub(super) use shape::{Expand, Format, Records, Refuse, Shape, Table, Within};

/// Fields as written: our name, and where the value comes from.
pub(super) type RawFields = BTreeMap<Spanned<String>, Spanned<RawForm>>;

/// A source: one file `SLUG.toml`. The name of the file is the slug, which identifies the source everywhere.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Partner {
    /// The name of the partner, for people.
    #[schemars(with = "String")]
    pub(super) name: Spanned<String>,
    /// Where the partner's site or API is: `https://HOST`, with a path if needed. Credentials are sent to this origin
    /// only.
    #[schemars(with = "String")]
    pub(super) base_url: Spanned<String>,
    /// Further hosts of the partner. Links and redirects to any other host are refused.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) hosts: Vec<Spanned<String>>,
    /// The most requests to send, from all workers together: `30/min`, `10/s`, `500/h`, `50/5s`.
    #[schemars(with = "String")]
    pub(super) rate: Rate,
    /// Hours in which nothing is requested, on the clock of Douala: `"08:00-18:00"`, `"22:00-06:00"`, or a list of such
    /// windows. A run waits until they are over. Default: none.
    #[schemars(with = "Option<Hours>")]
    pub(super) quiet_hours: Option<Spanned<Hours>>,
    /// The most requests to send in a day of Douala, from all workers together: `2000`. When they are used up, a run waits
    /// for the next day. Default: as many as `rate` allows.
    #[schemars(with = "Option<u32>")]
    pub(super) daily_requests: Option<Spanned<u32>>,
    /// When to visit it: a cron line (five fields, on the clock of Douala) for incremental runs, or one for each mode:
    /// `{ incremental = "7 */2 * * *", full = "0 2 * * 0" }`. The timetable overrides it, mode by mode. Default: only the
    /// timetable says when.
    #[schemars(with = "Option<Schedule>")]
    pub(super) schedule: Option<Spanned<Schedule>>,
    /// Whether to fetch and obey robots.txt. Default: `true` if a stream is HTML or a sitemap, or has detail pages.
    pub(super) robots: Option<bool>,
    /// Who at the partner agreed, and when, that pages are read that it reserves against text and data mining (W3C `TDMRep`: the
    /// header `TDM-Reservation`, and `/.well-known/tdmrep.json` where robots.txt is fetched). Default: such a page is not read.
    #[schemars(with = "Option<String>")]
    pub(super) tdm_agreement: Option<Spanned<String>>,
    /// The country of its places and its currency: ISO 3166-1 alpha-2. Default: `CM`.
    #[schemars(with = "Option<String>")]
    pub(super) country: Option<Spanned<String>>,
    /// Whether this is a first-party source, such as a credit union or a ministry, which offers what it publishes and
    /// relays nobody. Among duplicates of about equal quality, its row is the canonical one. Default: `false`.
    #[serde(default)]
    pub(super) offers_itself: bool,
    /// How to authenticate. Each value names an environment variable, never the secret itself.
    pub(super) auth: Option<Auth>,
    /// The lists that the partner publishes, by name.
    #[schemars(with = "BTreeMap<String, Stream>")]
    pub(super) streams: Spanned<BTreeMap<Spanned<String>, Stream>>,
}

/// Quiet hours.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "write \"22:00-06:00\", or a list of such windows")]
pub(crate) enum Hours {
    /// One window.
    One(String),
    /// Several windows.
    Many(Vec<String>),
}

/// When to visit a source.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "write a cron line, or { incremental = \"…\", full = \"…\" }")]
pub(crate) enum Schedule {
    /// For incremental runs.
    Incremental(String),
    /// For each mode.
    Modes(Modes),
}

/// A cron line for each mode.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Modes {
    /// What is new since the last complete run.
    pub(super) incremental: Option<String>,
    /// The whole list.
    pub(super) full: Option<String>,
}

/// A list that the partner publishes: `[streams.NAME]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    /// The kind of its records. A field `kind` tells records of other kinds; this is then the kind of those for which it
    /// gives nothing.
    #[schemars(with = "KindWord")]
    pub(super) kind: Kind,
    /// The format of its pages. Default: `json`.
    #[serde(default)]
    pub(super) format: Format,
    /// The request for the list. Without it, the list comes only as a file (`oim-etl ingest SLUG --file PATH`, or the
    /// inbox).
    pub(super) request: Option<Request>,
    /// How the list continues after its first page. Default: it has one page.
    #[serde(default)]
    pub(super) pages: Pages,
    /// Where the records are. Not for `table`, `ndjson` and `sitemap`, whose rows, lines and entries are the records.
    #[schemars(with = "Option<Records>")]
    pub(super) records: Option<Spanned<Records>>,
    /// A path or jq. Records for which it gives false or nothing are skipped, and counted on the page.
    #[serde(rename = "where")]
    #[schemars(with = "Option<String>")]
    pub(super) keep: Option<Spanned<String>>,
    /// Records that are not opportunities, each with its reason: `{ when = …, reason = "…" }`. They are rejected and counted
    /// (`no_opportunity`), where `where` leaves out without a trace.
    #[serde(default)]
    #[schemars(with = "Vec<Refuse>")]
    pub(super) refuse: Vec<Spanned<Refuse>>,
    /// Lists within a record, whose items are records of their own.
    #[serde(default)]
    #[schemars(with = "Vec<Expand>")]
    pub(super) expand: Vec<Spanned<Expand>>,
    /// Settings of a `table` that replace detection.
    #[serde(default)]
    pub(super) table: Table,
    /// The encoding, if the partner declares a wrong one or none: a label of the WHATWG Encoding Standard, such as
    /// `windows-1252` or `macintosh`. Default: detected, from the BOM, the bytes, the header and the page's own
    /// declaration, in this order; otherwise guessed.
    #[schemars(with = "Option<String>")]
    pub(super) encoding: Option<Spanned<String>>,
    /// Words that mean "no value": `["-", "N/A"]`.
    #[serde(default)]
    pub(super) empty: Vec<String>,
    /// Whether the list never shows everything, like a feed of the newest records. What it does not show is then never
    /// closed. Default: `false`.
    #[serde(default)]
    pub(super) partial: bool,
    /// Fields that a record must have; a record without one of them is rejected. Default: `external_id` and `title`.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) required: Option<Vec<Spanned<String>>>,
    /// Our fields, and where each value comes from.
    #[schemars(with = "BTreeMap<String, RawForm>")]
    pub(super) fields: RawFields,
    /// The detail page of each record, if the list only links to it.
    pub(super) detail: Option<Detail>,
    /// The same list as a file in another format.
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

/// The request for a list: `request = { path = …, query = { … } }`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// The path below `base_url`. In path, query and body, `{since}` is replaced by the time from which an incremental
    /// run requests records; `{since:%d/%m/%Y}` sets its format.
    #[schemars(with = "String")]
    pub(super) path: Spanned<String>,
    /// Query parameters. A parameter with `{since}` is left out when a run requests everything.
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    /// Additional headers. They are sent to the origin of `base_url` only.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// A JSON body. The request is then a POST, and paging parameters are set in the body.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    pub(super) json: Option<Spanned<toml::Table>>,
    /// A form body. The request is then a POST, and paging parameters are set in the body.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub(super) form: Option<Spanned<BTreeMap<String, String>>>,
}

/// The detail page of a record: `[streams.NAME.detail]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    /// Where the list record links to its detail page. For an HTML record, the `href` of the selected element.
    #[schemars(with = "RawForm")]
    pub(super) link: Spanned<RawForm>,
    /// The format of the page: `html`, `json` or `xml`. Default: as the list; for a sitemap or XML list, `html`.
    pub(super) format: Option<Format>,
    /// Another stream with the same detail pages: its format, its fields and its `revisit` apply here too.
    #[schemars(with = "Option<String>")]
    pub(super) like: Option<Spanned<String>>,
    /// Like `refuse` of the stream, by what the detail page says.
    #[serde(default)]
    #[schemars(with = "Vec<Refuse>")]
    pub(super) refuse: Vec<Spanned<Refuse>>,
    /// How often to ask for the page of a record whose list record stays the same: `{ least = "6h", most = "4d" }`. The time
    /// doubles while the page does not change, and halves when it does. Default: as in the example.
    #[schemars(with = "Option<Revisit>")]
    pub(super) revisit: Option<Spanned<Revisit>>,
    /// Fields of the detail page. The list record fills those that are empty here.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawForm>")]
    pub(super) fields: RawFields,
}

/// The bounds of the time between two requests for one detail page: `s`, `min`, `h`, `d` or `w`, at most a year.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revisit {
    /// The shortest time. Default: `6h`, or `most` if that is shorter.
    pub(super) least: Option<String>,
    /// The longest time. Default: `4d`, or `least` if that is longer.
    pub(super) most: Option<String>,
}

/// The list as a file: `[streams.NAME.file]`. It has the same records, with the same `external_id`, in another format.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// The format of the file. Default: `table`.
    pub(super) format: Option<Format>,
    /// Where the records are in it.
    #[schemars(with = "Option<Records>")]
    pub(super) records: Option<Spanned<Records>>,
    /// Like `where` of the stream.
    #[serde(rename = "where")]
    #[schemars(with = "Option<String>")]
    pub(super) keep: Option<Spanned<String>>,
    /// Like `refuse` of the stream. Default: that of the stream, if the file has no fields of its own.
    #[serde(default)]
    #[schemars(with = "Vec<Refuse>")]
    pub(super) refuse: Vec<Spanned<Refuse>>,
    /// Like `expand` of the stream.
    #[serde(default)]
    #[schemars(with = "Vec<Expand>")]
    pub(super) expand: Vec<Spanned<Expand>>,
    /// Settings of a `table` that replace detection.
    #[serde(default)]
    pub(super) table: Table,
    /// Like `encoding` of the stream.
    #[schemars(with = "Option<String>")]
    pub(super) encoding: Option<Spanned<String>>,
    /// Whether the file is the whole list, so that what it does not show is missing. Default: `false`.
    #[serde(default)]
    pub(super) complete: bool,
    /// Fields of the file. Default: those of the stream.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawForm>")]
    pub(super) fields: RawFields,
}

impl Stream {
    /// Returns how to parse its pages.
    pub(super) fn shape(&mut self) -> Shape {
        Shape {
            format: self.format,
            records: self.records.take(),
            keep: self.keep.take(),
            refuse: std::mem::take(&mut self.refuse),
            expand: std::mem::take(&mut self.expand),
            table: std::mem::take(&mut self.table),
            encoding: self.encoding.take(),
            empty: self.empty.clone(),
            fields: std::mem::take(&mut self.fields),
        }
    }
}

impl Detail {
    /// Returns how to parse the detail page of a record in that list.
    pub(super) fn shape(self, list: Format, empty: Vec<String>) -> Shape {
        Shape { refuse: self.refuse.clone(), ..Shape::plain(self.format_in(list), empty, self.fields) }
    }

    /// Returns the format of the page: the given one, or the one that its list suggests.
    pub(super) fn format_in(&self, list: Format) -> Format {
        let default = if matches!(list, Format::Sitemap | Format::Xml) { Format::Html } else { list };
        self.format.unwrap_or(default)
    }
}

impl File {
    /// Returns how to parse the file.
    pub(super) fn shape(self, empty: Vec<String>) -> Shape {
        Shape {
            format: self.format.unwrap_or(Format::Table),
            records: self.records,
            keep: self.keep,
            refuse: self.refuse,
            expand: self.expand,
            table: self.table,
            encoding: self.encoding,
            empty,
            fields: self.fields,
        }
    }
}

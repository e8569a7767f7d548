//! The columns of an opportunity: how each is written, and whether the audit compares it.
//!
//! A new column of content needs its line here, its column in `ingest.opportunities` (`ingest.staged` copies it), and its line and
//! its comment in the view `api.opportunities`. Staging, publishing, reverting, the audit, `explain` and the data dictionary follow
//! from this table.

use std::{fmt::Write as _, sync::LazyLock};

use domain::{
    Field::{
        self, ClosesAt, Contract, Description, Duration, Education, EndsAt, Experience, ExternalId, Fees,
        Interest, Language, Organization, Place, Positions, PostedAt, Salary, Sector, StartsAt, Title, Url,
        WorkingTime,
    },
    Opportunity,
};
use serde_json::json;

use super::copy::CopyText;

/// How the audit compares a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Text, or a code.
    Text,
    /// An array of text.
    Texts,
    /// A JSON array.
    Json,
    /// An amount, a rate or a count: its order of magnitude is compared too.
    Number,
    /// A day: its distance from the day of the fetch is compared too.
    Day,
    /// Derived from other columns, or not content: not compared.
    Unaudited,
}

/// A column.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// The field of the source file that its value is mostly read from.
    pub(crate) field: Option<Field>,
    pub(crate) shape: Shape,
    pub(crate) write: fn(&Opportunity, &mut CopyText),
}

const fn column(name: &'static str, shape: Shape, write: fn(&Opportunity, &mut CopyText)) -> Column {
    Column { name, field: None, shape, write }
}

/// A column whose value is read from `field`.
const fn of(
    field: Field,
    name: &'static str,
    shape: Shape,
    write: fn(&Opportunity, &mut CopyText),
) -> Column {
    Column { name, field: Some(field), shape, write }
}

/// Columns of content, in the order in which rows are sent.
pub(crate) static CONTENT: [Column; 47] = [
    column("kind", Shape::Unaudited, |row, to| to.text(row.kind.as_str())),
    of(Title, "title", Shape::Text, |row, to| to.text(&row.title)),
    of(Url, "url", Shape::Text, |row, to| to.maybe_text(row.url.as_deref())),
    of(Organization, "organization", Shape::Text, |row, to| to.maybe_text(row.organization.as_deref())),
    of(Description, "description", Shape::Text, |row, to| to.maybe_text(row.description.as_deref())),
    of(Description, "description_html", Shape::Unaudited, |row, to| {
        to.maybe_text(row.description_html.as_deref())
    }),
    of(Language, "languages", Shape::Texts, |row, to| to.texts(row.languages.iter().map(|l| l.as_str()))),
    of(Place, "places", Shape::Json, |row, to| to.json(&json!(row.places))),
    of(Place, "countries", Shape::Unaudited, |row, to| {
        to.texts(distinct(row.places.iter().map(|place| place.country.as_str())));
    }),
    of(Place, "regions", Shape::Unaudited, |row, to| {
        to.texts(distinct(
            row.places.iter().filter_map(|place| place.region.as_ref()).map(domain::places::Region::code),
        ));
    }),
    of(Place, "localities", Shape::Unaudited, |row, to| {
        to.texts(distinct(row.places.iter().filter_map(|place| place.locality.as_deref())));
    }),
    of(Place, "remote", Shape::Unaudited, |row, to| to.truth(row.remote)),
    of(Description, "emails", Shape::Texts, |row, to| to.texts(&row.contacts.emails)),
    of(Description, "phones", Shape::Texts, |row, to| to.texts(&row.contacts.phones)),
    of(PostedAt, "posted_at", Shape::Unaudited, |row, to| to.instant(row.posted_at)),
    of(ClosesAt, "closes_on", Shape::Day, |row, to| to.day(row.closes_on)),
    of(EndsAt, "ends_on", Shape::Day, |row, to| to.day(row.ends_on)),
    of(StartsAt, "starts_on", Shape::Day, |row, to| to.day(row.starts_on)),
    of(Duration, "duration_min", Shape::Number, |row, to| to.decimal(months(row).0, 2)),
    of(Duration, "duration_max", Shape::Unaudited, |row, to| to.decimal(months(row).1, 2)),
    of(Duration, "duration_text", Shape::Text, |row, to| to.maybe_text(row.duration_text.as_deref())),
    of(Positions, "positions", Shape::Number, |row, to| to.number(row.positions.map(i64::from))),
    of(Contract, "contracts", Shape::Texts, |row, to| to.texts(row.contracts.iter().map(|c| c.as_str()))),
    of(WorkingTime, "working_time", Shape::Texts, |row, to| {
        to.texts(row.working_time.iter().map(|t| t.as_str()))
    }),
    of(Education, "education", Shape::Text, |row, to| {
        to.maybe_text(row.education.map(domain::vocabulary::Education::as_str));
    }),
    of(Experience, "experience", Shape::Text, |row, to| to.maybe_text(row.experience.as_deref())),
    of(Experience, "experience_months", Shape::Number, |row, to| {
        to.number(row.experience_months.map(i64::from))
    }),
    of(Title, "occupation", Shape::Unaudited, |row, to| to.maybe_text(row.occupation.as_deref())),
    of(Sector, "sector", Shape::Unaudited, |row, to| to.maybe_text(row.sector.as_deref())),
    of(Description, "audiences", Shape::Texts, |row, to| to.texts(row.audiences.iter().map(|a| a.as_str()))),
    of(Salary, "amount_kind", Shape::Unaudited, |row, to| {
        to.maybe_text(amount(row).map(|amount| amount.kind.as_str()));
    }),
    of(Salary, "amount_min", Shape::Number, |row, to| {
        to.decimal(amount(row).and_then(|amount| amount.min), 2)
    }),
    of(Salary, "amount_max", Shape::Number, |row, to| {
        to.decimal(amount(row).and_then(|amount| amount.max), 2)
    }),
    of(Salary, "amount_currency", Shape::Text, |row, to| {
        to.maybe_text(amount(row).map(|amount| amount.currency.as_str()));
    }),
    of(Salary, "amount_period", Shape::Text, |row, to| {
        to.maybe_text(amount(row).and_then(|amount| amount.period).map(domain::money::Period::as_str));
    }),
    of(Salary, "amount_basis", Shape::Text, |row, to| {
        to.maybe_text(amount(row).and_then(|amount| amount.basis).map(domain::money::Basis::as_str));
    }),
    of(Salary, "amount_text", Shape::Text, |row, to| to.maybe_text(row.amount_text.as_deref())),
    of(Interest, "interest_min", Shape::Number, |row, to| {
        to.decimal(row.interest.as_ref().and_then(|i| i.min), 3)
    }),
    of(Interest, "interest_max", Shape::Number, |row, to| {
        to.decimal(row.interest.as_ref().and_then(|i| i.max), 3)
    }),
    of(Interest, "interest_period", Shape::Text, |row, to| {
        to.maybe_text(row.interest.as_ref().map(|interest| interest.period.as_str()));
    }),
    of(Interest, "interest_tax", Shape::Number, |row, to| {
        to.decimal(row.interest.as_ref().and_then(|i| i.tax), 3)
    }),
    of(Interest, "interest_text", Shape::Text, |row, to| to.maybe_text(row.interest_text.as_deref())),
    of(Fees, "fees_percent", Shape::Number, |row, to| {
        to.decimal(row.fees.as_ref().and_then(|f| f.percent), 3)
    }),
    of(Fees, "fees_amount", Shape::Number, |row, to| to.decimal(row.fees.as_ref().and_then(|f| f.amount), 2)),
    of(Fees, "fees_currency", Shape::Text, |row, to| {
        to.maybe_text(row.fees.as_ref().and_then(|fees| fees.currency).map(domain::money::Currency::as_str));
    }),
    of(Fees, "fees_text", Shape::Text, |row, to| to.maybe_text(row.fees_text.as_deref())),
    column("quality_parts", Shape::Unaudited, |row, to| {
        to.json(&json!({ "missing": row.quality.missing, "doubts": row.quality.doubts }));
    }),
];

/// Columns of state, which `stage` writes next to the content.
pub(crate) const STANDING: [&str; 8] =
    ["stream", "quality", "fingerprint", "draft_digest", "status", "closed_why", "changed_run", "content_at"];

/// Columns that keep their value from the page that first showed the row.
pub(crate) const FIRST: [&str; 4] = ["id", "source", "external_id", "first_run"];

/// The columns in the order in which `stage` sends them, as a list for SQL.
pub(crate) static SENT: LazyLock<String> = LazyLock::new(|| {
    let names = FIRST.iter().chain(&STANDING).chain(["page"].iter()).copied();
    names.chain(CONTENT.iter().map(|column| column.name)).collect::<Vec<_>>().join(", ")
});

/// `title = excluded.title, …` for each column that a newer page overwrites.
pub(crate) static OVERWRITES: LazyLock<String> = LazyLock::new(|| {
    let names = STANDING.iter().chain(["page"].iter()).copied();
    let names = names.chain(CONTENT.iter().map(|column| column.name));
    names.map(|name| format!("{name} = excluded.{name}")).collect::<Vec<_>>().join(", ")
});

/// Returns each column of `api.opportunities` that is read from a field of the source file, with that field. What else a value
/// depends on is in the comment of the column.
pub fn fields_of_columns() -> impl Iterator<Item = (&'static str, Field)> {
    let content = CONTENT.iter().filter_map(|column| Some((column.name, column.field?)));
    std::iter::once(("external_id", ExternalId)).chain(content)
}

/// Returns the columns that the audit compares.
pub(crate) fn audited() -> impl Iterator<Item = &'static Column> {
    CONTENT.iter().filter(|column| column.shape != Shape::Unaudited)
}

impl Column {
    /// SQL: a hash of the value in `table`; null where the column is not filled.
    fn hash(&self, table: &str) -> String {
        let name = self.name;
        match self.shape {
            Shape::Texts => format!("hashtext(nullif({table}.{name}, '{{}}')::text)"),
            Shape::Json => format!("hashtext(nullif({table}.{name}, '[]')::text)"),
            _ => format!("hashtext({table}.{name}::text)"),
        }
    }

    /// SQL: the magnitude of the value in `table`, for columns that have one: the logarithm of a number, the days until a day.
    fn magnitude(&self, table: &str) -> Option<String> {
        let name = self.name;
        match self.shape {
            Shape::Number => Some(format!("ln(nullif({table}.{name}, 0))::float8")),
            Shape::Day => Some(format!("({table}.{name} - {table}.content_at::date)::float8")),
            _ => None,
        }
    }
}

/// SQL: an array of the hashes of all audited columns of `table`.
pub(crate) fn hashes(table: &str) -> String {
    array(audited().map(|column| column.hash(table)))
}

/// SQL: an array of the magnitudes of all audited columns of `table` that have one.
pub(crate) fn magnitudes(table: &str) -> String {
    array(audited().filter_map(|column| column.magnitude(table)))
}

fn array(items: impl Iterator<Item = String>) -> String {
    let mut sql = String::from("ARRAY[");
    for (at, item) in items.enumerate() {
        let _ = write!(sql, "{}{item}", if at > 0 { ", " } else { "" });
    }
    sql + "]"
}

fn amount(row: &Opportunity) -> Option<&domain::money::Amount> {
    row.amount.as_ref().filter(|amount| amount.min.is_some() || amount.max.is_some())
}

fn months(row: &Opportunity) -> (Option<i64>, Option<i64>) {
    let length = row.duration.as_ref();
    (length.and_then(|length| length.min).map(i64::from), length.and_then(|length| length.max).map(i64::from))
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut values: Vec<&str> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

//! The columns of an opportunity: how each is written, and whether the audit compares it.
//!
//! A new column of content needs its line in `content`, its column in `ingest.opportunities` (`ingest.staged` copies it), and its line and
//! its comment in the view `api.opportunities`. Staging, publishing, reverting, the audit, `explain` and the data dictionary follow
//! from that table.

mod compared;
mod content;

use std::sync::LazyLock;

pub(crate) use self::{
    compared::{hashes, magnitudes},
    content::CONTENT,
};
use super::copy::CopyRows;
use domain::{Field, Opportunity};

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
    pub(crate) write: fn(&Opportunity, &mut CopyRows),
}

const fn column(name: &'static str, shape: Shape, write: fn(&Opportunity, &mut CopyRows)) -> Column {
    Column { name, field: None, shape, write }
}

/// A column whose value is read from `field`.
const fn of(
    field: Field,
    name: &'static str,
    shape: Shape,
    write: fn(&Opportunity, &mut CopyRows),
) -> Column {
    Column { name, field: Some(field), shape, write }
}

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
    std::iter::once(("external_id", Field::ExternalId)).chain(content)
}

/// Returns the columns that the audit compares.
pub(crate) fn audited() -> impl Iterator<Item = &'static Column> {
    CONTENT.iter().filter(|column| column.shape != Shape::Unaudited)
}

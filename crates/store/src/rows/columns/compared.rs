//! SQL of what the audit compares of each column: a hash, and a magnitude.

use std::fmt::Write as _;

use super::{Column, Shape, audited};

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

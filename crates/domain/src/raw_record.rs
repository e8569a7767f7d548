//! Records as partners published them.

use std::sync::Arc;

use serde_json::Value;

/// A record as published. Most records are never looked at again, so a cheap form is kept, which becomes JSON only for a
/// rejection or an explanation.
#[derive(Debug, Clone, PartialEq)]
pub enum RawRecord {
    /// A tree.
    Json(Value),
    /// A row of a table.
    Row(Row),
}

/// A row of a table. One string holds all cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Names of the columns.
    pub columns: Arc<[String]>,
    /// The cells, one after the other.
    pub text: String,
    /// The end of each cell in `text`, in bytes.
    pub ends: Vec<usize>,
}

impl Row {
    /// Returns the cell of a column.
    pub fn cell(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)?;
        let begin = column.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        self.text.get(begin..end)
    }
}

impl RawRecord {
    /// Returns the record as JSON. A row becomes an object of its non-empty cells, by column.
    pub fn into_json(self) -> Value {
        match self {
            Self::Json(value) => value,
            Self::Row(row) => {
                let cells = row.columns.iter().enumerate().filter_map(|(at, name)| {
                    let cell = row.cell(at).filter(|cell| !cell.trim().is_empty())?;
                    Some((name.clone(), Value::String(cell.to_owned())))
                });
                Value::Object(cells.collect())
            }
        }
    }
}

impl From<Value> for RawRecord {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_becomes_json_by_its_columns() {
        let row = Row {
            columns: ["a".to_owned(), "b".to_owned(), "c".to_owned()].into(),
            text: "xéz".to_owned(),
            ends: vec![1, 1, 4],
        };
        assert_eq!(
            (row.cell(0), row.cell(1), row.cell(2), row.cell(3)),
            (Some("x"), Some(""), Some("éz"), None)
        );
        assert_eq!(RawRecord::Row(row).into_json(), json!({"a": "x", "c": "éz"}));
    }
}

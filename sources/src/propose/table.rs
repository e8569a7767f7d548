//! Proposals for tables: the header is the row with most of the names we know.

use super::{
    Found,
    names::{Best, field_of},
};
use crate::{Page, read};

/// Fewest names of a header that we must know.
const FEWEST: usize = 2;

/// Proposes for a table.
pub(super) fn found(page: &Page<'_>) -> Found {
    let rows = read::first_rows(page);
    let known = |row: &[String]| row.iter().filter(|name| field_of(name.trim()).is_some()).count();
    let header = rows.iter().enumerate().max_by_key(|(at, row)| (known(row), usize::MAX - at));
    let Some((at, header)) = header.filter(|(_, row)| known(row) >= FEWEST) else {
        let shown = rows.first().map(|row| row.join(" | ")).unwrap_or_default();
        let remark = format!(
            "No header row was recognized; the first row is: {}",
            shown.chars().take(200).collect::<String>()
        );
        return Found { format: "table", remarks: vec![remark], ..Found::default() };
    };
    let mut best = Best::default();
    for name in header.iter().map(|name| name.trim()) {
        if let Some((field, likely)) = field_of(name) {
            best.offer(field, likely, format!("{name:?}"));
        }
    }
    let others: Vec<&str> = header
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty() && field_of(name).is_none())
        .collect();
    let mut remarks = Vec::new();
    if !others.is_empty() {
        remarks.push(format!("Columns that match no field of ours: {}", others.join(", ")));
    }
    Found {
        format: "table",
        fields: best.fields(),
        remarks,
        records_seen: rows.len() - at - 1,
        ..Found::default()
    }
}

//! Aligned columns.

use chrono::{DateTime, Utc};
use comfy_table::{CellAlignment, ContentArrangement, presets};
use store::RejectionCount;

/// Where a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table without lines: one blank between columns, a header, rows.
#[derive(Debug)]
pub(crate) struct Table(comfy_table::Table);

impl Table {
    /// A table of these columns.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(columns.iter().map(|(name, _)| *name));
        for (column, (_, align)) in table.column_iter_mut().zip(columns) {
            column.set_padding((0, 2));
            column.set_cell_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
        Self(table)
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.add_row(cells);
    }

    /// The text, without blanks at the ends of lines.
    pub(crate) fn render(&self) -> String {
        self.0.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

/// "3 min ago", "2 days ago"; `-` for never.
pub(crate) fn ago(at: Option<DateTime<Utc>>) -> String {
    let Some(at) = at else { return "-".to_owned() };
    let seconds = (Utc::now() - at).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// `5 × unknown place ("Wallonie"), 2 × no title`
pub(crate) fn counted(counts: &[RejectionCount]) -> String {
    let part = |count: &RejectionCount| {
        let example = count.example.as_ref().map(|words| format!(" ({words:?})")).unwrap_or_default();
        format!("{} × {}{example}", count.count, count.code.replace('_', " "))
    };
    counts.iter().map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&[("source", Align::Left), ("pages", Align::Right)]);
        table.row(["fne".to_owned(), "4".to_owned()]);
        table.row(["emploicameroun".to_owned(), "61".to_owned()]);
        assert_eq!(table.render(), "source          pages\nfne                 4\nemploicameroun     61");
    }

    #[test]
    fn refusals_are_told_in_one_line() {
        let counts = [
            RejectionCount { code: "unknown_place".into(), example: Some("Wallonie".into()), count: 5 },
            RejectionCount { code: "no_title".into(), example: None, count: 2 },
        ];
        assert_eq!(counted(&counts), "5 × unknown place (\"Wallonie\"), 2 × no title");
    }
}

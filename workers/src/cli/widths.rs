//! Every table fits the terminal: the real columns, with rows as long as real ones.

use super::{dead, demo, runs, sources, status};
use crate::ui::{Column, Table};

const WIDTHS: [usize; 3] = [60, 80, 120];

/// Makes a table from rows whose cells are separated by bars.
fn table(columns: &[Column], rows: &[&str]) -> Table {
    let mut table = Table::new(columns);
    for row in rows {
        let cells: Vec<String> = row.split('|').map(str::to_owned).collect();
        assert_eq!(cells.len(), columns.len(), "{row}");
        table.row(cells);
    }
    table
}

fn tables() -> [(&'static str, Table); 5] {
    let visits = [
        "01931f2e-8c7a-7d3e-9a51-2f6c0b7d4e18|emploicameroun|incremental|cron|held|12 min ago|61|431|12|3|410|6|0",
        "01931f2e-8c7a-7d3e-9a51-2f6c0b7d4e18|fne|full|cli|complete|3 days ago|1204|120431|120000|0|0|431|15",
    ];
    let partners = [
        "emploicameroun|paused|emploicameroun.cm|20/min|offres|https://www.emploicameroun.cm/|-",
        "fne|on|Fonds National de l'Emploi du Cameroun|30/min|offres, formations|https://api.fnecm.org/partenaires/|FNE_CLIENT_ID, FNE_CLIENT_SECRET (not set)",
    ];
    let lanes = [
        "fetch_page|fetch:emploicameroun|120|4|2|31 s|could not fetch page 3 of emploicameroun/offres: connection refused by www.emploicameroun.cm",
        "embed|embed|0|0|1|0 s|",
    ];
    let given_up = [
        "11|fne|fetch_page|3 h ago|6|01931f2e-8c7a-7d3e-9a51-2f6c0b7d4e18|https://api.fnecm.org/offres/x answered 500",
        "120431|emploicameroun|finish_run|12 days ago|6|01931f2e-8c7a-7d3e-9a51-2f6c0b7d4e18|the database could not end a run",
    ];
    let replayed = ["emploicameroun|61|431|425|0|0|6|425|12.3|19.8/20"];
    [
        ("runs", table(&runs::COLUMNS, &visits)),
        ("sources list", table(&sources::list::COLUMNS, &partners)),
        ("status", table(&status::COLUMNS, &lanes)),
        ("dead list", table(&dead::COLUMNS, &given_up)),
        ("demo", table(&demo::report::COLUMNS, &replayed)),
    ]
}

/// Returns whether the table shows a cell with a number unshortened.
fn is_whole(cell: &str, full: &str) -> bool {
    !cell.chars().any(|c| c.is_ascii_digit()) || full.contains(cell)
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for (name, table) in tables() {
        let full = table.render(None);
        assert!(full.dropped.is_empty() && !full.text.contains('…'), "{name}");
        for width in WIDTHS {
            let rendered = table.render(Some(width));
            assert_eq!(rendered.text.lines().count(), full.text.lines().count(), "{name} at {width}");
            for line in rendered.text.lines() {
                assert!(line.chars().count() <= width, "{name} at {width}: {line}");
                for cell in line.split("  ").map(str::trim).filter(|cell| !cell.contains('…')) {
                    assert!(is_whole(cell, &full.text), "{name} at {width}: {cell:?} was cut");
                }
            }
        }
    }
}

#[test]
fn the_most_important_columns_stay() {
    for (name, table) in tables() {
        let dropped = table.render(Some(80)).dropped;
        let expected: &[&str] = match name {
            "runs" => &["run", "mode", "by", "pages", "unchanged"],
            "sources list" => &["address"],
            "dead list" => &["run"],
            // Long texts are shortened, and each column stays.
            "status" => &[],
            _ => &["seconds", "req/s held/allowed"],
        };
        assert_eq!(dropped, expected, "{name}");
    }
}

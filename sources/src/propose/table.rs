//! Proposals for tables: the header is the row with most of the names we know.

use super::{
    Found, fits,
    names::{Best, field_of},
    units,
};
use crate::{Page, read};

/// Fewest names of a header that we must know.
const FEWEST: usize = 2;

/// Proposes for a table.
pub(super) fn found(page: &Page<'_>) -> Found {
    let known = |row: &[String]| row.iter().filter(|name| field_of(name.trim()).is_some()).count();
    // A workbook may begin with a sheet that explains the others.
    let sheets = read::first_rows(page);
    let most = |rows: &Vec<Vec<String>>| rows.iter().map(|row| known(row)).max().unwrap_or(0);
    let rows = sheets.into_iter().rev().max_by_key(most).unwrap_or_default();
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
    let mut others: Vec<&str> = Vec::new();
    for (column, name) in header.iter().enumerate().map(|(column, name)| (column, name.trim())) {
        let below = rows.iter().skip(at + 1).filter_map(|row| row.get(column)).map(String::as_str);
        let known = field_of(name).or_else(|| Some((fits::by_values(name, below)?, 30)));
        let below = || rows.iter().skip(at + 1).filter_map(|row| row.get(column)).map(String::as_str);
        match known.filter(|(field, _)| *field != "country" || is_country(below())) {
            Some((field, likely)) => {
                best.offer(fits::better(field, name, below()), likely, format!("{name:?}"));
            }
            None if name.is_empty() => (),
            None => others.push(name),
        }
    }
    let mut fields = best.fields();
    if !fields.iter().any(|(field, _)| *field == "title")
        && let Some(name) = header.iter().map(|name| name.trim()).find(|name| is_title_at_need(name))
    {
        let form = format!("{name:?}");
        fields.retain(|(_, used)| *used != form);
        fields.push(("title", form));
        others.retain(|other| *other != name);
    }
    for (field, form) in &mut fields {
        let column = header.iter().position(|name| *form == format!("{:?}", name.trim()));
        let Some((column, name)) = column.and_then(|column| Some((column, header.get(column)?))) else {
            continue;
        };
        let below = rows.iter().skip(at + 1).filter_map(|row| row.get(column)).map(String::as_str);
        if let Some(whole) = units::form(field, name, form, below) {
            *form = whole;
        }
    }
    let mut remarks = Vec::new();
    if !others.is_empty() {
        remarks.push(format!("Columns that match no field of ours: {}", others.join(", ")));
    }
    Found {
        format: "table",
        fields,
        names: header.iter().map(|name| format!("{:?}", name.trim())).filter(|name| name.len() > 2).collect(),
        remarks,
        records_seen: rows.len() - at - 1,
        ..Found::default()
    }
}

/// Returns whether a column names the record where no other does: elsewhere it is its sector, or nothing.
fn is_title_at_need(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "metier",
        "emploi",
        "specialite",
        "fonction",
        "offre",
        "objet",
        "designation",
        "occupation",
        "trade",
    ];
    NAMES.contains(&normalize::text::fold(name).as_str())
}

/// Returns whether all values of a column are countries.
fn is_country<'w>(values: impl Iterator<Item = &'w str>) -> bool {
    let mut values = values.filter(|words| !words.trim().is_empty()).peekable();
    values.peek().is_some() && values.all(|words| fits::text("country", words.trim()))
}

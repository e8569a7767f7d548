//! The header row, detected by the columns that the fields use.

use normalize::text::fold;

use super::HEADER_WITHIN;
use crate::{
    expr::Expr,
    grammar::{Fields, Form, Get, Shape, TableRules},
};

/// The names of the columns, and the index of the first record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) columns: Vec<String>,
    pub(super) first_record: usize,
}

/// Columns that the fields use, and what tells records that are not opportunities.
pub(super) fn wanted(fields: &Fields, shape: &Shape) -> Vec<String> {
    let refuse = shape.refuse.iter().map(|refuse| &refuse.when);
    fields.iter().map(|(_, forms)| forms).chain(refuse).flat_map(|forms| columns(forms)).collect()
}

/// Columns that the forms of one field use.
pub(super) fn columns(forms: &[Form]) -> Vec<String> {
    let mut names = Vec::new();
    for form in forms {
        collect(form, &mut names);
    }
    names
}

fn collect(form: &Form, names: &mut Vec<String>) {
    match &form.get {
        Get::Column(name) => names.push(name.clone()),
        Get::Tree(Expr::Path(path)) => names.extend(path.leading_keys().take(1).map(str::to_owned)),
        Get::Parts { parts, .. } | Get::First(parts) => parts.iter().for_each(|part| collect(part, names)),
        _ => (),
    }
}

/// Finds the header in the first rows of a table, and spells its columns as the fields do. `Err` names the missing
/// columns.
pub(super) fn find(rules: &TableRules, rows: &[Vec<String>], wanted: &[String]) -> Result<Header, String> {
    let found = locate(rules, rows, wanted)?;
    let spelt = |name: String| {
        let folded = fold(&name);
        let exact = wanted.contains(&name);
        let wanted = wanted.iter().find(|wanted| !exact && fold(wanted) == folded);
        wanted.cloned().unwrap_or(name)
    };
    Ok(Header { columns: unique(found.columns).into_iter().map(spelt).collect(), ..found })
}

fn locate(rules: &TableRules, rows: &[Vec<String>], wanted: &[String]) -> Result<Header, String> {
    if let Some(columns) = &rules.columns {
        let first_record = rules.header.unwrap_or(0);
        return Ok(Header { columns: columns.clone(), first_record });
    }
    if let Some(number) = rules.header {
        let row = rows.get(number.saturating_sub(1));
        let columns = row.ok_or_else(|| format!("it has no row {number}, which is to be its header"))?;
        return Ok(Header { columns: columns.clone(), first_record: number });
    }
    let score = |columns: &[String]| {
        let folded: Vec<String> = columns.iter().map(|name| fold(name)).collect();
        wanted.iter().filter(|name| folded.contains(&fold(name))).count()
    };
    let mut best: Option<(usize, Header)> = None;
    let mut consider = |score: usize, columns: Vec<String>, first_record: usize| {
        if score > 0 && best.as_ref().is_none_or(|(known, _)| score > *known) {
            best = Some((score, Header { columns, first_record }));
        }
    };
    for (at, row) in rows.iter().enumerate().take(HEADER_WITHIN) {
        consider(score(row), row.clone(), at + 1);
        // "Période" above "Début" and "Fin": two rows form one header.
        if let Some(below) = rows.get(at + 1) {
            let both = merged(row, below);
            consider(score(&both), both, at + 2);
        }
    }
    best.map(|(_, header)| header).ok_or_else(|| {
        let shown: Vec<&str> = wanted.iter().take(6).map(String::as_str).collect();
        format!("no row of its first {HEADER_WITHIN} names a column the spec asks for ({})", shown.join(", "))
    })
}

/// Joins the names of two rows: below a wide cell, its name and that of the column; otherwise the one that exists.
fn merged(above: &[String], below: &[String]) -> Vec<String> {
    let width = above.len().max(below.len());
    let cell = |row: &[String], at: usize| row.get(at).map(|cell| cell.trim().to_owned()).unwrap_or_default();
    let mut wide = String::new();
    (0..width)
        .map(|at| {
            let (top, name) = (cell(above, at), cell(below, at));
            if !top.is_empty() {
                wide.clone_from(&top);
            }
            match (top.is_empty(), name.is_empty()) {
                (false, true) => top,
                (_, true) => String::new(),
                _ if wide.is_empty() => name,
                _ => format!("{wide} {name}"),
            }
        })
        .collect()
}

/// Returns names for look-up. A repeated name gets its number: "Date", "Date 2".
fn unique(columns: Vec<String>) -> Vec<String> {
    let mut known: Vec<String> = Vec::with_capacity(columns.len());
    for name in columns {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let repeats =
            known.iter().filter(|other| **other == name || other.starts_with(&format!("{name} "))).count();
        let taken = !name.is_empty() && known.contains(&name);
        known.push(if taken { format!("{name} {}", repeats + 1) } else { name });
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn the_header_is_the_row_that_names_the_columns() {
        let wanted = ["Intitulé".to_owned(), "Ville".to_owned(), "Période Début".to_owned()];
        let plain = rows(&[
            &["Liste des offres", "", ""],
            &["", "", ""],
            &["INTITULE", " ville ", "x"],
            &["Soudeur", "Douala", ""],
        ]);
        let found = find(&TableRules::default(), &plain, &wanted).unwrap();
        assert_eq!((found.first_record, found.columns[1].as_str()), (3, "Ville"));
        let two =
            rows(&[&["Intitulé", "Ville", "Période", ""], &["", "", "Début", "Fin"], &["a", "b", "c", "d"]]);
        let found = find(&TableRules::default(), &two, &wanted).unwrap();
        assert_eq!(found.columns, ["Intitulé", "Ville", "Période Début", "Période Fin"]);
        assert_eq!(found.first_record, 2);
        let none = find(&TableRules::default(), &rows(&[&["a", "b"]]), &wanted).unwrap_err();
        assert!(none.contains("Intitulé"), "{none}");
    }

    #[test]
    fn names_that_repeat_are_numbered() {
        assert_eq!(
            unique(vec!["Date".into(), "Date".into(), "Date".into(), String::new(), String::new()]),
            ["Date", "Date 2", "Date 3", "", ""]
        );
    }
}

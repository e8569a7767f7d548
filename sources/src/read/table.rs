//! Tables: CSV, TSV and XLSX.
//!
//! Format, encoding, delimiter and header row are detected, unless the source file sets them. The header is the row
//! that names most of the columns that the fields use; rows above it are titles, not records.

mod csv;
mod formats;
mod header;
mod quotes;
mod row;
mod sheet;

use std::io::{BufRead, Read};

use super::{charset, pass::Pass};
use crate::{Alarm, Page, grammar::TableRules};

/// Rows that the detection of the header looks at.
const HEADER_WITHIN: usize = 40;

/// Passes on the records of a page.
pub(super) fn list(rules: &TableRules, page: &Page<'_>, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    if page.body.starts_with(b"PK\x03\x04") {
        return sheet::list(rules, page.body, pass);
    }
    not_a_table(page.body)?;
    let text = charset::decode(page.body, page, pass.shape.encoding);
    csv::list(rules, begin_of(&text), text.as_bytes(), pass)
}

/// The part of a text that the detection looks at.
fn begin_of(text: &str) -> &str {
    let end = (0..=charset::LOOK.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Passes on the records of a streamed input.
pub(super) fn stream(
    rules: &TableRules,
    page: &Page<'_>,
    input: &mut dyn BufRead,
    pass: &mut Pass<'_>,
) -> Result<(), Alarm> {
    let failed = |error: std::io::Error| Alarm::Unreadable(error.to_string());
    let begin = input.fill_buf().map_err(failed)?;
    if begin.starts_with(b"PK\x03\x04") {
        let mut body = Vec::new();
        (&mut *input).take(sheet::LARGEST as u64 + 1).read_to_end(&mut body).map_err(failed)?;
        return sheet::list(rules, &body, pass);
    }
    not_a_table(begin)?;
    let mut input = charset::stream(input, page, pass.shape.encoding).map_err(failed)?;
    // A decoder may return only a few bytes at once: collect enough for the detection.
    let mut begin = Vec::new();
    (&mut input).take(charset::LOOK as u64).read_to_end(&mut begin).map_err(failed)?;
    let look = String::from_utf8_lossy(&begin).into_owned();
    csv::list(rules, &look, begin.as_slice().chain(input), pass)
}

/// Returns the first rows of a table, before its header is known; of a workbook, those of each visible sheet.
pub(super) fn first_rows(page: &Page<'_>) -> Vec<Vec<Vec<String>>> {
    if page.body.starts_with(b"PK\x03\x04") {
        return sheet::first_rows(page.body);
    }
    vec![csv::first_rows(&TableRules::default(), begin_of(&charset::decode(page.body, page, None)))]
}

/// An error page or a document of another format is not a table with one column.
fn not_a_table(body: &[u8]) -> Result<(), Alarm> {
    let begin: Vec<u8> = body.iter().copied().skip_while(u8::is_ascii_whitespace).take(15).collect();
    let begin = begin.to_ascii_lowercase();
    let other = [
        (&b"<!doctype"[..], "HTML"),
        (b"<html", "HTML"),
        (b"<?xml", "XML"),
        (b"%pdf", "a PDF"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls): save it as .xlsx or .csv"),
    ];
    match other.iter().find(|(sign, _)| begin.starts_with(sign)) {
        Some((_, what)) => Err(Alarm::Unreadable(format!("a table is promised and {what} came"))),
        None => Ok(()),
    }
}

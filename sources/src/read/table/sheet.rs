//! XLSX workbooks.

use std::io::{Cursor, Read, copy, sink};

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx};

use super::{
    HEADER_WITHIN, header,
    row::{Cells, Columns},
};
use crate::{Alarm, grammar::TableRules, read::pass::Pass};

/// Largest workbook, packed, in bytes.
pub(super) const LARGEST: usize = 64 << 20;
/// Largest workbook, unpacked, in bytes: all of its strings are held.
const LARGEST_UNPACKED: u64 = 512 << 20;
/// The most cells of a row.
const WIDEST: u32 = 2_000;

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

/// Passes on the records of a workbook.
pub(super) fn list(rules: &TableRules, body: &[u8], pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let bad = |why: String| Alarm::Unreadable(format!("it is not a workbook: {why}"));
    unpacks(body).map_err(bad)?;
    let mut book: Book<'_> = Xlsx::new(Cursor::new(body)).map_err(|error| bad(error.to_string()))?;
    let wanted = header::wanted(pass.fields);
    let mut why = "it has no sheet".to_owned();
    for sheet in sheets(rules, &book) {
        let head = rows(&mut book, &sheet, Some(HEADER_WITHIN + 1)).map_err(bad)?;
        let plain: Vec<Vec<String>> = head.iter().map(Line::names).collect();
        let found = match header::find(rules, &plain, &wanted) {
            Ok(found) => found,
            Err(missing) => {
                why = missing;
                continue;
            }
        };
        drop(head);
        let columns = Columns::new(found.columns, true, pass);
        for (at, line) in
            rows(&mut book, &sheet, None).map_err(bad)?.into_iter().enumerate().skip(found.first_record)
        {
            if columns.row(line.cells, at + 1, pass).is_break() {
                break;
            }
        }
        return Ok(());
    }
    Err(Alarm::Unreadable(why))
}

/// Returns the first rows of the first sheet.
pub(super) fn first_rows(body: &[u8]) -> Vec<Vec<String>> {
    let Ok(()) = unpacks(body) else { return Vec::new() };
    let Ok(mut book) = Xlsx::new(Cursor::new(body)) else { return Vec::new() };
    let Some(sheet) = sheets(&TableRules::default(), &book).into_iter().next() else { return Vec::new() };
    let rows = rows(&mut book, &sheet, Some(HEADER_WITHIN + 1)).unwrap_or_default();
    rows.iter().map(Line::names).collect()
}

/// Returns the sheets to search, in order: the named one, or all visible ones.
fn sheets(rules: &TableRules, book: &Book<'_>) -> Vec<String> {
    if let Some(sheet) = &rules.sheet {
        return vec![sheet.clone()];
    }
    let shown = book.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    shown.map(|sheet| sheet.name.clone()).collect()
}

/// Unpacks everything without storing it, because the sizes that an archive declares may be wrong.
fn unpacks(body: &[u8]) -> Result<(), String> {
    if body.len() > LARGEST {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(body)).map_err(|error| error.to_string())?;
    let mut left = LARGEST_UNPACKED;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|error| error.to_string())?;
        let unpacked = copy(&mut file.take(left + 1), &mut sink()).map_err(|error| error.to_string())?;
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| format!("unpacked it has more than {LARGEST_UNPACKED} bytes"))?;
    }
    Ok(())
}

/// A row of a sheet.
struct Line {
    cells: Cells,
}

impl Line {
    fn names(&self) -> Vec<String> {
        let mut begin = 0;
        let cut = |end: &usize| {
            let cell = self.cells.text.get(begin..*end).unwrap_or_default().trim().to_owned();
            begin = *end;
            cell
        };
        self.cells.ends.iter().map(cut).collect()
    }
}

/// The rows of a sheet, including blank ones in between. Cells come with their positions, so a sheet with its only cell
/// in the last row costs no more than that cell.
fn rows(book: &mut Book<'_>, sheet: &str, most: Option<usize>) -> Result<Vec<Line>, String> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| error.to_string())?;
    let mut lines: Vec<Line> = Vec::new();
    while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
        let (row, column) = cell.get_position();
        let row = usize::try_from(row).unwrap_or(usize::MAX);
        if most.is_some_and(|most| row >= most) {
            break;
        }
        let text = words(cell.get_value());
        if text.is_empty() || column >= WIDEST {
            continue;
        }
        while lines.len() <= row.min(MOST_ROWS) {
            lines.push(Line { cells: Cells::default() });
        }
        let Some(line) = lines.last_mut() else { continue };
        while line.cells.ends.len() < usize::try_from(column).unwrap_or(0) {
            line.cells.push("");
        }
        line.cells.push(&text);
    }
    Ok(lines)
}

/// The most rows of a sheet (limit of the format).
const MOST_ROWS: usize = 1 << 20;

/// Returns a cell as text: dates in ISO 8601, whole numbers without a fraction.
fn words(value: &DataRef<'_>) -> String {
    match value {
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::DateTime(at) if at.is_duration() => at.as_f64().to_string(),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

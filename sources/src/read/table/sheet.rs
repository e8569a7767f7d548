//! XLSX workbooks.

use std::{
    io::{self, Cursor, Read, Write, copy},
    ops::ControlFlow,
};

use calamine::{DataRef, Reader as _, SheetVisible, Xlsx};

use super::{
    HEADER_WITHIN,
    formats::{self, Format, Formats},
    header,
    row::{Cells, Columns},
};
use crate::{
    Alarm,
    grammar::TableRules,
    read::{
        pass::{Flow, Pass},
        weight,
    },
};

/// Largest workbook, packed, in bytes.
pub(super) const LARGEST: usize = 64 << 20;
/// Largest workbook, unpacked, in bytes. Its sheets are streamed.
const LARGEST_UNPACKED: u64 = 512 << 20;
/// The most that what is held of it may weigh, in bytes: all of its strings are.
const HEAVIEST: usize = 128 << 20;
/// The most cells of a row.
const WIDEST: u32 = 2_000;
/// The most cells of a sheet, with the empty ones before others: each takes 8 bytes in a record.
const MOST_CELLS: usize = 8_000_000;

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

/// Passes on the records of a workbook.
pub(super) fn list(rules: &TableRules, body: &[u8], pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let bad = |why: String| Alarm::Unreadable(format!("it is not a workbook: {why}"));
    unpacks(body).map_err(bad)?;
    let mut book: Book<'_> = Xlsx::new(Cursor::new(body)).map_err(|error| bad(error.to_string()))?;
    let wanted = header::wanted(pass.fields, pass.shape);
    let mut why = "it has no sheet".to_owned();
    for sheet in sheets(rules, &book) {
        let mut plain: Vec<Vec<String>> = Vec::new();
        rows(&mut book, &sheet, &Formats::new(), &mut |line| {
            plain.push(line.names());
            if plain.len() > HEADER_WITHIN { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .map_err(bad)?;
        let found = match header::find(rules, &plain, &wanted) {
            Ok(found) => found,
            Err(missing) => {
                why = missing;
                continue;
            }
        };
        let columns = Columns::new(found.columns, true, pass);
        let formats = formats::of(body, &sheet);
        let mut at = 0;
        return rows(&mut book, &sheet, &formats, &mut |line| {
            at += 1;
            if at <= found.first_record { Flow::Continue(()) } else { columns.row(line.cells, at, pass) }
        })
        .map_err(bad);
    }
    Err(Alarm::Unreadable(why))
}

/// Most sheets whose first rows are looked at.
const LOOKED_AT: usize = 20;

/// Returns the first rows of each visible sheet.
pub(super) fn first_rows(body: &[u8]) -> Vec<Vec<Vec<String>>> {
    let Ok(()) = unpacks(body) else { return Vec::new() };
    let Ok(mut book) = Xlsx::new(Cursor::new(body)) else { return Vec::new() };
    let names: Vec<String> = sheets(&TableRules::default(), &book).into_iter().take(LOOKED_AT).collect();
    let of = |sheet: String| {
        let mut first = Vec::new();
        let read = rows(&mut book, &sheet, &formats::of(body, &sheet), &mut |line| {
            first.push(line.names());
            if first.len() > HEADER_WITHIN { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        read.map(|()| first).unwrap_or_default()
    };
    names.into_iter().map(of).collect()
}

/// Returns the sheets to search, in order: the named one, or all visible ones.
fn sheets(rules: &TableRules, book: &Book<'_>) -> Vec<String> {
    if let Some(sheet) = &rules.sheet {
        return vec![sheet.clone()];
    }
    let shown = book.sheets_metadata().iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
    shown.map(|sheet| sheet.name.clone()).collect()
}

/// Unpacks everything without storing it, because the sizes that an archive declares may be wrong. What is not a sheet is
/// held later, and weighed.
fn unpacks(body: &[u8]) -> Result<(), String> {
    if body.len() > LARGEST {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(body)).map_err(|error| error.to_string())?;
    let mut left = LARGEST_UNPACKED;
    let mut held = Scales(0);
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|error| error.to_string())?;
        let is_sheet = file.name().is_ok_and(|name| name.starts_with("xl/worksheets/"));
        let mut file = file.take(left + 1);
        let unpacked = if is_sheet { copy(&mut file, &mut io::sink()) } else { copy(&mut file, &mut held) };
        let unpacked = unpacked.map_err(|error| error.to_string())?;
        if held.0 > HEAVIEST {
            return Err(format!("its strings would take more than {} MiB of memory", HEAVIEST >> 20));
        }
        left = left
            .checked_sub(unpacked)
            .ok_or_else(|| format!("unpacked it has more than {LARGEST_UNPACKED} bytes"))?;
    }
    Ok(())
}

/// Weighs what is written to it.
struct Scales(usize);

impl Write for Scales {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(weight::of(bytes, weight::strings));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A row of a sheet.
#[derive(Default)]
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

/// Passes on the rows of a sheet one by one, including blank ones in between. Cells come with their positions, so a sheet
/// with its only cell in the last row costs no more than that cell.
fn rows(
    book: &mut Book<'_>,
    sheet: &str,
    formats: &Formats,
    each: &mut dyn FnMut(Line) -> Flow,
) -> Result<(), String> {
    let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| error.to_string())?;
    let mut line = Line::default();
    let (mut at, mut count) = (0, 0_usize);
    while let Some(cell) = cells.next_cell().map_err(|error| error.to_string())? {
        let (row, column) = cell.get_position();
        let format = formats.get(&(row, column));
        let row = usize::try_from(row).unwrap_or(usize::MAX).min(MOST_ROWS);
        let text = words(cell.get_value(), format.copied());
        if text.is_empty() || column >= WIDEST {
            continue;
        }
        while at < row {
            at += 1;
            if each(std::mem::take(&mut line)).is_break() {
                return Ok(());
            }
        }
        let before = line.cells.ends.len();
        while line.cells.ends.len() < usize::try_from(column).unwrap_or(0) {
            line.cells.push("");
        }
        line.cells.push(&text);
        count += line.cells.ends.len() - before;
        if count > MOST_CELLS {
            return Err(format!("it has more than {MOST_CELLS} cells, or empty ones before them"));
        }
    }
    let _ = each(line);
    Ok(())
}

/// The most rows of a sheet (limit of the format).
const MOST_ROWS: usize = 1 << 20;

/// Returns a cell as text: as the workbook shows it where that is a percentage or a row of zeros; dates in ISO 8601, whole numbers
/// without a fraction.
fn words(value: &DataRef<'_>, format: Option<Format>) -> String {
    match value {
        DataRef::Float(number) if format.is_some() => {
            format.map(|format| format.show(*number)).unwrap_or_default()
        }
        DataRef::Int(number) if format.is_some() => {
            #[expect(clippy::cast_precision_loss, reason = "a workbook stores numbers as floats")]
            let number = *number as f64;
            format.map(|format| format.show(number)).unwrap_or_default()
        }
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

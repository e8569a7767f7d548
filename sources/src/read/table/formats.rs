//! Cells that a workbook shows in another form than it stores: 0.05 as "5%", 237 as "00237".
//!
//! The library gives stored numbers alone, so styles and the cells that use them are read here.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Cursor},
};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::read::xml::local;

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// As a percentage with so many decimals.
    Percent(usize),
    /// With zeros before it, up to so many digits.
    Zeros(usize),
}

impl Format {
    /// Returns a number as the workbook shows it.
    pub(super) fn show(self, number: f64) -> String {
        match self {
            Self::Percent(decimals) => format!("{:.decimals$}%", number * 100.0),
            Self::Zeros(width) => format!("{number:0>width$.0}"),
        }
    }
}

/// The cells of a sheet that are shown in another form, by row and column from 0.
pub(super) type Formats = HashMap<(u32, u32), Format>;

/// Most digits of a format that are believed.
const WIDEST: usize = 30;

type Book<'b> = zip::ZipArchive<Cursor<&'b [u8]>>;

/// Returns the formats of a sheet; none where the workbook has no such style, or cannot be read.
pub(super) fn of(body: &[u8], sheet: &str) -> Formats {
    let read = || -> Option<Formats> {
        let mut book = Book::new(Cursor::new(body)).ok()?;
        let styles = styles(&mut book)?;
        if styles.iter().all(Option::is_none) {
            return None;
        }
        let path = path(&mut book, sheet)?;
        cells(&mut book, &path, &styles)
    };
    read().unwrap_or_default()
}

/// Gives each start tag of a part of the workbook.
fn tags(book: &mut Book<'_>, part: &str, each: &mut dyn FnMut(&BytesStart<'_>)) -> Option<()> {
    let file = book.by_name(part).ok()?;
    let mut reader = Reader::from_reader(BufReader::new(file));
    starts(&mut reader, each)
}

fn starts<R: BufRead>(reader: &mut Reader<R>, each: &mut dyn FnMut(&BytesStart<'_>)) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(start) | Event::Empty(start) => each(&start),
            Event::Eof => return Some(()),
            _ => (),
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = start.attributes();
    let mut all = attributes.with_checks(false).flatten();
    let found = all.find(|attribute| local(attribute.key.0) == name)?;
    Some(html_escape::decode_html_entities(&*found.value).into_owned())
}

/// Returns the format of each style of cells.
fn styles(book: &mut Book<'_>) -> Option<Vec<Option<Format>>> {
    let mut codes: HashMap<String, String> = HashMap::new();
    let mut styles = Vec::new();
    let mut is_within = false;
    tags(book, "xl/styles.xml", &mut |start| match local(start.name().0) {
        "numFmt" => {
            let code = attribute(start, "numFmtId").zip(attribute(start, "formatCode"));
            codes.extend(code);
        }
        "cellXfs" => is_within = true,
        "xf" if is_within => {
            let id = attribute(start, "numFmtId").unwrap_or_default();
            styles.push(match (codes.get(&id), id.as_str()) {
                (Some(code), _) => format(code),
                (None, "9") => Some(Format::Percent(0)),
                (None, "10") => Some(Format::Percent(2)),
                _ => None,
            });
        }
        // What follows on them are other styles.
        "cellStyles" | "dxfs" => is_within = false,
        _ => (),
    })?;
    Some(styles)
}

/// Reads a format code: `0.0%`, `00000`, `0.00"%"`, `[Red]0%;-0%`.
fn format(code: &str) -> Option<Format> {
    let mut bare = String::new();
    let mut signs = code.split(';').next()?.chars();
    while let Some(c) = signs.next() {
        match c {
            '"' => drop(signs.by_ref().find(|c| *c == '"')),
            '[' => drop(signs.by_ref().find(|c| *c == ']')),
            '\\' | '_' | '*' => drop(signs.next()),
            ' ' => (),
            c => bare.push(c),
        }
    }
    if let Some(number) = bare.strip_suffix('%') {
        let decimals = number.split_once('.').map_or("", |(_, decimals)| decimals);
        return Some(Format::Percent(decimals.len().min(WIDEST)));
    }
    let is_zeros = bare.len() > 1 && bare.len() <= WIDEST && bare.bytes().all(|byte| byte == b'0');
    is_zeros.then_some(Format::Zeros(bare.len()))
}

/// Returns where a sheet stands in the archive.
fn path(book: &mut Book<'_>, sheet: &str) -> Option<String> {
    let mut id = None;
    tags(book, "xl/workbook.xml", &mut |start| {
        if local(start.name().0) == "sheet" && attribute(start, "name").as_deref() == Some(sheet) {
            id = attribute(start, "id");
        }
    })?;
    let id = id?;
    let mut target = None;
    tags(book, "xl/_rels/workbook.xml.rels", &mut |start| {
        if attribute(start, "Id").as_deref() == Some(id.as_str()) {
            target = attribute(start, "Target");
        }
    })?;
    let target = target?;
    Some(target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned))
}

/// Returns the cells of numbers with such a style.
fn cells(book: &mut Book<'_>, path: &str, styles: &[Option<Format>]) -> Option<Formats> {
    let mut found = Formats::new();
    tags(book, path, &mut |start| {
        if start.name().0 != "c" {
            return;
        }
        let style = attribute(start, "s").and_then(|style| style.parse::<usize>().ok());
        let Some(format) = style.and_then(|style| styles.get(style).copied().flatten()) else { return };
        if let Some(at) = attribute(start, "r").as_deref().and_then(position) {
            found.insert(at, format);
        }
    })?;
    Some(found)
}

/// Returns row and column of a reference such as `AB12`.
fn position(reference: &str) -> Option<(u32, u32)> {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase).count();
    let (column, row) = reference.split_at_checked(letters)?;
    let number = |sum: u32, byte: u8| sum.checked_mul(26)?.checked_add(u32::from(byte - b'A') + 1);
    let column = column.bytes().try_fold(0, number)?;
    Some((row.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_percentages_and_zeros_are_read() {
        for (code, expected) in [
            ("0%", Some(Format::Percent(0))),
            ("0.00%", Some(Format::Percent(2))),
            ("0.0\\ %", Some(Format::Percent(1))),
            ("[Red]0.0%;-0.0%", Some(Format::Percent(1))),
            ("00000", Some(Format::Zeros(5))),
            ("0", None),
            ("0.00", None),
            ("0.00\"%\"", None),
            ("#,##0", None),
            ("General", None),
            ("[$-40C]d\\ mmmm\\ yyyy;@", None),
        ] {
            assert_eq!(format(code), expected, "{code}");
        }
        assert_eq!(Format::Percent(1).show(0.125), "12.5%");
        assert_eq!(Format::Percent(0).show(0.05), "5%");
        assert_eq!(Format::Zeros(5).show(237.0), "00237");
        assert_eq!((position("A1"), position("AB12"), position("x")), (Some((0, 0)), Some((11, 27)), None));
    }
}

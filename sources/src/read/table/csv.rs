//! CSV and TSV.

use std::io::{BufRead, BufReader, Read};

use csv::{ReaderBuilder, StringRecord, Terminator, Trim};

use super::{
    HEADER_WITHIN, header,
    quotes::{Quotes, Signs},
    row::{Cells, Columns},
};
use crate::{
    Alarm,
    grammar::TableRules,
    read::{
        guard::{Guard, Meter},
        pass::Pass,
        weight,
    },
};

/// Possible delimiters.
const DELIMITERS: [u8; 4] = [b';', b'\t', b'|', b','];
/// Rows that the detection of the delimiter looks at.
const LOOKED_AT: usize = 100;
/// The most cells of a row. Anything with more is not a table.
const WIDEST: usize = 2_000;

/// Passes on the records of a text. `look`: its begin.
pub(super) fn list(
    rules: &TableRules,
    look: &str,
    input: impl BufRead,
    pass: &mut Pass<'_>,
) -> Result<(), Alarm> {
    let signs = signs(rules, look);
    let head = first_rows(rules, look);
    if head.is_empty() {
        return Err(Alarm::Unreadable("it is empty".to_owned()));
    }
    let found =
        header::find(rules, &head, &header::wanted(pass.fields, pass.shape)).map_err(Alarm::Unreadable)?;
    let columns = Columns::new(found.columns, false, pass);
    let (input, letters) = Quotes::new(input, signs);
    let meter = Meter::default();
    let input = Guard::new(BufReader::new(input), meter.clone(), weight::ROW, weight::cells);
    let mut rows = Rows { reader: reader(input, signs.delimiter, signs.quote), meter, number: 0 };
    let (mut row, mut next) = (StringRecord::new(), StringRecord::new());
    let mut is_row = rows.read(&mut row)?;
    // Whether every record so far had all cells: then one with fewer at the very end was cut.
    let mut is_regular = true;
    while is_row {
        let number = rows.number;
        // Where it fails, the row before counts all the same.
        let after = rows.read(&mut next);
        if number > found.first_record {
            let mut cells = Cells {
                text: String::with_capacity(row.as_slice().len()),
                ends: Vec::with_capacity(row.len()),
            };
            row.iter().for_each(|cell| cells.push(cell));
            // A line below the table, such as "; Total : 12", names nothing in the first column.
            let is_short = (2..columns.len()).contains(&row.len())
                && row.get(0).is_some_and(|cell| !cell.trim().is_empty());
            let flow = if matches!(after, Ok(false))
                && is_regular
                && is_short
                && number > found.first_record + 1
                && !rows.meter.ends_a_line()
            {
                columns.cut(cells, number, pass)
            } else {
                columns.row(cells, number, pass)
            };
            is_regular &= row.len() >= columns.len();
            if flow.is_break() {
                break;
            }
        }
        is_row = after?;
        std::mem::swap(&mut row, &mut next);
    }
    letters.told().into_iter().for_each(|told| pass.doubt(told));
    Ok(())
}

/// The rows of a table, one after the other.
struct Rows<R> {
    reader: csv::Reader<R>,
    meter: Meter,
    /// The number of the last one, from 1.
    number: usize,
}

impl<R: Read> Rows<R> {
    /// Reads a row. Returns whether there was one.
    fn read(&mut self, row: &mut StringRecord) -> Result<bool, Alarm> {
        let number = self.number + 1;
        let there_is = self.reader.read_record(row);
        let there_is = there_is.map_err(|error| Alarm::Unreadable(format!("row {number}: {error}")))?;
        self.meter.reset();
        if row.len() > WIDEST {
            return Err(Alarm::Unreadable(format!("row {number} has more than {WIDEST} cells")));
        }
        self.number += usize::from(there_is);
        Ok(there_is)
    }
}

/// Returns the rows in which the header is searched.
pub(super) fn first_rows(rules: &TableRules, look: &str) -> Vec<Vec<String>> {
    let signs = signs(rules, look);
    let (input, _) = Quotes::new(look.as_bytes(), signs);
    reader(input, signs.delimiter, signs.quote)
        .into_records()
        .take(HEADER_WITHIN + 1)
        .filter_map(Result::ok)
        .map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

/// Returns delimiter and quote, given or detected, and the usual width of a row.
fn signs(rules: &TableRules, look: &str) -> Signs {
    let quote = rules.quote.unwrap_or(b'"');
    let delimiter = rules.delimiter.unwrap_or_else(|| delimiter(look, quote));
    let (_, width) = score(look, delimiter, quote);
    Signs { delimiter, quote, width }
}

fn reader<R: Read>(input: R, delimiter: u8, quote: u8) -> csv::Reader<R> {
    ReaderBuilder::new()
        .delimiter(delimiter)
        .quote(quote)
        .has_headers(false)
        .flexible(true)
        // Any of CR, LF and CRLF ends a row.
        .terminator(Terminator::CRLF)
        .trim(Trim::None)
        .from_reader(input)
}

/// Returns the delimiter that splits the first rows into the most cells of equal number.
fn delimiter(look: &str, quote: u8) -> u8 {
    DELIMITERS.into_iter().max_by_key(|delimiter| score(look, *delimiter, quote)).unwrap_or(b',')
}

/// Returns how many of the first rows have the usual width, in percent, and that width.
fn score(look: &str, delimiter: u8, quote: u8) -> (usize, usize) {
    let widths: Vec<usize> = reader(look.as_bytes(), delimiter, quote)
        .into_records()
        .take(LOOKED_AT)
        .filter_map(Result::ok)
        .map(|row| row.len())
        .collect();
    let usual = |width: usize| widths.iter().filter(|other| **other == width).count();
    let mode = widths.iter().copied().filter(|width| *width > 1).max_by_key(|width| (usual(*width), *width));
    // Rows of equal width count first, then the number of columns.
    mode.map_or((0, 0), |mode| (100 * usual(mode) / widths.len().max(1), mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_gives_rows_of_one_width() {
        for (text, found) in [
            ("a;b;c\n1,5;2;3\n4;5,5;6\n", b';'),
            ("a,b\n\"x;y;z\",2\n\"1;2;3\",3\n", b','),
            ("a\tb\tc\r\n1\t2,3\t4\r\n", b'\t'),
            ("a|b\r1|2\r", b'|'),
            ("Liste\n\na;b;c\n1;2;3\n4;5;6\n", b';'),
        ] {
            assert_eq!(delimiter(text, b'"'), found, "{text}");
        }
    }
}

//! Quotes that open no cell.
//!
//! A stray quote at the begin of a cell opens a quoted one, which ends at the next quote: rows later, or never. Such a "cell"
//! holds the file's own rows. Here that quote becomes a letter, before the CSV reader sees it.

use std::{
    cell::RefCell,
    io::{self, BufRead, Read},
    rc::Rc,
};

/// Longest quoted cell, in bytes: a longer one is a quote without its partner. No field keeps more.
const LONGEST: usize = 256 << 10;
/// Longest record that is looked at as a whole, in bytes. What follows on it is a record of its own: whoever reads the rows refuses so
/// long a one.
const LONGEST_RECORD: usize = 4 << 20;
/// Quotes of a file that are read as letters at most. With more of them, the file has another format.
const MOST: usize = 1_000;

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signs {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    /// Cells of a usual row.
    pub(super) width: usize,
}

/// The lines whose quotes were read as letters.
#[derive(Debug, Clone, Default)]
pub(super) struct Letters(Rc<RefCell<Found>>);

#[derive(Debug, Default)]
struct Found {
    first: Option<usize>,
    count: usize,
    /// The line that the end of the file cuts.
    cut: Option<usize>,
}

impl Letters {
    fn add(&self, line: usize) {
        let mut letters = self.0.borrow_mut();
        letters.first.get_or_insert(line);
        letters.count += 1;
    }

    /// Says what was read as a letter; `None`: nothing was.
    pub(super) fn told(&self) -> Option<String> {
        let Found { first: line, count, cut } = *self.0.borrow();
        if let Some(line) = cut {
            return Some(format!("the file breaks off within a cell in line {line}, whose row was left out"));
        }
        let line = line?;
        let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        Some(format!(
            "a quote in line {line}{more} opens a cell that holds other rows, or never ends: it was read as a letter"
        ))
    }
}

/// A text in which quotes that open no cell are quoted themselves.
pub(super) struct Quotes<R> {
    input: R,
    signs: Signs,
    letters: Letters,
    /// Bytes that were read and not yet looked at.
    held: Vec<u8>,
    /// How many of `held` are looked at.
    begin: usize,
    out: Vec<u8>,
    at: usize,
    line: usize,
    /// Delimiters of the record that are written already.
    passed: usize,
    /// The cell of the record, from its begin, where the look at it continues when more has come.
    cell: usize,
    is_end: bool,
}

impl<R: BufRead> Quotes<R> {
    pub(super) fn new(input: R, signs: Signs) -> (Self, Letters) {
        let letters = Letters::default();
        let told = letters.clone();
        let (held, out) = (Vec::new(), Vec::new());
        let quotes = Self {
            input,
            signs,
            letters,
            held,
            begin: 0,
            out,
            at: 0,
            line: 1,
            passed: 0,
            cell: 0,
            is_end: false,
        };
        (quotes, told)
    }

    /// Reads on. Returns whether something came.
    fn more(&mut self) -> io::Result<bool> {
        if self.is_end {
            return Ok(false);
        }
        if self.begin > LONGEST {
            self.held.drain(..self.begin);
            self.begin = 0;
        }
        let input = self.input.fill_buf()?;
        let length = input.len();
        self.held.extend_from_slice(input);
        self.input.consume(length);
        self.is_end = length == 0;
        Ok(length > 0)
    }

    /// Looks at the next record and writes it, or the line that it turned out to be.
    fn record(&mut self) -> io::Result<()> {
        loop {
            let text = self.held.get(self.begin..).unwrap_or_default();
            if text.is_empty() && self.is_end {
                return Ok(());
            }
            let scan = record(text, (self.passed, self.cell), self.signs, self.is_end);
            self.cell = 0;
            match scan {
                Scan::Needs(cell) => {
                    self.cell = cell;
                    self.more()?;
                }
                Scan::Whole(end) => {
                    let record = text.get(..end).unwrap_or_default();
                    self.line += lines(record);
                    self.out.extend_from_slice(record);
                    self.begin += end;
                    self.passed = 0;
                    return Ok(());
                }
                Scan::Stray(cell) => {
                    let rest = text.get(cell..).unwrap_or_default();
                    if self.is_end && self.passed == 0 && is_cut(rest, self.signs.quote) {
                        self.letters.0.borrow_mut().cut = Some(self.line);
                        self.begin += text.len();
                        return Ok(());
                    }
                    let sign = |byte: &u8| *byte == self.signs.delimiter || matches!(byte, b'\n' | b'\r');
                    let Some(length) = rest.iter().position(sign).or(self.is_end.then_some(rest.len()))
                    else {
                        self.more()?;
                        continue;
                    };
                    self.letters.add(self.line);
                    if self.letters.0.borrow().count > MOST {
                        return Err(io::Error::other(format!("more than {MOST} quotes open no cell")));
                    }
                    let before = text.get(..cell).unwrap_or_default();
                    self.passed += count(before, self.signs.delimiter);
                    self.line += lines(before);
                    self.out.extend_from_slice(before);
                    self.out.push(self.signs.quote);
                    for byte in rest.get(..length).unwrap_or_default() {
                        let times = 1 + usize::from(*byte == self.signs.quote);
                        self.out.extend(std::iter::repeat_n(*byte, times));
                    }
                    self.out.push(self.signs.quote);
                    self.begin += cell + length;
                }
            }
        }
    }
}

impl<R: BufRead> Read for Quotes<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.out.len() {
            self.out.clear();
            self.at = 0;
            self.record()?;
        }
        let read = self.out.get(self.at..).unwrap_or_default().read(to)?;
        self.at += read;
        Ok(read)
    }
}

enum Scan {
    /// The record is not over within the text, and this is the cell that is open.
    Needs(usize),
    /// The record ends there, its line break included.
    Whole(usize),
    /// The quote there opens no cell.
    Stray(usize),
}

/// Finds the end of the first record of a text. `passed`: how many of its delimiters stand before the text. `known`: the cell up to which
/// it was looked at before; a look from its begin each time took minutes for a line of 60 MB.
fn record(text: &[u8], (passed, known): (usize, usize), signs: Signs, is_end: bool) -> Scan {
    let mut at = known;
    loop {
        let cell = at;
        if cell > LONGEST_RECORD {
            return Scan::Whole(cell);
        }
        let rest = text.get(at..).unwrap_or_default();
        if rest.first() == Some(&signs.quote) {
            match quoted(rest, signs, is_end) {
                Quoted::Needs => return Scan::Needs(cell),
                Quoted::Open => return Scan::Stray(at),
                Quoted::Closed(length) => {
                    let is_known = is_end || line_end(text.get(at + length..).unwrap_or_default()).is_some();
                    if !is_known && text.len() < at + length + LONGEST {
                        return Scan::Needs(cell);
                    }
                    if holds_rows(text, passed, (at, length), signs) {
                        return Scan::Stray(at);
                    }
                    at += length;
                }
            }
        }
        // The rest of the cell.
        let rest = text.get(at..).unwrap_or_default();
        let sign = |byte: &u8| *byte == signs.delimiter || matches!(byte, b'\n' | b'\r');
        match rest.iter().position(sign) {
            None if is_end || rest.len() > LONGEST => return Scan::Whole(text.len()),
            None => return Scan::Needs(cell),
            Some(end) if rest.get(end) == Some(&signs.delimiter) => at += end + 1,
            Some(end) => return Scan::Whole(at + end + 1),
        }
    }
}

enum Quoted {
    Needs,
    /// It never ends.
    Open,
    /// Its length, quotes included.
    Closed(usize),
}

fn quoted(text: &[u8], signs: Signs, is_end: bool) -> Quoted {
    let mut at = 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == signs.quote) else {
            return if is_end || text.len() > LONGEST { Quoted::Open } else { Quoted::Needs };
        };
        match rest.get(end + 1) {
            Some(next) if *next == signs.quote => at += end + 2,
            None if !is_end => return Quoted::Needs,
            _ if at + end > LONGEST => return Quoted::Open,
            _ => return Quoted::Closed(at + end + 1),
        }
    }
}

/// Returns whether the quoted cell at `at` holds rows: it has line breaks, and each line of the record is a row of the usual width as
/// soon as the quote is a letter. If text follows on the closing quote, the quote is not the partner of the first: one such line is
/// enough.
fn holds_rows(text: &[u8], passed: usize, (at, length): (usize, usize), signs: Signs) -> bool {
    let cell = text.get(at..at + length).unwrap_or_default();
    let next = text.get(at + length);
    let is_closed = next.is_none_or(|next| *next == signs.delimiter || matches!(next, b'\n' | b'\r'));
    let breaks = cell.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    let holds_delimiter = cell.contains(&signs.delimiter);
    if signs.width < 2 || !holds_delimiter || (is_closed && !breaks) {
        return false;
    }
    let behind = text.get(at + length..).unwrap_or_default();
    let end = at + length + line_end(behind).unwrap_or(behind.len());
    let span = text.get(..end).unwrap_or_default();
    let widths = span
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter(|line| !line.is_empty())
        .map(|line| count(line, signs.delimiter));
    let before = std::iter::once(passed).chain(std::iter::repeat(0));
    let mut widths = widths.zip(before).map(|(width, before)| 1 + width + before == signs.width);
    if is_closed { widths.all(|is_row| is_row) } else { widths.any(|is_row| is_row) }
}

/// Returns whether a quoted cell has neither an end nor a line break: the end of the file cuts its row.
fn is_cut(cell: &[u8], quote: u8) -> bool {
    line_end(cell).is_none() && !cell.get(1..).unwrap_or_default().contains(&quote)
}

fn line_end(text: &[u8]) -> Option<usize> {
    text.iter().position(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Returns how many line breaks a text has.
fn lines(text: &[u8]) -> usize {
    let breaks = count(text, b'\n');
    if breaks > 0 { breaks } else { count(text, b'\r') }
}

/// Returns how often a byte occurs.
fn count(text: &[u8], sought: u8) -> usize {
    text.split(|byte| *byte == sought).count() - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mended(text: &str, delimiter: u8, width: usize, piece: usize) -> (String, Option<String>) {
        let signs = Signs { delimiter, quote: b'"', width };
        let input = io::BufReader::with_capacity(piece, text.as_bytes());
        let (mut quotes, letters) = Quotes::new(input, signs);
        let mut out = String::new();
        quotes.read_to_string(&mut out).unwrap();
        (out, letters.told())
    }

    #[test]
    fn a_quote_that_swallows_rows_is_a_letter() {
        for (text, expected) in [
            ("a;b;c\n1;\"x;y\n2;z;y\n", "a;b;c\n1;\"\"\"x\";y\n2;z;y\n"),
            ("a;b;c\r\n1;\"x;y\r\n2;z;y", "a;b;c\r\n1;\"\"\"x\";y\r\n2;z;y"),
            ("1;\"x;y\n2;z;y\n3;\"w;y\n4;v;y\n", "1;\"\"\"x\";y\n2;z;y\n3;\"\"\"w\";y\n4;v;y\n"),
            ("1;\"x;y\n2;z\";y\n", "1;\"\"\"x\";y\n2;z\";y\n"),
            ("1;\"x;y\n2;\"z; w\";y\n", "1;\"\"\"x\";y\n2;\"z; w\";y\n"),
            ("1;\"5 pouces;y\n", "1;\"\"\"5 pouces\";y\n"),
        ] {
            for piece in [1, 3, 4_096] {
                let (out, told) = mended(text, b';', 3, piece);
                assert_eq!(out, expected, "{text}");
                assert!(told.is_some_and(|told| told.contains("read as a letter")), "{text}");
            }
        }
        assert!(mended("a;b\n1;\"x;y\n2;z;y\n", b';', 3, 9).1.unwrap().contains("line 2 "));
    }

    #[test]
    fn a_row_that_the_end_of_the_file_cuts_is_left_out() {
        for (text, expected) in [("1;x;y\n2;\"La personne; ret", "1;x;y\n"), ("\"1;x;y", "")] {
            let (out, told) = mended(text, b';', 3, 4);
            assert_eq!(out, expected);
            assert!(told.is_some_and(|told| told.contains("breaks off")), "{text}");
        }
    }

    #[test]
    fn a_quoted_cell_stays_one() {
        for text in [
            "1;\"x\";\"y; z\"\n2;\"\";\"a \"\"b\"\" c\"\n",
            "1;\"Missions :\n- trier\n- classer, ranger\";y\n2;z;y\n",
            "1;\"Missions ; tâches\n- trier ; classer ; ranger ; peser\";y\n",
            "1;x;\"Lieu ; date\r\nHeure\"\r\n",
            "1;\"x\"y;z\n",
            "1;x \"y;z\n2;\"a\nb\";c\n",
            "",
            "\n\n",
        ] {
            for piece in [1, 3, 4_096] {
                assert_eq!(mended(text, b';', 3, piece), (text.to_owned(), None), "{text}");
            }
        }
        let prose = "1,\"Titre\nréceptionner, trier, classer\nranger\",3\n";
        assert_eq!(mended(prose, b',', 3, 64), (prose.to_owned(), None));
    }

    #[test]
    fn a_cell_longer_than_any_field_is_none() {
        let text = format!("1;\"{}\n2;x;\"y\"\n", "mot ".repeat(LONGEST / 3));
        let (out, told) = mended(&text, b';', 3, 8_192);
        assert!(told.is_some() && out.ends_with("2;x;\"y\"\n"));
    }

    /// An input that counts how often it is asked would not show it: this one is read to its end in a second, or in minutes.
    #[test]
    fn a_record_without_end_is_looked_at_once() {
        let signs = Signs { delimiter: b';', quote: b'"', width: 3 };
        for text in [";".repeat(20 << 20), "\"a;\nb\";".repeat(2 << 20)] {
            let input = io::BufReader::with_capacity(1 << 10, text.as_bytes());
            let (mut quotes, _) = Quotes::new(input, signs);
            let mut out = Vec::new();
            quotes.read_to_end(&mut out).unwrap();
            assert!(out.len() >= text.len());
            assert!(quotes.held.capacity() < 3 * LONGEST_RECORD, "{}", quotes.held.capacity());
        }
    }

    proptest! {
        #[test]
        fn any_text_keeps_its_letters(text in "[a;\"\n\r ]{0,60}", piece in 1_usize..9) {
            let (out, told) = mended(&text, b';', 3, piece);
            let bare = |text: &str| text.replace('"', "");
            if told.is_some_and(|told| told.contains("breaks off")) {
                prop_assert!(bare(&text).starts_with(&bare(&out)));
            } else {
                prop_assert_eq!(bare(&out), bare(&text));
            }
        }
    }
}

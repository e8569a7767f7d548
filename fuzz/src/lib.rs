//! Everything that parses what strangers send, as functions of bytes that must never fail.
//!
//! A target panics if the program would: by itself, or because what it parsed breaks a promise. `tests/smoke.rs` gives each of them its
//! seeds and some hundred damaged ones at every change; `fuzz/engine` lets libFuzzer search for hours:
//!
//! ```text
//! cargo install cargo-fuzz
//! cargo run -p fuzz -- dates corpus/dates       # writes the seeds of a target
//! cargo +nightly fuzz run --fuzz-dir fuzz/engine dates corpus/dates -- -max_total_time=3600 -timeout=10
//! ```
//!
//! What it finds becomes a line of `seeds/found.tsv`, and a test beside the rule that was mended.

mod damage;
mod files;
mod pages;
mod words;

pub use damage::{Chance, damaged};

/// Something that parses bytes.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its binary in `fuzz/engine`.
    pub name: &'static str,
    /// Parses the bytes. Panics if it cannot, or if a promise is broken.
    pub run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Returns inputs of the kind that it parses, from which others are made, and those that it failed at once.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        let mut seeds = (self.seeds)();
        let found = FOUND.lines().filter_map(|line| line.strip_prefix(self.name)?.strip_prefix('\t'));
        seeds.extend(found.map(unescaped));
        seeds
    }
}

/// All targets. The words of dates, money and places begin with those that the rules are tested with.
pub const TARGETS: &[Target] = &[
    Target {
        name: "dates",
        run: words::dates,
        seeds: || column(include_str!("../../crates/normalize/src/dates/cases.tsv"), 1),
    },
    Target {
        name: "money",
        run: words::money,
        seeds: || column(include_str!("../../crates/normalize/src/money/cases/amount.tsv"), 1),
    },
    Target {
        name: "places",
        run: words::places,
        seeds: || column(include_str!("../../crates/normalize/src/places/cases.tsv"), 0),
    },
    Target { name: "record", run: words::record, seeds: || column(include_str!("../seeds/record.tsv"), 0) },
    Target { name: "page", run: pages::page, seeds: pages::seeds },
    Target { name: "proposal", run: pages::proposal, seeds: pages::bodies },
    Target { name: "robots", run: files::robots, seeds: || column(include_str!("../seeds/robots.tsv"), 0) },
    Target { name: "source_file", run: files::source_file, seeds: pages::source_files },
    Target { name: "timetable", run: files::timetable, seeds: files::timetables },
];

/// Inputs that a target failed at once: its name, and the bytes escaped as Rust does.
const FOUND: &str = include_str!("../seeds/found.tsv");

/// Returns the target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Returns a column of a table, each cell a seed; `\n` stands for a line break.
fn column(table: &str, column: usize) -> Vec<Vec<u8>> {
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    let cells = rows.filter_map(|line| line.split('\t').nth(column));
    cells.map(|cell| cell.replace("\\n", "\n").into_bytes()).collect()
}

/// Returns the bytes that `escape_ascii` wrote.
fn unescaped(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, if byte == b'\\' { rest.next() } else { None }) {
            (_, Some(b'n')) => b'\n',
            (_, Some(b'r')) => b'\r',
            (_, Some(b't')) => b'\t',
            (_, Some(b'x')) => rest.by_ref().take(2).fold(0, |value, digit| value * 16 + hex(digit)),
            (_, Some(other)) => other,
            (plain, None) => plain,
        });
    }
    bytes
}

fn hex(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_come_back_as_they_were() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(super::unescaped(&all.escape_ascii().to_string()), all);
    }
}

//! The one place that writes to the terminal.
//!
//! Results go to standard output, as tables or JSON; everything else goes to standard error.

mod follow;
mod table;

use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

pub(crate) use follow::{Follower, Line, held};
pub(crate) use table::{Align, Table, ago, counted};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Aligned columns for people.
    Table,
    /// One JSON document for programs.
    Json,
}

/// Writes a line of results. A reader that went away (`| head`) is no error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a line beside the results.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes results as one JSON document.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Whether colour and moving bars are welcome.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// The program as it was called, for hints that can be pasted.
pub(crate) fn program() -> String {
    quoted(&std::env::args().next().unwrap_or_else(|| "oim-etl".to_owned()))
}

/// A word for a shell: quoted where it holds more than a shell takes literally.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// Bold on standard output, where that is a terminal and colour is welcome.
pub(crate) fn strong(text: &str) -> String {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

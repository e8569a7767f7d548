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

/// Bold, where colour is welcome.
pub(crate) fn strong(text: &str) -> String {
    if is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

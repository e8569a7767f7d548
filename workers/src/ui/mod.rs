//! The one place that writes to the terminal.
//!
//! Results go to standard output, as tables or JSON; everything else goes to standard error.

mod follow;
mod table;

use std::{
    io::{IsTerminal as _, Write as _},
    os::fd::AsFd,
};

use serde::Serialize;

use crate::lang;

pub(crate) use follow::{Follower, Line, held};
pub(crate) use table::{Column, Table, ago, counted, moment, reason, refusal, state, state_in};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Aligned columns for people.
    Table,
    /// One JSON document for programs.
    Json,
}

/// Writes a line of results. A reader that went away (`| head`) is not an error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(anstream::stdout().lock(), "{text}");
}

/// Writes a line beside the results.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes why a command could not do its work: what failed, then its causes, each in the language of commands where it is known.
pub(crate) fn failed(error: &anyhow::Error) {
    let lang = lang::chosen();
    let chain = error.chain().map(|cause| lang.phrase(&cause.to_string())).collect::<Vec<_>>();
    note(&format!("{}: {}", lang.say("erreur", "error"), chain.join(": ")));
}

/// Writes results as one JSON document.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Whether standard error is a terminal, where bars may move.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether standard error wants colors.
pub(crate) fn colors_on_stderr() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Columns of a terminal that does not say how wide it is.
const UNKNOWN_WIDTH: usize = 100;

/// The width that results must fit. Default: no limit, for a pipe or a file.
fn width() -> Option<usize> {
    let stdout = std::io::stdout();
    stdout.is_terminal().then(|| width_of(stdout))
}

/// The width of a terminal: what `COLUMNS` says, else what the terminal says.
fn width_of(terminal: impl AsFd) -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|text| text.parse::<usize>().ok());
    let asked = || rustix::termios::tcgetwinsize(terminal).ok().map(|size| usize::from(size.ws_col));
    set.filter(|width| *width > 0).or_else(asked).filter(|width| *width > 0).unwrap_or(UNKNOWN_WIDTH)
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

/// Bold, for [`line`]: it takes the codes out again where standard output does not want them.
pub(crate) fn strong(text: &str) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}

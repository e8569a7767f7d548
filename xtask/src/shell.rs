//! Runs commands and prints lines.

use std::{
    env,
    fmt::Display,
    io::{self, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Prints a line. A closed output is not an error.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a command line and runs it, with `settings` in its environment. Fails if the command fails.
pub(crate) fn run(folder: &Path, settings: &[(&str, &str)], line: &[&str]) -> Result<()> {
    let shown: Vec<String> = settings.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    say(format!("$ {}", [shown.join(" "), line.join(" ")].join(" ").trim_start()));
    let mut command = command(folder, line)?;
    let status = command.envs(settings.iter().copied()).status();
    let status = status.with_context(|| format!("Failed to start `{}`", line.join(" ")))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line.join(" "));
    }
    Ok(())
}

/// Returns whether a command exists and succeeds. Prints nothing.
pub(crate) fn succeeds(folder: &Path, line: &[&str]) -> bool {
    let quiet = |mut command: Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    command(folder, line).is_ok_and(|command| quiet(command).is_ok_and(|status| status.success()))
}

/// Returns what a command prints, or fails if the command fails. Prints nothing.
pub(crate) fn output(folder: &Path, line: &[&str]) -> Result<String> {
    let shown = line.join(" ");
    let output = command(folder, line)?.output().with_context(|| format!("Failed to start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not text"))
}

/// Returns whether this is a run of continuous integration.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true")
}

fn command(folder: &Path, line: &[&str]) -> Result<Command> {
    let (program, arguments) = line.split_first().context("an empty command line")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    // `cargo run` sets these variables for our package. To build scripts of other crates they would look like a changed
    // environment, and each command would rebuild them.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    Ok(command)
}

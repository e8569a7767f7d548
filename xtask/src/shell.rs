//! Running commands and printing, in one place.

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

/// Prints a command line and runs it; fails if it does. `settings` are added to its environment.
pub(crate) fn run(folder: &Path, settings: &[(&str, &str)], line: &[&str]) -> Result<()> {
    let shown: Vec<String> = settings.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    say(format!("$ {}", [shown.join(" "), line.join(" ")].join(" ").trim_start()));
    let mut command = command(folder, line)?;
    let status = command.envs(settings.iter().copied()).status();
    let status = status.with_context(|| format!("could not start `{}`", line.join(" ")))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line.join(" "));
    }
    Ok(())
}

/// Whether a command is there and succeeds; prints nothing.
pub(crate) fn succeeds(folder: &Path, line: &[&str]) -> bool {
    let quiet = |mut command: Command| command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    command(folder, line).is_ok_and(|command| quiet(command).is_ok_and(|status| status.success()))
}

/// What a command prints; fails if it does. Prints nothing itself.
pub(crate) fn output(folder: &Path, line: &[&str]) -> Result<String> {
    let shown = line.join(" ");
    let output = command(folder, line)?.output().with_context(|| format!("could not start `{shown}`"))?;
    if !output.status.success() {
        bail!("`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not text"))
}

/// Whether this is a continuous integration run.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true")
}

fn command(folder: &Path, line: &[&str]) -> Result<Command> {
    let (program, arguments) = line.split_first().context("an empty command line")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    // What `cargo run` tells a program about its own package would tell build scripts of other crates
    // that their environment has changed, and have them rebuilt each time.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    Ok(command)
}

//! The project's recipes. CI runs every test, then `lint` (`.ci/run`).
//!
//! `cargo xtask` lists them. A recipe prints each command before it runs it.

mod binary_size;
mod deny;
mod dependencies;
mod layers;
mod lint;
mod named;
mod pure;
mod queries;
mod reserved;
mod shell;
mod sizes;
mod snapshots;
mod stray;
mod test;
mod words;
mod workspace;

use std::{env, process::ExitCode};

use anyhow::{Context, Result, bail};
use shell::say;
use workspace::Workspace;

/// A recipe: its name, what it does, and the function that does it.
type Recipe = (&'static str, &'static str, fn(&Workspace) -> Result<()>);

/// All recipes, in the order in which they are listed.
const RECIPES: &[Recipe] = &[
    ("ci", "run `test`, then `lint`: what must pass before a change lands", ci),
    ("test", "run every test, and note which snapshots they use", test::run),
    (
        "lint",
        "run rustfmt, clippy and rustdoc without warnings, then every check below except `sqlx`",
        lint::run,
    ),
    (
        "layers",
        "check that crates depend downward only, use only the external crates they may, and stay pure",
        layers::run,
    ),
    (
        "dependencies",
        "check that each dependency has a reason in docs/DEPENDENCIES.md, and is used",
        dependencies::run,
    ),
    ("sizes", "check file sizes", sizes::run),
    ("size", "check that the release binary, if it is built, stays below its limit", binary_size::run),
    ("stray", "check that no tracked file is too large or of an unexpected kind", stray::run),
    ("snapshots", "check for pending and unused snapshots", snapshots::run),
    ("words", "check prose for the phrases that docs/STYLE.md lists", words::run),
    ("named", "check that the tests which documents name are there", named::run),
    ("sqlx", "record what queries are checked against", queries::run),
    ("deny", "check licenses, sources, bans and advisories; needs cargo-deny", deny::run),
];

fn main() -> ExitCode {
    match run(env::args().nth(1).as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(name: Option<&str>) -> Result<()> {
    let Some(name) = name else {
        for (name, about, _) in RECIPES {
            say(format!("cargo xtask {name:<12} {about}"));
        }
        return Ok(());
    };
    let Some((_, _, recipe)) = RECIPES.iter().find(|(known, ..)| *known == name) else {
        bail!("there is no recipe `{name}`: `cargo xtask` lists them");
    };
    recipe(&Workspace::open().context("Failed to read the workspace")?)
}

fn ci(workspace: &Workspace) -> Result<()> {
    test::run(workspace)?;
    lint::run(workspace)
}

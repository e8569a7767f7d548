//! The project's recipes. CI runs every test, then `lint` (`.ci/run`).
//!
//! `cargo xtask` lists them. Each prints every command before it runs it.

mod binary_size;
mod deny;
mod dependencies;
mod layers;
mod lint;
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

/// All recipes, in the order they are listed.
const RECIPES: &[Recipe] = &[
    ("ci", "test, then lint: what has to pass before a change lands", ci),
    ("test", "every test of every crate", test::run),
    ("lint", "format, clippy, docs and all the checks below", lint::run),
    ("layers", "dependencies run downward, some crates have one door only, and some are pure", layers::run),
    ("dependencies", "each dependency has its reason in docs/DEPENDENCIES.md, and a user", dependencies::run),
    ("sizes", "files stay small enough to be read", sizes::run),
    ("size", "the release binary, where it is built, stays below its limit", binary_size::run),
    ("stray", "no tracked file is too large or of a kind this project does not use", stray::run),
    ("snapshots", "no snapshot is pending, and none is left that no test looks at", snapshots::run),
    ("words", "docs and comments avoid the phrases that docs/STYLE.md lists", words::run),
    ("sqlx", "record what the queries are checked against", queries::run),
    ("deny", "licences, banned crates, sources, advisories", deny::run),
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
    recipe(&Workspace::open().context("could not read the workspace")?)
}

fn ci(workspace: &Workspace) -> Result<()> {
    test::run(workspace)?;
    lint::run(workspace)
}

//! All checks that do not run the program.

use anyhow::{Result, bail};

use crate::{
    binary_size, deny, dependencies, layers, named, shell, shell::say, sizes, snapshots, stray, words,
    workspace::Workspace,
};

/// The checks that cargo runs: environment and command line.
type Check = (&'static [(&'static str, &'static str)], &'static [&'static str]);

const CHECKS: &[Check] = &[
    (&[], &["cargo", "fmt", "--all", "--", "--check"]),
    (&[], &["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    (&[("RUSTDOCFLAGS", "-D warnings")], &["cargo", "doc", "--workspace", "--no-deps"]),
];

/// Our own checks, which run after those of cargo.
const OWN: &[fn(&Workspace) -> Result<()>] = &[
    layers::run,
    dependencies::run,
    sizes::run,
    stray::run,
    snapshots::run,
    binary_size::run,
    words::run,
    named::run,
    deny::run,
];

/// Runs all checks, then reports which failed, so that one run shows everything to fix.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut failed = Vec::new();
    for (settings, line) in CHECKS {
        failed.extend(shell::run(&workspace.root, settings, line).err());
    }
    for check in OWN {
        failed.extend(check(workspace).err());
    }
    if failed.is_empty() {
        say("lint: everything passed");
        return Ok(());
    }
    for error in &failed {
        say(format!("lint: {error:#}"));
    }
    bail!("{} checks failed", failed.len());
}

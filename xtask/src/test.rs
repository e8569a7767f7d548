//! Every test of every crate.

use std::fs;

use anyhow::{Context, Result};

use crate::{shell, snapshots, workspace::Workspace};

/// Runs all tests, and has them note which snapshots they look at (see [`snapshots`]).
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let seen = snapshots::record(workspace);
    fs::create_dir_all(workspace.root.join("target")).context("could not make the target folder")?;
    if seen.exists() {
        fs::remove_file(&seen).with_context(|| format!("could not remove {}", seen.display()))?;
    }
    let settings = [(snapshots::RECORD, &*seen.to_string_lossy())];
    shell::run(&workspace.root, &settings, &["cargo", "test", "--workspace"])
}

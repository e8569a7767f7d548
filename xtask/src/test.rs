//! Every test of every crate.

use std::fs;

use anyhow::{Context, Result};

use crate::{shell, snapshots, workspace::Workspace};

/// Runs all tests, and records which snapshots they use (see [`snapshots`]).
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let seen = snapshots::record(workspace);
    fs::create_dir_all(workspace.root.join("target")).context("Failed to create the target folder")?;
    if seen.exists() {
        fs::remove_file(&seen).with_context(|| format!("Failed to remove {}", seen.display()))?;
    }
    let settings = [(snapshots::RECORD, &*seen.to_string_lossy())];
    shell::run(&workspace.root, &settings, &["cargo", "test", "--workspace"])
}

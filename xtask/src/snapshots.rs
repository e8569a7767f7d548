//! Pending and unused snapshots. An unused snapshot looks like a proof and proves nothing.
//!
//! `insta` writes the path of each snapshot that a test uses to the file that [`RECORD`] names. The recipe `test` sets it
//! for all tests, and this check compares.

use std::{collections::BTreeSet, fs, path::PathBuf, time::SystemTime};

use anyhow::{Context, Result, bail};

use crate::{shell::say, workspace::Workspace};

/// The environment variable that names the file.
pub(crate) const RECORD: &str = "INSTA_SNAPSHOT_REFERENCES_FILE";

/// Returns the file in which the last run of all tests recorded the snapshots that it used.
pub(crate) fn record(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target/snapshots-seen")
}

/// Fails on a pending snapshot, and on one that the last run of all tests did not use.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let pending = workspace.files("snap.new")?;
    for file in &pending {
        say(format!("snapshots: {} is pending: accept or reject it", file.display()));
    }
    let kept = workspace.files("snap")?;
    let record = record(workspace);
    let left = match fs::read_to_string(&record) {
        Ok(seen) => unseen(workspace, &kept, &seen, modified(&record)?)?,
        Err(_) if kept.is_empty() => Vec::new(),
        Err(_) => {
            say("snapshots: skipped the check for unused ones: run `cargo xtask test` first");
            Vec::new()
        }
    };
    for file in &left {
        say(format!("snapshots: no test uses {}", file.display()));
    }
    if !pending.is_empty() || !left.is_empty() {
        bail!("{} pending and {} unused snapshots", pending.len(), left.len());
    }
    say(format!("snapshots: {} kept, none pending or known to be unused", kept.len()));
    Ok(())
}

/// Returns the snapshots that are older than the record and not in it. The record says nothing about newer ones.
fn unseen(workspace: &Workspace, kept: &[PathBuf], seen: &str, at: SystemTime) -> Result<Vec<PathBuf>> {
    // Recorded paths look like `src/../tests/x.snap`.
    let seen: BTreeSet<PathBuf> = seen.lines().filter_map(|line| fs::canonicalize(line).ok()).collect();
    let mut left = Vec::new();
    for file in kept {
        let path = fs::canonicalize(workspace.root.join(file))?;
        if !seen.contains(&path) && modified(&path)? < at {
            left.push(file.clone());
        }
    }
    Ok(left)
}

fn modified(path: &PathBuf) -> Result<SystemTime> {
    let metadata = fs::metadata(path).and_then(|metadata| metadata.modified());
    metadata.with_context(|| format!("Failed to get the age of {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_older_than_the_record_and_not_in_it_is_left_over() -> Result<()> {
        // This very file and its neighbours stand in for snapshots: only their paths and ages count.
        let workspace = Workspace::open()?;
        let kept = ["xtask/src/snapshots.rs", "xtask/src/sizes.rs"].map(PathBuf::from);
        let seen = format!("{}/xtask/src/../src/sizes.rs\n/nowhere/else.snap\n", workspace.root.display());
        let (past, future) = (SystemTime::UNIX_EPOCH, SystemTime::now() + Duration::from_hours(1));
        assert_eq!(unseen(&workspace, &kept, &seen, future)?, [PathBuf::from("xtask/src/snapshots.rs")]);
        assert_eq!(unseen(&workspace, &kept, &seen, past)?, Vec::<PathBuf>::new());
        Ok(())
    }
}

//! Tests that are skipped because their input is not on this machine.

use std::io::Write as _;

/// Records the snapshots of a skipped test, as insta records those of a test that runs, so that they do not count as unused.
pub(crate) fn skipped(snapshots: &[&str]) {
    let Some(record) = std::env::var_os("INSTA_SNAPSHOT_REFERENCES_FILE") else { return };
    let mut record = std::fs::OpenOptions::new().append(true).create(true).open(record).unwrap();
    for name in snapshots {
        writeln!(record, "{}/it/snapshots/it__{name}.snap", env!("CARGO_MANIFEST_DIR")).unwrap();
    }
}

//! Tests whose input is not on this machine.

use std::io::Write as _;

/// Notes the snapshots of a test that is skipped, as insta notes those of one that is not: they are not left over.
pub(crate) fn skipped(snapshots: &[&str]) {
    let Some(record) = std::env::var_os("INSTA_SNAPSHOT_REFERENCES_FILE") else { return };
    let mut record = std::fs::OpenOptions::new().append(true).create(true).open(record).unwrap();
    for name in snapshots {
        writeln!(record, "{}/it/snapshots/it__{name}.snap", env!("CARGO_MANIFEST_DIR")).unwrap();
    }
}

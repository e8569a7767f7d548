//! The release binary stays small enough to copy to a machine in a minute, and contains nothing that only tests need.

use std::{fs, io, path::Path};

use anyhow::{Context, Result, bail};

use crate::{shell::say, workspace::Workspace};

/// The most bytes that the binary may have: a little above the 91 MiB that it has. Most of them are the vector engine; mail and alerts added one.
const MOST: u64 = 92 * MEBIBYTE;
const MEBIBYTE: u64 = 1024 * 1024;

/// The variable that tells a process where to die (`store::failpoint`). Only a binary for tests knows it.
const FAILPOINT: &[u8] = b"OIM_FAILPOINT";

/// The path of the release binary, from the root.
const BINARY: &str = "target/release/oim-etl";

/// Checks the release binary, if there is one. It does not build it: that would take a quarter of an hour.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let binary = workspace.root.join(BINARY);
    let size = size(&binary)?;
    say(judge(size)?);
    if size.is_some() && holds(&binary, FAILPOINT)? {
        bail!(
            "{BINARY} was built with the features of tests and can be told to die: run `cargo build --release`"
        );
    }
    Ok(())
}

/// Returns whether a file contains these bytes.
fn holds(file: &Path, bytes: &[u8]) -> Result<bool> {
    let all = fs::read(file).with_context(|| format!("Failed to read {}", file.display()))?;
    Ok(all.windows(bytes.len()).any(|window| window == bytes))
}

/// Returns the report on a binary of this size, or fails above the limit. `None`: there is no binary.
fn judge(size: Option<u64>) -> Result<String> {
    let Some(size) = size else {
        return Ok(format!("size: {BINARY} is not built: `cargo build --release` builds it"));
    };
    let (size_mib, most_mib) = (size.div_ceil(MEBIBYTE), MOST / MEBIBYTE);
    if size > MOST {
        bail!(
            "{BINARY} has {size_mib} MiB, above {most_mib}: look for embedded files, symbols and new dependencies, \
             or raise the limit in xtask/src/binary_size.rs and say why"
        );
    }
    Ok(format!("size: {BINARY} has {size_mib} MiB, of at most {most_mib}"))
}

/// Returns the size of a file in bytes, or `None` if there is no file.
fn size(file: &Path) -> Result<Option<u64>> {
    match fs::metadata(file) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("Failed to look at {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_above_the_limit_is_refused_and_a_missing_one_is_not() -> Result<()> {
        assert_eq!(
            judge(None)?,
            "size: target/release/oim-etl is not built: `cargo build --release` builds it"
        );
        assert_eq!(judge(Some(MOST))?, "size: target/release/oim-etl has 92 MiB, of at most 92");
        let error = judge(Some(MOST + 1)).unwrap_err().to_string();
        assert!(error.starts_with("target/release/oim-etl has 93 MiB, above 92: "), "{error}");
        Ok(())
    }

    #[test]
    fn what_only_tests_need_is_found_in_a_file() -> Result<()> {
        let here = Workspace::open()?.root.join("crates/store/src/failpoint.rs");
        assert!(holds(&here, FAILPOINT)?);
        assert!(!holds(&here, b"no such bytes")?);
        Ok(())
    }

    #[test]
    fn a_file_that_is_missing_has_no_size() -> Result<()> {
        let root = Workspace::open()?.root;
        assert_eq!(size(&root.join("target/no such file"))?, None);
        assert!(size(&root.join("Cargo.toml"))?.is_some_and(|bytes| bytes > 0));
        Ok(())
    }
}

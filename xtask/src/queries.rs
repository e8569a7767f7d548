//! `cargo xtask sqlx`: records the schema data that the queries of `store` and `queue` are checked against.

use std::{env, fs, path::Path};

use anyhow::{Context, Result};

use crate::{shell, workspace::Workspace};

/// The crates with queries.
const LIBRARIES: [&str; 2] = ["crates/queue/src/lib.rs", "crates/store/src/lib.rs"];

/// Applies the migrations to the empty database that `OIM_SQLX_URL` names, and regenerates `.sqlx/` against it.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let root = workspace.root.as_path();
    let url = env::var("OIM_SQLX_URL")
        .context("set OIM_SQLX_URL to an empty database, such as postgres://postgres@localhost/sqlx")?;
    for file in migrations(root)? {
        shell::run(root, &[], &["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", &url, "-f", &file])?;
    }
    let folder = root.join(".sqlx");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir(&folder)?;
    // Cargo checks the queries again only if a file has changed.
    for library in LIBRARIES {
        let library = root.join(library);
        fs::write(&library, fs::read(&library)?)?;
    }
    let folder = folder.display().to_string();
    let settings =
        [("SQLX_OFFLINE", "false"), ("SQLX_OFFLINE_DIR", folder.as_str()), ("DATABASE_URL", url.as_str())];
    shell::run(root, &settings, &["cargo", "check", "--package", "queue", "--package", "store"])
}

fn migrations(root: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join("migrations"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path.display().to_string());
        }
    }
    files.sort();
    Ok(files)
}

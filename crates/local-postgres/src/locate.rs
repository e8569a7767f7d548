//! Finds the binaries of PostgreSQL.

use std::path::{Path, PathBuf};

/// Folders in which distributions keep server binaries, with a subfolder for each version.
const VERSIONED: [&str; 4] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr/pgsql"];

/// Returns the folder with `initdb` and `postgres`: `PG_BINDIR`, the newest of the distribution, or one in `PATH`.
pub(super) fn binaries() -> Option<PathBuf> {
    let named = std::env::var_os("PG_BINDIR").map(PathBuf::from);
    named.into_iter().chain(of_distribution()).chain(on_path()).find(|folder| complete(folder))
}

/// Returns whether both programs are in the folder.
pub(super) fn complete(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

fn of_distribution() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = VERSIONED
        .iter()
        .filter_map(|parent| std::fs::read_dir(parent).ok())
        .flat_map(Iterator::flatten)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let digits: String = name.chars().filter(char::is_ascii_digit).collect();
            Some((digits.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

fn on_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

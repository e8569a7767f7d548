//! Makes a digest of the rules: of every file that reads and normalizes. What an older version read is then read again.
//!
//! Makes a new or removed partner file a change of this crate too: `include_dir` alone notices only changed files.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for folder in ["src", "../crates/domain/src", "../crates/normalize/src"] {
        println!("cargo:rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files)?;
    }
    for folder in ["partners", "reference"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    files.sort();
    let mut digest = DefaultHasher::new();
    for file in files {
        (file.display().to_string(), fs::read(&file)?).hash(&mut digest);
    }
    println!("cargo:rustc-env=RULES={:016x}", digest.finish());
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

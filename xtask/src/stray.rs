//! Files that do not belong in the repository: too large, or of a kind that this project does not use.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::{Context, Result, bail};

use crate::{
    shell::{in_ci, output, say},
    workspace::Workspace,
};

/// The most bytes of a tracked file. The largest one that we need, labelled pairs in `benches/data`, has 0.8 MiB.
const MOST: u64 = 1024 * 1024;

/// The extensions that this project uses, and for what.
const EXTENSIONS: &[(&str, &str)] = &[
    ("alloy", "configuration of Grafana Alloy"),
    ("conf", "accounts and folders of systemd"),
    ("css", "the style sheet of the console"),
    ("csv", "recordings, tables of `benches`"),
    ("dockerignore", "`.dockerignore`"),
    ("gitignore", "`.gitignore`"),
    ("helmignore", "`.helmignore`"),
    ("html", "recordings"),
    ("json", "recordings, `.sqlx`"),
    ("jsonl", "labelled data of `benches`"),
    ("lock", "`Cargo.lock`"),
    ("md", "documentation"),
    ("ndjson", "recordings"),
    ("properties", "SonarQube"),
    ("py", "peers that `benches` compares with, models for tests, checks of `deploy`"),
    ("rs", "code"),
    ("service", "units of systemd"),
    ("sh", "peers that `benches` compares with, scripts of `deploy`"),
    ("snap", "snapshots of tests"),
    ("sql", "migrations"),
    ("timer", "units of systemd"),
    ("toml", "manifests, partner files, settings"),
    ("tpl", "templates of the chart"),
    ("tsv", "vocabularies"),
    ("txt", "expected output, lists"),
    ("xlsx", "recordings"),
    ("xml", "recordings"),
    ("yaml", "the chart"),
    ("yml", "workflows, files of `deploy`"),
];

/// The names of the files that have no extension.
const NAMES: &[&str] = &["Dockerfile", "LICENSE-APACHE", "LICENSE-MIT", "run", "url"];

/// Checks every file that git tracks.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let listed = output(&workspace.root, &["git", "ls-files", "-z"]);
    let listed = match listed {
        Ok(listed) => listed,
        Err(error) if in_ci() => return Err(error),
        Err(error) => {
            say(format!("stray: skipped, git cannot list the files: {error:#}"));
            return Ok(());
        }
    };
    let mut files = BTreeMap::new();
    for name in listed.split_terminator('\0') {
        let path = workspace.root.join(name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) => drop(files.insert(name, metadata.len())),
            // The file was deleted and is still tracked; the next commit removes it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("Failed to look at {name}")),
        }
    }
    let wrong: Vec<String> = files.iter().filter_map(|(name, size)| judge(name, *size)).collect();
    wrong.iter().for_each(say);
    if !wrong.is_empty() {
        bail!("{} stray files", wrong.len());
    }
    say(format!("stray: {} tracked files, none too large or of an unknown kind", files.len()));
    Ok(())
}

/// Returns what is wrong with a file and what to do about it, if anything is.
fn judge(file: &str, size: u64) -> Option<String> {
    if size > MOST {
        let (size, most) = (mebibytes(size), mebibytes(MOST));
        return Some(format!(
            "stray: {file} has {size}, above {most}: remove it with `git rm`, or make it smaller"
        ));
    }
    let Some(extension) = extension(file) else {
        let name = file.rsplit('/').next().unwrap_or(file);
        return (!NAMES.contains(&name)).then(|| {
            format!("stray: {file} has no extension: remove it with `git rm`, or add its name in xtask/src/stray.rs")
        });
    };
    let known = EXTENSIONS.iter().any(|(known, _)| *known == extension);
    (!known).then(|| {
        format!(
            "stray: {file} has the extension `{extension}`, which no file of ours has: remove it with `git rm`, \
             or add the extension in xtask/src/stray.rs"
        )
    })
}

/// Returns what follows the last dot of the name; `.gitignore` has the extension `gitignore`.
fn extension(file: &str) -> Option<&str> {
    let name = Path::new(file).file_name()?.to_str()?;
    name.rsplit_once('.').map(|(_, extension)| extension)
}

/// Formats a size as `9.8 MiB`, rounded up, so that a file above a limit never seems to be at it.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10).div_ceil(1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_known_kind_and_an_ordinary_size_pass() {
        for file in [".gitignore", ".ci/run", "sources/reference/01-json/url", "Cargo.lock", "a b/ü.html"] {
            assert_eq!(judge(file, MOST), None, "{file}");
        }
    }

    #[test]
    fn a_large_file_is_refused_with_its_size() {
        let expected = "stray: fixtures/fne/offres.json has 1.1 MiB, above 1.0 MiB: remove it with `git rm`, \
                    or make it smaller";
        assert_eq!(judge("fixtures/fne/offres.json", MOST + 1).as_deref(), Some(expected));
        assert_eq!(mebibytes(10_196_845), "9.8 MiB");
    }

    #[test]
    fn a_file_of_an_unknown_kind_is_refused_with_its_extension() {
        let expected = "stray: a-1.0-none-any.whl has the extension `whl`, which no file of ours has: remove it with \
                    `git rm`, or add the extension in xtask/src/stray.rs";
        assert_eq!(judge("a-1.0-none-any.whl", 10).as_deref(), Some(expected));
        let expected = "stray: docs/core has no extension: remove it with `git rm`, or add its name in \
                    xtask/src/stray.rs";
        assert_eq!(judge("docs/core", 10).as_deref(), Some(expected));
        assert!(judge("docs/README.MD", 10).is_some(), "upper case is another extension");
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(EXTENSIONS.is_sorted() && NAMES.is_sorted());
    }
}

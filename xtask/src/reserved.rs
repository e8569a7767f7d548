//! External crates that only some of our crates may use, and why.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use crate::workspace::{Member, Workspace};

/// An external crate that only some of our crates may use.
struct Reserved {
    /// Its name in code.
    word: &'static str,
    /// The packages of ours that may use it.
    packages: &'static [&'static str],
    /// Single files of other packages that may use it.
    files: &'static [&'static str],
    /// Why the others may not.
    reason: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        word: "sqlx",
        packages: &["store", "queue", "local-postgres", "it", "benches"],
        files: &[],
        reason: "only `store` and `queue` contain SQL, so that every statement is in one of two places and is checked; \
                 `local-postgres` only asks whether its server answers",
    },
    Reserved {
        word: "regex",
        packages: &["normalize", "dedupe", "sources", "it"],
        files: &[],
        reason: "the types of `domain` do not parse prose; declare rules that do with `normalize::patterns!`",
    },
    Reserved {
        word: "reqwest",
        packages: &["fetch", "vectors", "it"],
        files: &["workers/src/remote.rs", "workers/src/alerts/webhook.rs"],
        reason: "visit partners through `fetch`, which obeys rates and robots.txt; `vectors` talks to Ollama, and \
                 `workers/src/remote.rs` to our own workers, `workers/src/alerts/webhook.rs` to the operators' webhook",
    },
    Reserved {
        word: "qdrant_client",
        packages: &["vectors", "it"],
        files: &[],
        reason: "only `vectors` knows which index there is",
    },
    Reserved {
        word: "qdrant_edge",
        packages: &["vectors", "it", "benches"],
        files: &[],
        reason: "only `vectors` knows which index there is",
    },
];

/// Returns one line for each dependency and each line of code that names a crate reserved for others.
pub(crate) fn misused(workspace: &Workspace) -> Result<Vec<String>> {
    let mut wrong: Vec<String> = workspace.members.iter().flat_map(declared).collect();
    for file in workspace.files("rs")? {
        let owner = workspace.members.iter().find(|member| file.starts_with(&member.folder));
        let path = workspace.root.join(&file);
        let text = fs::read_to_string(&path).with_context(|| format!("Failed to read {}", path.display()))?;
        wrong.extend(named(owner.map_or("", |member| &member.name), &file, &text));
    }
    Ok(wrong)
}

/// Returns one line for each reserved crate among a member's dependencies, those of its tests included.
fn declared(member: &Member) -> Vec<String> {
    let used = member.dependencies.union(&member.dev_dependencies).map(|name| name.replace('-', "_"));
    let reserved = used.filter_map(|name| RESERVED.iter().find(|reserved| reserved.word == name));
    let has_door = |reserved: &Reserved| {
        let own_file = |file: &&str| Path::new(file).starts_with(&member.folder);
        reserved.packages.contains(&member.name.as_str()) || reserved.files.iter().any(own_file)
    };
    let place = member.folder.join("Cargo.toml");
    let misused = reserved.filter(|reserved| !has_door(reserved));
    misused
        .map(|reserved| format!("{}: depends on {}: {}", place.display(), reserved.word, reserved.reason))
        .collect()
}

/// Returns one line for each line of code that names a reserved crate. Comments and strings may name it.
fn named(package: &str, file: &Path, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for reserved in RESERVED.iter().filter(|reserved| !reserved.packages.contains(&package)) {
        if reserved.files.iter().any(|door| Path::new(door) == file) {
            continue;
        }
        let lines = text.lines().zip(1..).filter(|(line, _)| names(line, reserved.word));
        let report = |(_, number)| {
            format!("{}:{number}: names {}: {}", file.display(), reserved.word, reserved.reason)
        };
        wrong.extend(lines.map(report));
    }
    wrong
}

/// Returns the code of a line: without comments, and with every string emptied.
pub(crate) fn code(line: &str) -> String {
    if line.trim_start().starts_with("//") {
        return String::new();
    }
    // Every other piece between quotes is a string. A string over several lines is taken for code; at worst, that
    // reports a word too many.
    line.replace("\\\"", "").split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// Whether a line of code has `word` as a word of its own, outside comments and strings.
fn names(line: &str, word: &str) -> bool {
    let boundary = |c: char| !(c.is_alphanumeric() || c == '_');
    code(line).split(boundary).any(|found| found == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_distinguished_from_comments_strings_and_longer_words() {
        assert!(names("use sqlx::PgPool;", "sqlx"));
        assert!(names("    store::sqlx::query(text)", "sqlx"));
        for harmless in
            ["// sqlx checks this", "    /// like sqlx", "filter(\"info,sqlx::query=warn\")", "sqlx_free()"]
        {
            assert!(!names(harmless, "sqlx"), "{harmless}");
        }
    }

    #[test]
    fn a_file_is_judged_by_its_package_and_its_name() {
        let text = "fn a() {}\nuse reqwest::Url;\n";
        assert_eq!(named("fetch", Path::new("crates/fetch/src/lib.rs"), text), Vec::<String>::new());
        assert_eq!(named("oim-etl", Path::new("workers/src/remote.rs"), text), Vec::<String>::new());
        let wrong = named("oim-etl", Path::new("workers/src/main.rs"), text);
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].starts_with("workers/src/main.rs:2: names reqwest: visit partners"), "{wrong:?}");
    }

    #[test]
    fn a_dependency_needs_a_door() {
        let member = |name: &str, folder: &str| Member {
            name: name.to_owned(),
            folder: folder.into(),
            dependencies: ["reqwest".to_owned(), "qdrant-edge".to_owned()].into(),
            dev_dependencies: ["sqlx".to_owned()].into(),
        };
        assert_eq!(declared(&member("it", "tests")), Vec::<String>::new());
        let misused = |member: &Member| -> Vec<String> {
            declared(member).iter().filter_map(|line| line.split(": ").nth(1).map(str::to_owned)).collect()
        };
        assert_eq!(misused(&member("oim-etl", "workers")), ["depends on qdrant_edge", "depends on sqlx"]);
        assert_eq!(
            misused(&member("store", "crates/store")),
            ["depends on qdrant_edge", "depends on reqwest"]
        );
    }
}

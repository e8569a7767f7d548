//! Crates that stay pure, so that an archived page gives the same result whenever it is parsed.

use std::{
    fs,
    path::{Component, Path},
};

use anyhow::{Context, Result};

use crate::{reserved, workspace::Workspace};

/// The crates whose code reads no clock, file or socket.
const PURE: [&str; 5] = ["domain", "normalize", "dedupe", "sources", "schedules"];

/// Names that they may not use, and what each would read.
const IMPURE: [(&str, &str); 12] = [
    ("SystemTime", "a clock"),
    ("Instant::now", "a clock"),
    ("Utc::now", "a clock"),
    ("Local::now", "a clock"),
    ("std::fs", "a file"),
    ("fs::", "a file"),
    ("File::open", "a file"),
    ("std::net", "a socket"),
    ("TcpStream", "a socket"),
    ("TcpListener", "a socket"),
    ("UdpSocket", "a socket"),
    ("env::var", "the environment"),
];

/// Returns one line for each line of a pure crate's code that reads something besides its arguments. Tests and build scripts may.
pub(crate) fn broken(workspace: &Workspace) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for member in workspace.members.iter().filter(|member| PURE.contains(&member.name.as_str())) {
        let code = member.folder.join("src");
        for file in workspace.files("rs")? {
            if file.starts_with(&code) && !is_test(&file) {
                let path = workspace.root.join(&file);
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("Failed to read {}", path.display()))?;
                wrong.extend(read(&member.name, &file, &text));
            }
        }
    }
    Ok(wrong)
}

/// Returns whether a file belongs to tests: `tests.rs`, or a file in a folder `tests`.
fn is_test(file: &Path) -> bool {
    file.file_stem().is_some_and(|stem| stem == "tests")
        || file.components().any(|part| part == Component::Normal("tests".as_ref()))
}

/// Returns one line for each impure name in the code of one file.
fn read(package: &str, file: &Path, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = reserved::code(line);
        let said = IMPURE.iter().find(|(word, _)| says(&code, word));
        wrong.extend(said.map(|(word, what)| {
            format!("{}:{number}: `{word}` reads {what}: `{package}` is pure", file.display())
        }));
    }
    wrong
}

/// Returns whether code contains `word`, and not as the end of a longer one.
fn says(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_and_a_file_are_found_and_comments_on_them_are_not() {
        let text = "let now = Utc::now();\n/// never `Utc::now`\nlet body = fs::read(path)?;\nlet prefs::Name = \"Utc::now\";\n";
        assert_eq!(
            read("normalize", Path::new("crates/normalize/src/dates.rs"), text),
            [
                "crates/normalize/src/dates.rs:1: `Utc::now` reads a clock: `normalize` is pure",
                "crates/normalize/src/dates.rs:3: `fs::` reads a file: `normalize` is pure",
            ]
        );
    }

    #[test]
    fn tests_may_read() {
        assert!(is_test(Path::new("sources/src/schema/tests.rs")));
        assert!(is_test(Path::new("schedules/src/tests/expression.rs")));
        assert!(!is_test(Path::new("crates/normalize/src/text.rs")));
    }
}

//! Tests that documents name: a table whose last column is `test` promises that each of them is there.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{shell::say, workspace::Workspace};

/// Checks every table of `docs`.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tests = functions(&workspace.root)?;
    let (mut rows, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(workspace.root.join("docs")).context("Failed to list docs")? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("Failed to read {}", path.display()))?;
        let found = named(&text);
        rows += found.len();
        for (case, names) in found {
            let lacking = names.iter().filter(|name| !tests.contains(**name));
            wrong.extend(lacking.map(|name| format!("{}: {case}: no test is named {name}", path.display())));
            if names.is_empty() {
                wrong.push(format!("{}: {case} names no test", path.display()));
            }
        }
    }
    wrong.iter().for_each(say);
    if !wrong.is_empty() {
        bail!("{} tests of documents are missing: name the test that replaced them", wrong.len());
    }
    say(format!("named: {rows} cases of documents have their tests"));
    Ok(())
}

/// Returns the rows of such tables: the first cell, and what stands between backticks in the last one.
fn named(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut found = Vec::new();
    let mut is_such = false;
    for line in text.lines() {
        let Some(cells) = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            is_such = false;
            continue;
        };
        let (Some(first), Some(last)) = (cells.split(" | ").next(), cells.rsplit(" | ").next()) else {
            continue;
        };
        if last.trim() == "test" {
            is_such = true;
        } else if is_such && !last.trim_matches(['-', '|', ' ']).is_empty() {
            found.push((first.trim(), last.split('`').skip(1).step_by(2).collect()));
        }
    }
    found
}

/// Returns the names of all functions in code.
fn functions(root: &Path) -> Result<BTreeSet<String>> {
    let mut folders = vec![root.to_owned()];
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("Failed to list {}", folder.display()))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = fs::read_to_string(&path)
                    .with_context(|| format!("Failed to read {}", path.display()))?;
                names.extend(
                    code.split("fn ").skip(1).filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())),
                );
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn only_tables_of_tests_name_some() {
        let text = "| kind | count |\n|---|---|\n| `a` | `b` |\n\n| fault | times | test |\n|---|---|---|\n| a death | 2 | `c_d`, `e` |\n| a kill | 1 | none |\n";
        assert_eq!(named(text), [("a death", vec!["c_d", "e"]), ("a kill", vec![])]);
    }
}

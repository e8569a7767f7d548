//! Every dependency has a reason in `docs/DEPENDENCIES.md`, and a crate that uses it.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, bail};

use crate::{
    shell::say,
    workspace::{Member, Workspace},
};

/// The page with the reasons.
const REASONS: &str = "docs/DEPENDENCIES.md";

/// Compares the declared dependencies with the explained and the used ones.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let text = fs::read_to_string(workspace.root.join(REASONS))
        .with_context(|| format!("Failed to read {REASONS}"))?;
    let wrong = judge(&workspace.shared, &workspace.members, &text);
    for line in &wrong {
        say(format!("dependencies: {line}"));
    }
    if !wrong.is_empty() {
        bail!("{} dependencies to explain or remove", wrong.len());
    }
    say(format!("dependencies: {}, each with its reason and a user", workspace.shared.len()));
    Ok(())
}

/// Returns one line for each dependency without a reason or a user, and for each reason without a dependency.
fn judge(declared: &BTreeSet<String>, members: &[Member], text: &str) -> Vec<String> {
    let explained: BTreeSet<String> = text.lines().filter_map(explained).map(str::to_owned).collect();
    let uses = |member: &Member, name: &String| {
        member.dependencies.contains(name) || member.dev_dependencies.contains(name)
    };
    let unused = declared.iter().filter(|name| !members.iter().any(|member| uses(member, name)));
    let unexplained = declared.difference(&explained).map(|name| format!("{name} has no line in {REASONS}"));
    let outlived =
        explained.difference(declared).map(|name| format!("{name} is in {REASONS}, not in Cargo.toml"));
    unexplained.chain(outlived).chain(unused.map(|name| format!("{name} is used by no crate"))).collect()
}

/// Returns the crate that a line of the table is about.
fn explained(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lacks_a_reason_or_a_user_is_reported() {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let text =
            "| crate | why |\n|---|---|\n| `serde` | `derive` |\n| `csv` | tables |\n| `yaml` | no |\n";
        let member = Member {
            name: "sources".to_owned(),
            folder: "sources".into(),
            dependencies: set(&["serde"]),
            dev_dependencies: set(&["insta"]),
        };
        let expected = [
            "insta has no line in docs/DEPENDENCIES.md",
            "yaml is in docs/DEPENDENCIES.md, not in Cargo.toml",
            "csv is used by no crate",
        ];
        assert_eq!(judge(&set(&["serde", "csv", "insta"]), &[member], text), expected);
    }
}

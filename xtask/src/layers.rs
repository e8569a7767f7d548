//! Dependencies run downward: the tree of folders is the diagram, and stays it.
//!
//! ```text
//!                   tests  benches                         see everything
//!                      workers                             the program
//!   sources  schedules  fetch  store  vectors              what it drives
//!                             local-postgres  replay       servers for demo and tests
//!                      dedupe  queue                       is it the same?  who does what?
//!                     normalize                            rules that read words
//!                      domain                              the vocabulary
//! ```

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::{
    pure, reserved,
    shell::say,
    workspace::{Member, Workspace},
};

/// What a crate may be built from, of ours.
enum May {
    /// Every other crate.
    UseAll,
    /// These.
    Use(&'static [&'static str]),
}

/// Each crate of the workspace, what of ours it may be built from, and why.
const LAYERS: &[(&str, May, &str)] = &[
    ("it", May::UseAll, "tests look at everything"),
    ("benches", May::UseAll, "benchmarks measure everything"),
    (
        "oim-etl",
        May::Use(&[
            "schedules",
            "sources",
            "fetch",
            "local-postgres",
            "store",
            "queue",
            "vectors",
            "replay",
            "dedupe",
            "normalize",
            "domain",
        ]),
        "the program drives the crates below; nothing drives it",
    ),
    ("sources", May::Use(&["normalize", "domain"]), "a page is read without network, database or clock"),
    ("schedules", May::Use(&["domain"]), "a tick is computed without network, database or clock"),
    ("fetch", May::Use(&["domain"]), "a door to partners does not know what is kept of them"),
    ("store", May::Use(&["queue", "dedupe", "domain"]), "rows do not know where they come from"),
    ("vectors", May::Use(&["domain"]), "the index does not know the database"),
    ("queue", May::Use(&[]), "a job is claimed and ended without knowing what it is about"),
    ("local-postgres", May::Use(&[]), "a server is started without knowing what it holds"),
    ("replay", May::Use(&[]), "a replayed partner knows as little of us as a real one"),
    ("dedupe", May::Use(&["normalize", "domain"]), "rows are compared without what loads them"),
    ("normalize", May::Use(&["domain"]), "words are read without network, database or clock"),
    ("domain", May::Use(&[]), "the vocabulary stands on nothing of ours"),
    ("xtask", May::Use(&[]), "the checks do not need what they check to compile"),
];

/// Checks the layers, then the words only some crates may use, then that pure crates are pure.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut wrong = upward(&workspace.members);
    wrong.extend(reserved::misused(workspace)?);
    wrong.extend(pure::broken(workspace)?);
    if wrong.is_empty() {
        let edges: usize =
            workspace.members.iter().map(|member| inner(member, &workspace.members).count()).sum();
        say(format!("layers: {} crates, {edges} edges, all downward", workspace.members.len()));
        return Ok(());
    }
    wrong.iter().for_each(say);
    bail!("{} wrong dependencies", wrong.len());
}

/// The dependencies of `member` that are members too.
fn inner<'m>(member: &'m Member, members: &'m [Member]) -> impl Iterator<Item = &'m String> {
    let ours: BTreeSet<_> = members.iter().map(|member| &member.name).collect();
    member.dependencies.iter().filter(move |name| ours.contains(name))
}

/// One line for each dependency that does not run downward, and each crate that has no layer.
/// What only tests use is not looked at: a test may stand on anything.
fn upward(members: &[Member]) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        let Some((name, may, reason)) = LAYERS.iter().find(|(name, ..)| *name == member.name) else {
            wrong.push(format!("layers: {} has no layer: give it one in xtask/src/layers.rs", member.name));
            continue;
        };
        let May::Use(allowed) = may else { continue };
        let up = inner(member, members).filter(|used| !allowed.contains(&used.as_str()));
        wrong.extend(up.map(|used| format!("layers: {name} may not depend on {used}: {reason}")));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, dependencies: &[&str]) -> Member {
        let dependencies = dependencies.iter().map(|&name| name.to_owned()).collect();
        let dev_dependencies = ["oim-etl".to_owned()].into();
        Member { name: name.to_owned(), folder: name.into(), dependencies, dev_dependencies }
    }

    #[test]
    fn an_upward_or_sideways_edge_is_told_with_its_reason() {
        let members = [
            member("domain", &["serde"]),
            member("store", &["domain", "sqlx"]),
            member("sources", &["domain", "store"]),
            member("oim-etl", &["sources", "store", "it"]),
            member("it", &["oim-etl", "sources"]),
        ];
        let told = [
            "layers: sources may not depend on store: a page is read without network, database or clock",
            "layers: oim-etl may not depend on it: the program drives the crates below; nothing drives it",
        ];
        assert_eq!(upward(&members), told);
        assert_eq!(inner(&members[2], &members).collect::<Vec<_>>(), ["domain", "store"]);
    }

    #[test]
    fn a_crate_without_a_layer_is_told() {
        let told = "layers: helpers has no layer: give it one in xtask/src/layers.rs";
        assert_eq!(upward(&[member("helpers", &[])]), [told]);
    }
}

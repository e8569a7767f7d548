//! Dependencies between our crates run downward only, as in this diagram.
//!
//! ```text
//!                   tests  benches  fuzz                   use everything
//!                      workers                             the program
//!   sources  schedules  fetch  store  vectors              what the program drives
//!                             local-postgres  replay       servers for the demo and tests
//!                      dedupe  queue                       duplicates; jobs
//!                     normalize                            rules that parse prose
//!                      domain                              the vocabulary
//! ```

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::{
    pure, reserved,
    shell::say,
    workspace::{Member, Workspace},
};

/// Which of our crates a crate may use.
enum May {
    /// Every other crate.
    UseAll,
    /// These crates.
    Use(&'static [&'static str]),
}

/// Each crate of the workspace, which of our crates it may use, and why.
const LAYERS: &[(&str, May, &str)] = &[
    ("it", May::UseAll, "tests use everything"),
    ("benches", May::UseAll, "benchmarks measure everything"),
    ("fuzz", May::UseAll, "fuzzing reaches everything that parses"),
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
    (
        "sources",
        May::Use(&["schedules", "normalize", "domain"]),
        "parsing a page needs no network, database or clock",
    ),
    ("schedules", May::Use(&["domain"]), "computing a tick needs no network, database or clock"),
    ("fetch", May::Use(&["domain"]), "the door to partners does not know what is stored"),
    ("store", May::Use(&["queue", "dedupe", "domain"]), "rows do not know where they come from"),
    ("vectors", May::Use(&["domain"]), "the index does not know the database"),
    ("queue", May::Use(&[]), "the queue does not know what a job is about"),
    ("local-postgres", May::Use(&[]), "a server is started without knowing its data"),
    ("replay", May::Use(&[]), "a replayed partner knows no more of us than a real one"),
    ("dedupe", May::Use(&["normalize", "domain"]), "comparing rows needs nothing that loads them"),
    ("normalize", May::Use(&["domain"]), "parsing words needs no network, database or clock"),
    ("domain", May::Use(&[]), "the vocabulary depends on none of our crates"),
    ("xtask", May::Use(&[]), "checks must run even if what they check does not compile"),
];

/// Checks the layers, the external crates that only some crates may use, and that pure crates are pure.
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

/// Returns the dependencies of `member` that are members too.
fn inner<'m>(member: &'m Member, members: &'m [Member]) -> impl Iterator<Item = &'m String> {
    let ours: BTreeSet<_> = members.iter().map(|member| &member.name).collect();
    member.dependencies.iter().filter(move |name| ours.contains(name))
}

/// Returns one line for each dependency that does not run downward, and for each crate that has no layer.
/// Dependencies of tests are not checked: a test may use anything.
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
    fn an_upward_or_sideways_edge_is_reported_with_its_reason() {
        let members = [
            member("domain", &["serde"]),
            member("store", &["domain", "sqlx"]),
            member("sources", &["domain", "store"]),
            member("oim-etl", &["sources", "store", "it"]),
            member("it", &["oim-etl", "sources"]),
        ];
        let expected = [
            "layers: sources may not depend on store: parsing a page needs no network, database or clock",
            "layers: oim-etl may not depend on it: the program drives the crates below; nothing drives it",
        ];
        assert_eq!(upward(&members), expected);
        assert_eq!(inner(&members[2], &members).collect::<Vec<_>>(), ["domain", "store"]);
    }

    #[test]
    fn a_crate_without_a_layer_is_reported() {
        let expected = "layers: helpers has no layer: give it one in xtask/src/layers.rs";
        assert_eq!(upward(&[member("helpers", &[])]), [expected]);
    }
}

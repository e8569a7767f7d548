//! Licenses, banned crates, sources and advisories of our dependencies, by the rules of `deny.toml`.

use std::{
    net::{TcpStream, ToSocketAddrs as _},
    time::Duration,
};

use anyhow::Result;

use crate::{
    shell::{in_ci, run as shell, say, succeeds},
    workspace::Workspace,
};

/// The server of the advisory database.
const ADVISORIES: (&str, u16) = ("github.com", 443);

/// Long enough for a slow connection, short enough for a waiting person.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs cargo-deny; installs it first in CI.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    if !succeeds(root, &["cargo", "deny", "--version"]) {
        if !in_ci() {
            say("deny: skipped, cargo-deny is not installed: `cargo install cargo-deny --locked`");
            return Ok(());
        }
        shell(root, &[], &["cargo", "install", "cargo-deny", "--locked"])?;
    }
    shell(root, &[], &["cargo", "deny", "check", "bans", "licenses", "sources"])?;
    if !reachable() {
        say(format!("deny: advisories skipped, because their database on {} is unreachable", ADVISORIES.0));
        return Ok(());
    }
    shell(root, &[], &["cargo", "deny", "check", "advisories"])
}

fn reachable() -> bool {
    let addresses = ADVISORIES.to_socket_addrs().into_iter().flatten();
    // A host has several addresses; trying two is enough.
    addresses.take(2).any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

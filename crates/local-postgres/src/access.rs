//! Who may connect: the user that started the server, and the server's own user. `trust` is not used.

use std::{fs, io, path::Path};

use rustix::process::Uid;

use super::owner::{Owner, user_name};

/// Writes the two access files of the server. Each start writes them, so a cluster that an older version created is closed
/// too.
pub(crate) fn write(data: &Path, owner: Option<Owner>) -> io::Result<()> {
    let ours = rustix::process::geteuid();
    let mut users: Vec<String> =
        [Some(ours), owner.map(Owner::uid)].into_iter().flatten().filter_map(name_of).collect();
    users.dedup();
    let map: Vec<String> = users.iter().map(|user| format!("owner \"{user}\" postgres\n")).collect();
    // The kernel reports the user at the other end of the socket (PostgreSQL, "Peer Authentication").
    fs::write(data.join("pg_hba.conf"), "local all postgres peer map=owner\n")?;
    fs::write(data.join("pg_ident.conf"), map.concat())
}

/// Returns a user's name, unless it contains a character that is special in the file.
fn name_of(user: Uid) -> Option<String> {
    user_name(user.as_raw()).filter(|name| !name.starts_with('/') && !name.contains(['"', '\n', '\\']))
}

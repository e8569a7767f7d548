//! The user that the server runs as.

use std::{
    fs, io,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::unistd::User;
use rustix::process::Uid;

/// Returns the name of a user, by the name service of the machine.
pub(super) fn user_name(uid: u32) -> Option<String> {
    User::from_uid(uid.into()).ok().flatten().map(|user| user.name)
}

/// A user and a group other than ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// Returns the user to switch to if we are root, as whom PostgreSQL refuses to run: `postgres`, otherwise `nobody`. `None` if we
    /// are not root.
    pub(super) fn needed() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let find = |name| {
            let user = User::from_name(name).ok().flatten()?;
            Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
        };
        find("postgres").or_else(|| find("nobody")).or(Some(Self { uid: 65_534, gid: 65_534 }))
    }

    /// Returns the user.
    pub(super) fn uid(self) -> Uid {
        Uid::from_raw(self.uid)
    }

    /// Gives a folder to the owner.
    pub(super) fn take(self, folder: &Path) -> io::Result<()> {
        chown(folder, Some(self.uid), Some(self.gid))
    }

    /// Returns whether every folder above `folder` can be entered by other users.
    pub(super) fn can_reach(folder: &Path) -> bool {
        folder
            .ancestors()
            .skip(1)
            .all(|above| fs::metadata(above).map_or(true, |meta| meta.permissions().mode() & 0o001 != 0))
    }
}

/// Returns a command of PostgreSQL that runs as the owner, in a process group of its own, because we handle Ctrl-C.
pub(super) fn command(program: PathBuf, owner: Option<Owner>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("PGDATA")
        .env("LC_ALL", "C.UTF-8")
        .process_group(0);
    if let Some(owner) = owner {
        command.uid(owner.uid).gid(owner.gid);
    }
    command
}

//! Whom the server runs as.

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

/// The name of a user, by whatever this machine looks users up with.
pub(super) fn user_name(uid: u32) -> Option<String> {
    User::from_uid(uid.into()).ok().flatten().map(|user| user.name)
}

/// A user and group other than ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    uid: u32,
    gid: u32,
}

impl Owner {
    /// Whom to become: nobody special, unless we are root, as whom PostgreSQL refuses to run.
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

    /// The user.
    pub(super) fn uid(self) -> Uid {
        Uid::from_raw(self.uid)
    }

    /// Gives a folder to the owner.
    pub(super) fn take(self, folder: &Path) -> io::Result<()> {
        chown(folder, Some(self.uid), Some(self.gid))
    }

    /// Whether every folder above `folder` lets a stranger pass.
    pub(super) fn can_reach(folder: &Path) -> bool {
        folder
            .ancestors()
            .skip(1)
            .all(|above| fs::metadata(above).map_or(true, |meta| meta.permissions().mode() & 0o001 != 0))
    }
}

/// A command of PostgreSQL, run as the owner, in a process group of its own: Ctrl-C at a terminal is for us to handle.
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

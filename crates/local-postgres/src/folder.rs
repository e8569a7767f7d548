//! The folders of the server: its data, and its socket.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{PrivateError, owner::Owner};

/// The longest path of a Unix socket (`sockaddr_un`, 108 bytes), minus the name that PostgreSQL adds to the folder.
const SOCKET_FOLDER_MAX: usize = 80;
/// Only the owner has access.
const PRIVATE: u32 = 0o700;

pub(crate) fn at(folder: &Path) -> impl FnOnce(io::Error) -> PrivateError {
    move |source| PrivateError::Folder { folder: folder.display().to_string(), source }
}

/// Creates the folder, closes it to others and gives it to the server's user. If that user cannot reach it (a clone under
/// `/root`), a folder in a system directory is used instead.
pub(crate) fn prepare(folder: &Path, owner: Option<Owner>) -> Result<PathBuf, PrivateError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let folder = folder.canonicalize().map_err(at(folder))?;
    let Some(owner) = owner else {
        close(&folder)?;
        return Ok(folder);
    };
    let folder = if Owner::can_reach(&folder) { folder } else { elsewhere(&folder)? };
    close(&folder)?;
    owner.take(&folder).map_err(at(&folder))?;
    Ok(folder)
}

fn close(folder: &Path) -> Result<(), PrivateError> {
    fs::set_permissions(folder, fs::Permissions::from_mode(PRIVATE)).map_err(at(folder))
}

/// Returns the replacement for a folder that the server's user cannot reach. Its name is derived from the folder's name, so
/// that the next start finds it. Others can guess it, so the outer folder must be ours, and nobody else may write into it.
fn elsewhere(folder: &Path) -> Result<PathBuf, PrivateError> {
    let name: String = folder.to_string_lossy().chars().map(|c| if c == '/' { '-' } else { c }).collect();
    let outer = Path::new("/var/tmp").join(format!("oim-etl-private{name}"));
    match DirBuilder::new().mode(0o711).create(&outer) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(&outer)(error)),
        _ => refuse_foreign(&outer)?,
    }
    let inner = outer.join("postgres");
    fs::create_dir_all(&inner).map_err(at(&inner))?;
    tracing::info!(folder = %inner.display(), "PostgreSQL may not enter the data folder: it keeps its data here");
    Ok(inner)
}

/// Refuses a folder, or whatever has its name, that another user created or can write into.
fn refuse_foreign(folder: &Path) -> Result<(), PrivateError> {
    let meta = fs::symlink_metadata(folder).map_err(at(folder))?;
    let is_ours =
        meta.is_dir() && meta.uid() == rustix::process::geteuid().as_raw() && meta.mode() & 0o022 == 0;
    if is_ours { Ok(()) } else { Err(PrivateError::Foreign { folder: folder.display().to_string() }) }
}

/// The place of the server's socket.
#[derive(Debug)]
pub(crate) enum Socket {
    /// In the data folder.
    Inside(PathBuf),
    /// In a folder of its own with an unpredictable name, because the path of the data folder is too long for a socket.
    Short(TempDir),
}

impl Socket {
    /// Creates the folder for the socket of a new server.
    pub(crate) fn make(folder: &Path, owner: Option<Owner>) -> Result<Self, PrivateError> {
        if folder.as_os_str().len() <= SOCKET_FOLDER_MAX {
            return Ok(Self::Inside(folder.to_owned()));
        }
        let parent = std::env::temp_dir();
        let private = fs::Permissions::from_mode(PRIVATE);
        let mut builder = tempfile::Builder::new();
        let short =
            builder.prefix("oim-pg-").permissions(private).tempdir_in(&parent).map_err(at(&parent))?;
        owner.map_or(Ok(()), |owner| owner.take(short.path())).map_err(at(short.path()))?;
        Ok(Self::Short(short))
    }

    /// Leaves the folder to those who still use the server.
    pub(crate) fn keep(&mut self) {
        if let Self::Short(folder) = self {
            folder.disable_cleanup(true);
        }
    }

    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Inside(folder) => folder,
            Self::Short(folder) => folder.path(),
        }
    }
}

#[cfg(test)]
mod tests;

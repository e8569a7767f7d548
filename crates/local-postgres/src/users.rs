//! Who uses a private server: a lock that all of its processes share. It ends with its process in any way, so the server can end with
//! the last one, whichever that is.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// The name of the lock file in the folder.
const NAME: &str = "users.lock";

/// One user of a server. Dropping it ends the use.
#[derive(Debug)]
pub(crate) struct User {
    file: File,
}

impl User {
    /// Begins to use the server of `folder`. Returns nothing while its last user stops it.
    pub(crate) fn enter(folder: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(folder.join(NAME))?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Returns whether nobody else uses the server. If so, nobody can until this user is dropped; if not, this one does no longer.
    pub(crate) fn is_last(&self) -> bool {
        self.file.try_lock().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_user_keeps_others_out_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let enter = || User::enter(folder.path()).unwrap();
        let (one, other) = (enter().unwrap(), enter().unwrap());
        assert!(!one.is_last());
        drop(one);
        assert!(other.is_last());
        assert!(enter().is_none());
        drop(other);
        assert!(enter().is_some());
    }
}

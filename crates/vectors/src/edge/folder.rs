//! The folder of an embedded index: one owner, and a shard in it that is whole.

use std::{
    collections::hash_map::RandomState,
    fs::{self, File, TryLockError},
    hash::{BuildHasher as _, Hasher as _},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use crate::VectorError;

/// Free space without which nothing is written, in bytes. The engine takes files of 32 MB at a time, for its journal two of them, for
/// vectors, payload and words one each.
const ROOM: u64 = 192 << 20;

/// The file with the identity of the folder.
const IDENTITY: &str = "identity";

/// The identity of a folder, if one was drawn for it.
pub(super) fn known_identity(folder: &Path) -> Option<String> {
    let known = fs::read_to_string(folder.join(IDENTITY)).ok()?;
    (known.len() == 32 && known.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(known)
}

/// A folder this process owns until it is dropped.
pub(super) struct Folder {
    path: PathBuf,
    /// The operating system gives it up with the process, however that ends.
    _lock: File,
}

impl Folder {
    /// Makes the folder where there is none, and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, VectorError> {
        let failed = |source| VectorError::Folder { folder: path.display().to_string(), source };
        fs::create_dir_all(path).map_err(failed)?;
        // Not truncated and never removed: to remove a lock file is to let two processes hold it.
        let lock = File::options().create(true).truncate(false).write(true).open(path.join("lock"));
        let lock = lock.map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(VectorError::Locked { folder: path.display().to_string() }),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// What tells this folder from every other one, drawn when it is first used. The ledger is kept under it, so a folder that was
    /// removed and made again begins with an empty ledger.
    pub(super) fn identity(&self) -> Result<String, VectorError> {
        if let Some(known) = known_identity(&self.path) {
            return Ok(known);
        }
        let half = || RandomState::new().build_hasher().finish();
        let drawn = format!("{:016x}{:016x}", half(), half());
        // Written elsewhere and renamed: half an identity would be another one.
        let making = self.path.join("identity.new");
        let written = File::create(&making).and_then(|mut new| {
            io::Write::write_all(&mut new, drawn.as_bytes())?;
            new.sync_all()?;
            fs::rename(&making, self.path.join(IDENTITY))
        });
        written.map_err(|error| self.failed(error))?;
        Ok(drawn)
    }

    /// Removes the folder and everything in it.
    pub(super) fn remove(self) -> Result<(), VectorError> {
        fs::remove_dir_all(&self.path).map_err(|error| self.failed(error))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the shard is, or will be.
    pub(super) fn shard(&self) -> PathBuf {
        self.path.join("shard")
    }

    /// Makes the shard whole or not at all: `make` works elsewhere, and one rename publishes what it made.
    pub(super) fn publish(
        &self,
        make: impl FnOnce(&Path) -> Result<(), VectorError>,
    ) -> Result<(), VectorError> {
        let making = self.path.join("making");
        match fs::remove_dir_all(&making) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.failed(error)),
            _ => fs::create_dir(&making).map_err(|error| self.failed(error))?,
        }
        make(&making)?;
        let renamed = fs::rename(&making, self.shard()).and_then(|()| File::open(&self.path)?.sync_all());
        renamed.map_err(|error| self.failed(error))
    }

    /// Removes the parts of the shard's journal that are behind it. The engine keeps a journal of all updates for ever and, in this
    /// version, never reads it: 6 kB a point, and as much again whenever it changes. It only takes from it the number of the
    /// next update, which must go on rising; the newest part is enough for that. All older ones hold what a flush has made
    /// durable long ago.
    pub(super) fn prune(&self) -> Result<(), VectorError> {
        let mut closed = self.journal()?;
        closed.pop();
        closed.iter().try_for_each(|(_, path)| fs::remove_file(path)).map_err(|error| self.failed(error))
    }

    /// The parts of the journal that are full, with the number of the first update in each, oldest first.
    pub(super) fn journal(&self) -> Result<Vec<(u64, PathBuf)>, VectorError> {
        let mut closed = Vec::new();
        let journal = self.shard().join("wal");
        for entry in fs::read_dir(&journal).map_err(|error| self.failed(error))? {
            let path = entry.map_err(|error| self.failed(error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(Ok(first)) = name.strip_prefix("closed-").map(str::parse::<u64>) {
                closed.push((first, path));
            }
        }
        closed.sort();
        Ok(closed)
    }

    /// Refuses where the disk has less free space than a write may take and `more` bytes besides.
    pub(super) fn has_room(&self, more: u64) -> Result<(), VectorError> {
        let found = rustix::fs::statvfs(&self.path).map_err(|error| self.failed(error.into()))?;
        let free = found.f_bavail * found.f_frsize;
        let needed = ROOM + more;
        if free >= needed {
            return Ok(());
        }
        let folder = self.path.display().to_string();
        Err(VectorError::NoRoom { folder, free: free >> 20, needed: needed >> 20 })
    }

    /// Bytes of the shard without its journal, as far as they can be counted.
    pub(super) fn size(&self) -> u64 {
        size_of(&self.shard().join("segments"))
    }

    fn failed(&self, source: io::Error) -> VectorError {
        VectorError::Folder { folder: self.path.display().to_string(), source }
    }
}

/// Bytes on the disk below a folder. Files have holes: their length says more.
fn size_of(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => size_of(&entry.path()),
        Ok(found) => found.blocks() * 512,
        Err(_) => 0,
    });
    sizes.sum()
}

//! The owner of a folder: an advisory lock, which ends when its process ends in any way.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// The name of the lock file in the folder. The file contains the process id of the owner.
const NAME: &str = "owner.lock";

/// A lock on a folder. Dropping it releases the lock.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// The outcome of an attempt to lock a folder.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It is ours.
    Locked(Lock),
    /// Another process owns it: the id that it wrote down.
    Held(String),
}

/// Tries to lock `folder`. It waits only for another process that runs this function: the folder itself is locked meanwhile,
/// so that whoever finds an owner also finds its process id.
pub(crate) fn attempt(folder: &Path) -> io::Result<Attempt> {
    let gate = File::open(folder)?;
    gate.lock()?;
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(folder.join(NAME))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())?;
            Ok(Attempt::Locked(Lock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid)?;
            let is_number = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
            Ok(Attempt::Held(if is_number { pid } else { "unknown".to_owned() }))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Barrier, thread};

    use super::*;

    #[test]
    fn one_owner_at_a_time_and_the_next_one_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let Attempt::Locked(first) = attempt(folder.path()).unwrap() else {
            panic!("a fresh folder is free")
        };
        let Attempt::Held(pid) = attempt(folder.path()).unwrap() else { panic!("it is held") };
        assert_eq!(pid, std::process::id().to_string());
        drop(first);
        assert!(matches!(attempt(folder.path()).unwrap(), Attempt::Locked(_)));
    }

    #[test]
    fn whoever_is_refused_learns_the_owners_number_however_close_they_are() {
        for _ in 0..200 {
            let folder = tempfile::tempdir().unwrap();
            let line = Barrier::new(2);
            let attempt = || {
                line.wait();
                attempt(folder.path()).unwrap()
            };
            let pair = thread::scope(|scope| {
                let other = scope.spawn(attempt);
                [attempt(), other.join().unwrap()]
            });
            match pair {
                [Attempt::Held(pid), Attempt::Locked(_)] | [Attempt::Locked(_), Attempt::Held(pid)] => {
                    assert_eq!(pid, std::process::id().to_string());
                }
                both => panic!("{both:?}"),
            }
        }
    }
}

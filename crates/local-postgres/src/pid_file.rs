//! What `postmaster.pid` says of a server, and whether it is true.
//!
//! The file outlives a server that was killed, and the number in it may be another process's by now. So nobody is signalled
//! and nobody waited for on the word of the file alone.

use std::{
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use rustix::process::Pid;

/// Name of the socket in its folder.
pub(crate) const SOCKET: &str = ".s.PGSQL.5432";
/// Name of the file in the data folder.
const NAME: &str = "postmaster.pid";

/// A server that runs already.
pub(crate) struct Server {
    pub(crate) pid: Pid,
    pub(crate) socket: PathBuf,
}

/// The server of the file, if it is the one that listens at its socket: the first line is its process, the fifth the folder
/// of its socket.
pub(crate) fn running(data: &Path) -> Option<Server> {
    let text = fs::read_to_string(data.join(NAME)).ok()?;
    let pid = pid(&text)?;
    let socket = PathBuf::from(text.lines().nth(4)?.trim());
    let stream = UnixStream::connect(socket.join(SOCKET)).ok()?;
    listens(pid, &stream).then_some(Server { pid, socket })
}

/// Whether the process is the one that listens. Only Linux says who does.
#[cfg(target_os = "linux")]
fn listens(pid: Pid, stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|listener| listener.pid == pid)
}

#[cfg(not(target_os = "linux"))]
fn listens(_: Pid, _: &UnixStream) -> bool {
    true
}

/// Whether the process of the file is a server of this data folder: PostgreSQL works in it.
pub(crate) fn names_a_server(data: &Path) -> bool {
    let named = fs::read_to_string(data.join(NAME)).ok().and_then(|text| pid(&text));
    let folder = named.and_then(|pid| fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).ok());
    folder.is_some_and(|folder| data.canonicalize().is_ok_and(|data| data == folder))
}

/// Removes what a killed server left behind: PostgreSQL does not start while another process has its number. The caller owns
/// the folder, and no server runs in it.
pub(crate) fn remove(folder: &Path, data: &Path) -> io::Result<()> {
    if cfg!(not(target_os = "linux")) {
        // Nothing here tells a server that does not listen yet from a stranger: PostgreSQL decides.
        return Ok(());
    }
    for left in [data.join(NAME), folder.join(SOCKET), folder.join(format!("{SOCKET}.lock"))] {
        match fs::remove_file(left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
    }
    Ok(())
}

fn pid(text: &str) -> Option<Pid> {
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

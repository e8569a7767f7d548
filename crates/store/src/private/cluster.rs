//! Starting and stopping the private server.

use std::{
    fs, io,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{
    PrivateError, fetch, locate,
    owner::{Owner, command},
};

/// Longest path of a Unix socket, less the name PostgreSQL adds to the folder (`sockaddr_un`, 108 bytes).
const SOCKET_FOLDER_MAX: usize = 80;
/// A first start replays at most what an interrupted demo wrote.
const START_WITHIN: Duration = Duration::from_mins(1);
/// Between two looks whether the server answers yet.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Everything committed: PostgreSQL's own default.
    Safe,
    /// Nothing is promised; quicker. For tests, whose databases nobody misses.
    Throwaway,
}

/// A running private server. Dropped, it is stopped in good order.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    socket: PathBuf,
    version: String,
    pid: Pid,
    child: Option<Child>,
    /// Whether it ends with us.
    ours: bool,
}

impl Cluster {
    /// Starts the server whose data is in `folder`, making it first where there is none. A server that is
    /// still running there, left by a process that was killed, is taken over.
    pub async fn start(folder: &Path, durability: Durability) -> Result<Self, PrivateError> {
        Self::open(folder, durability, true).await
    }

    /// The same, but a server that runs there is another process's: it is used, and left to that one to stop.
    pub async fn join(folder: &Path) -> Result<Self, PrivateError> {
        Self::open(folder, Durability::Safe, false).await
    }

    async fn open(folder: &Path, durability: Durability, takes_over: bool) -> Result<Self, PrivateError> {
        let owner = Owner::needed();
        let folder = prepare(folder, owner)?;
        let programs = match locate::binaries() {
            Some(programs) => programs,
            None => fetch::binaries(&folder.join("binaries")).await?,
        };
        let version = version_of(&programs)?;
        let data = folder.join("data");
        let socket = socket_folder(&folder, owner)?;
        if let Some(pid) = running(&data) {
            let taken = Self { folder, socket, version, pid, child: None, ours: takes_over };
            return taken.answering().await;
        }
        if !data.join("PG_VERSION").exists() {
            make(&programs, owner, &folder, &data)?;
        }
        let child = spawn(&programs, owner, &folder, &socket, durability)?;
        let pid = Pid::from_child(&child);
        Self { folder, socket, version, pid, child: Some(child), ours: true }.answering().await
    }

    /// The address of a database of this server; `postgres` always exists.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.socket.display())
    }

    /// Where its data is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// "15.18".
    pub fn version(&self) -> &str {
        &self.version
    }

    async fn answering(mut self) -> Result<Self, PrivateError> {
        let path = self.socket.join(".s.PGSQL.5432");
        let since = Instant::now();
        loop {
            let exited = self.child.as_mut().is_some_and(|child| !matches!(child.try_wait(), Ok(None)));
            if exited || since.elapsed() > START_WITHIN {
                return Err(PrivateError::Program {
                    program: "postgres",
                    message: tail(&self.folder.join("postgres.log")),
                });
            }
            if UnixStream::connect(&path).is_ok() && self.takes_statements().await {
                return Ok(self);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A server that still recovers accepts connections and refuses statements.
    async fn takes_statements(&self) -> bool {
        use sqlx::Connection as _;
        match sqlx::PgConnection::connect(&self.url("postgres")).await {
            Ok(connection) => connection.close().await.is_ok(),
            Err(_) => false,
        }
    }
}

impl Drop for Cluster {
    /// Fast shutdown (SIGINT): open transactions are rolled back, everything committed is written.
    fn drop(&mut self) {
        if !self.ours || kill_process(self.pid, Signal::INT).is_err() {
            return;
        }
        if let Some(child) = &mut self.child {
            let _ = child.wait();
            return;
        }
        let since = Instant::now();
        while test_kill_process(self.pid).is_ok() && since.elapsed() < START_WITHIN {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

fn at(folder: &Path) -> impl FnOnce(io::Error) -> PrivateError {
    move |source| PrivateError::Folder { folder: folder.display().to_string(), source }
}

/// Makes the folder and gives it to the owner. Where strangers cannot pass (a clone under /root), a folder
/// of the same purpose under the system's own is used instead.
fn prepare(folder: &Path, owner: Option<Owner>) -> Result<PathBuf, PrivateError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let folder = folder.canonicalize().map_err(at(folder))?;
    let Some(owner) = owner else { return Ok(folder) };
    let folder = if Owner::can_reach(&folder) {
        folder
    } else {
        let name: String = folder.to_string_lossy().chars().map(|c| if c == '/' { '-' } else { c }).collect();
        let other = Path::new("/var/tmp").join(format!("oim-etl{name}"));
        fs::create_dir_all(&other).map_err(at(&other))?;
        tracing::info!(folder = %other.display(), "PostgreSQL may not enter the data folder: it keeps its data here");
        other
    };
    owner.take(&folder).map_err(at(&folder))?;
    Ok(folder)
}

/// The data folder itself, unless its name is too long for a socket.
fn socket_folder(folder: &Path, owner: Option<Owner>) -> Result<PathBuf, PrivateError> {
    if folder.as_os_str().len() <= SOCKET_FOLDER_MAX {
        return Ok(folder.to_owned());
    }
    let digest = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, folder.as_os_str().as_encoded_bytes());
    let short = std::env::temp_dir().join(format!("oim-pg-{}", digest.simple()));
    fs::create_dir_all(&short).map_err(at(&short))?;
    owner.map_or(Ok(()), |owner| owner.take(&short)).map_err(at(&short))?;
    Ok(short)
}

/// The process in `postmaster.pid`, if it lives.
fn running(data: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?)?;
    test_kill_process(pid).is_ok().then_some(pid)
}

fn version_of(programs: &Path) -> Result<String, PrivateError> {
    let failed = |message: String| PrivateError::Program { program: "postgres --version", message };
    let output = std::process::Command::new(programs.join("postgres"))
        .arg("--version")
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .ok_or_else(|| failed(text.clone()))
}

/// Makes a cluster whose only door is the socket in its folder.
fn make(programs: &Path, owner: Option<Owner>, folder: &Path, data: &Path) -> Result<(), PrivateError> {
    let failed = |message: String| PrivateError::Program { program: "initdb", message };
    let output = command(programs.join("initdb"), owner, folder)
        .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
        .arg(data)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let _ = fs::remove_dir_all(data);
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

fn spawn(
    programs: &Path,
    owner: Option<Owner>,
    folder: &Path,
    socket: &Path,
    durability: Durability,
) -> Result<Child, PrivateError> {
    let log = fs::File::create(folder.join("postgres.log")).map_err(at(folder))?;
    let errors = log.try_clone().map_err(at(folder))?;
    let mut server = command(programs.join("postgres"), owner, folder);
    server.arg("-D").arg(folder.join("data")).arg("-k").arg(socket);
    server.args([
        "-p",
        "5432",
        "-c",
        "listen_addresses=",
        "-c",
        "max_connections=200",
        "-c",
        "unix_socket_permissions=0777",
    ]);
    if durability == Durability::Throwaway {
        server.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
    }
    server
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(errors))
        .spawn()
        .map_err(|error| PrivateError::Program { program: "postgres", message: error.to_string() })
}

/// The last lines of a log, for an error.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(6);
    lines.get(from..).map(|lines| lines.join("; ")).unwrap_or_default()
}

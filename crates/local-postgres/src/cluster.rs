//! Starts and stops the private server.

use std::{
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    PrivateError, access, fetch,
    folder::{Socket, at, prepare},
    locate,
    lock::{self, Attempt, Lock},
    owner::{Owner, command},
    pid_file::{self, SOCKET, Server, running},
    users::User,
};

/// Longest wait for a start. Recovery replays at most what an interrupted demo wrote.
const START_WITHIN: Duration = Duration::from_mins(1);
/// Pause between two checks whether the server answers.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A server that takes no statement within this time is asked again.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// What survives a power failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Everything that is committed. PostgreSQL's default.
    Safe,
    /// Nothing is guaranteed, but it is faster. For tests, whose databases can be lost.
    Throwaway,
}

/// A running private server. When the last process that uses it drops it, the server shuts down properly.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    socket: Socket,
    version: String,
    pid: Pid,
    child: Option<Child>,
    user: User,
    /// The lock on the folder. It is declared last and so dropped last, after the server has ended. `None`: another process owns
    /// the server.
    lock: Option<Lock>,
}

impl Cluster {
    /// Starts the server whose data is in `folder`, and creates the data first if there is none. A server that a killed
    /// process left running is taken over. Fails with [`PrivateError::InUse`] if another process owns the folder.
    pub async fn start(folder: &Path, durability: Durability) -> Result<Self, PrivateError> {
        let owner = Owner::needed();
        let folder = prepare(folder, owner)?;
        match lock::attempt(&folder).map_err(at(&folder))? {
            Attempt::Locked(lock) => Self::open(folder, owner, durability, lock).await,
            Attempt::Held(pid) => Err(PrivateError::InUse { folder: folder.display().to_string(), pid }),
        }
    }

    /// Does the same, but also uses the server of another process. Whoever uses it last stops it.
    pub async fn join(folder: &Path) -> Result<Self, PrivateError> {
        let owner = Owner::needed();
        let folder = prepare(folder, owner)?;
        let since = Instant::now();
        loop {
            let pid = match lock::attempt(&folder).map_err(at(&folder))? {
                Attempt::Locked(lock) => return Self::open(folder, owner, Durability::Safe, lock).await,
                Attempt::Held(pid) => pid,
            };
            // Its owner may still be starting it, or be stopping it.
            if let Some(user) = User::enter(&folder).map_err(at(&folder))?
                && let Some(server) = running(&folder.join("data"))
            {
                let version = version_of(&programs(&folder).await?)?;
                return Self {
                    folder,
                    socket: Socket::Inside(server.socket),
                    version,
                    pid: server.pid,
                    child: None,
                    user,
                    lock: None,
                }
                .answering()
                .await;
            }
            if since.elapsed() > START_WITHIN {
                return Err(PrivateError::InUse { folder: folder.display().to_string(), pid });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn open(
        folder: PathBuf,
        owner: Option<Owner>,
        durability: Durability,
        lock: Lock,
    ) -> Result<Self, PrivateError> {
        let programs = programs(&folder).await?;
        let version = version_of(&programs)?;
        let data = folder.join("data");
        let user = entered(&folder).await?;
        let lock = Some(lock);
        if let Some(server) = left_running(&data).await {
            let socket = Socket::Inside(server.socket);
            return Self { folder, socket, version, pid: server.pid, child: None, user, lock }
                .answering()
                .await;
        }
        // PostgreSQL would refuse to start beside the process that a file left behind names by now.
        pid_file::remove(&folder, &data).map_err(at(&data))?;
        if !data.join("PG_VERSION").exists() {
            create(&programs, owner, &folder, &data)?;
        }
        access::write(&data, owner).map_err(at(&data))?;
        let socket = Socket::make(&folder, owner)?;
        let child = spawn(&programs, owner, &folder, socket.folder(), durability)?;
        let pid = Pid::from_child(&child);
        Self { folder, socket, version, pid, child: Some(child), user, lock }.answering().await
    }

    /// Returns the URL of a database of this server. `postgres` always exists.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.socket.folder().display())
    }

    /// Returns the folder of its data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the version, such as "15.18".
    pub fn version(&self) -> &str {
        &self.version
    }

    async fn answering(mut self) -> Result<Self, PrivateError> {
        let path = self.socket.folder().join(SOCKET);
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

    /// Waits until the server runs statements. During recovery it accepts connections and refuses statements.
    async fn takes_statements(&self) -> bool {
        use sqlx::Connection as _;
        let url = self.url("postgres");
        let asked = async { sqlx::PgConnection::connect(&url).await?.close().await };
        matches!(tokio::time::timeout(ANSWERS_WITHIN, asked).await, Ok(Ok(())))
    }
}

impl Cluster {
    /// Returns whether it is ours to stop the server: nobody else uses it, and nobody else owns its folder.
    fn is_ours_to_stop(&mut self) -> bool {
        if !self.user.is_last() {
            return false;
        }
        let since = Instant::now();
        // An owner that found us still here is about to leave.
        while self.lock.is_none() && since.elapsed() < ANSWERS_WITHIN {
            match lock::attempt(&self.folder) {
                Ok(Attempt::Locked(lock)) => self.lock = Some(lock),
                Ok(Attempt::Held(_)) => std::thread::sleep(LOOK_EVERY),
                Err(_) => return false,
            }
        }
        self.lock.is_some()
    }
}

impl Drop for Cluster {
    /// Shuts down fast (SIGINT): open transactions are rolled back, and committed ones are written.
    fn drop(&mut self) {
        if !self.is_ours_to_stop() {
            self.socket.keep();
            return;
        }
        let data = self.folder.join("data");
        // A child keeps its number until it is waited for. The number of another process's may be a stranger's by now.
        let is_there = || running(&data).is_some_and(|server| server.pid == self.pid);
        if !(self.child.is_some() || is_there()) || kill_process(self.pid, Signal::INT).is_err() {
            return;
        }
        if let Some(child) = &mut self.child {
            let _ = child.wait();
            return;
        }
        let since = Instant::now();
        while is_there() && since.elapsed() < START_WITHIN {
            std::thread::sleep(LOOK_EVERY);
        }
        // A folder that its maker kept for us. The data folder is not empty, and stays.
        let _ = fs::remove_dir(self.socket.folder());
    }
}

/// Begins to use the server of a folder that is ours. Somebody who stopped it before us may be about to leave.
async fn entered(folder: &Path) -> Result<User, PrivateError> {
    let since = Instant::now();
    loop {
        match User::enter(folder).map_err(at(folder))? {
            Some(user) => return Ok(user),
            None if since.elapsed() > START_WITHIN => {
                return Err(PrivateError::InUse {
                    folder: folder.display().to_string(),
                    pid: "unknown".to_owned(),
                });
            }
            None => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

/// The server that a killed process left behind. One that does not listen yet is waited for; a process that is not the
/// server of this folder is not.
async fn left_running(data: &Path) -> Option<Server> {
    let since = Instant::now();
    loop {
        if let Some(server) = running(data) {
            return Some(server);
        }
        if !pid_file::names_a_server(data) || since.elapsed() > START_WITHIN {
            return None;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Returns the folder of PostgreSQL's programs: those of the machine, or downloaded ones.
async fn programs(folder: &Path) -> Result<PathBuf, PrivateError> {
    match locate::binaries() {
        Some(programs) => Ok(programs),
        None => fetch::binaries(&folder.join("binaries")).await,
    }
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

/// Creates a cluster. Nobody can connect until [`access::write`] has written the access files.
fn create(programs: &Path, owner: Option<Owner>, folder: &Path, data: &Path) -> Result<(), PrivateError> {
    let failed = |message: String| PrivateError::Program { program: "initdb", message };
    let output = command(programs.join("initdb"), owner, folder)
        .args(["-A", "reject", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
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
    for setting in ["listen_addresses=", "port=5432", "max_connections=200", "unix_socket_permissions=0700"] {
        server.args(["-c", setting]);
    }
    if durability == Durability::Throwaway {
        server.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
    }
    server
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(errors))
        .spawn()
        .map_err(|error| PrivateError::Program { program: "postgres", message: error.to_string() })
}

/// Returns the last lines of a log, for an error.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(6);
    lines.get(from..).map(|lines| lines.join("; ")).unwrap_or_default()
}

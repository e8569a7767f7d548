//! The binary, as a user runs it.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;

/// Builds the binary with the cargo that runs the tests, because a test of a stale binary proves nothing. It builds the whole
/// workspace: one package alone would need other features of the same dependencies, and rebuild them all.
static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let profile = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_path_buf();
    let mut build = Command::new(cargo);
    build.args(["test", "--quiet", "--workspace", "--no-run"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    // Cargo sets these variables for the package of the test. To build scripts of other crates they would look like a
    // changed environment, and rebuild them.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_")
            && !matches!(name.as_str(), "CARGO_HOME" | "CARGO_TARGET_DIR" | "CARGO_BUILD_JOBS")
        {
            build.env_remove(name);
        }
    }
    assert!(build.status().unwrap().success(), "the binary does not build");
    profile.join("oim-etl")
});

/// Returns where an example of a crate is: it is built with the binary.
pub(super) fn example(name: &str) -> PathBuf {
    BINARY.with_file_name("examples").join(name)
}

/// The longest time that a command of a test may take. A process that hangs fails its test, and not the whole run.
const PATIENCE: Duration = Duration::from_mins(2);

/// A command line to run.
pub(crate) struct Bin(Command);

/// A process that does not outlive its test, however the test ends. What it says is read, because a full pipe would stop it, and is shown
/// where the test fails.
pub(crate) struct Running(Child, Arc<Mutex<Vec<u8>>>);

/// The bytes that are shown of it, from its end.
const SHOWN: usize = 8_000;

impl Running {
    /// Kills it, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Running {
    /// Returns how it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), signal).unwrap();
    }

    /// Returns whether it is stopped (SIGSTOP).
    pub(crate) fn is_stopped(&self) -> bool {
        let state =
            Command::new("ps").args(["-o", "state=", "-p", &self.0.id().to_string()]).output().unwrap();
        state.stdout.starts_with(b"T")
    }

    /// Returns whether it has said this so far.
    pub(crate) fn has_said(&self, what: &str) -> bool {
        let said = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).contains(what)
    }
}

#[allow(clippy::print_stderr, reason = "a test that fails shows it")]
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        if std::thread::panicking() {
            let said = self.1.lock().unwrap_or_else(PoisonError::into_inner);
            let end = &said[said.len().saturating_sub(SHOWN)..];
            eprintln!("process {} said: {}", self.0.id(), String::from_utf8_lossy(end));
        }
    }
}

/// Keeps what a process says.
fn hear(mut pipe: impl Read + Send + 'static, said: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        let mut part = [0; 4_096];
        while let Ok(length @ 1..) = pipe.read(&mut part) {
            said.lock().unwrap_or_else(PoisonError::into_inner).extend(&part[..length]);
        }
    });
}

/// How a command ended.
pub(crate) struct Ended {
    /// The exit code, or -1 if a signal ended it.
    pub(crate) code: i32,
    /// What it wrote to standard output.
    pub(crate) out: String,
    /// What it wrote to standard error.
    pub(crate) err: String,
}

impl Ended {
    /// Returns the JSON on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// Fails the test if the exit code is another.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Bin {
    /// The binary with these arguments, in a folder of its own, without the configuration of the machine.
    pub(crate) fn new(folder: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(&*BINARY);
        for (name, _) in std::env::vars() {
            if name.starts_with("OIM_ETL_")
                || ["DATABASE_URL", "QDRANT_URL", "QDRANT_API_KEY", "OLLAMA_URL", "OLLAMA_MODEL", "RUST_LOG"]
                    .contains(&name.as_str())
            {
                command.env_remove(name);
            }
        }
        // Texts are in the language of the machine, and tests read the English ones.
        command
            .env("LC_ALL", "C")
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command)
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Removes an environment variable.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        let mut child = self.0.spawn().unwrap();
        let said = Arc::<Mutex<Vec<u8>>>::default();
        hear(child.stdout.take().unwrap(), said.clone());
        hear(child.stderr.take().unwrap(), said.clone());
        Running(child, said)
    }

    /// Runs it to its end, off the runtime's threads.
    pub(crate) async fn run(mut self) -> Ended {
        tokio::task::spawn_blocking(move || {
            let mut child = self.0.spawn().unwrap();
            let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
            let reading = std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = out.read_to_end(&mut text);
                text
            });
            let reading_errors = std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = err.read_to_end(&mut text);
                text
            });
            let since = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                if since.elapsed() > PATIENCE {
                    let _ = child.kill();
                }
                std::thread::sleep(Duration::from_millis(10));
            };
            Output { status, stdout: reading.join().unwrap(), stderr: reading_errors.join().unwrap() }.into()
        })
        .await
        .unwrap()
    }
}

/// Waits until the condition holds. Fails the test and names the condition if that takes longer than a command may.
pub(crate) async fn wait_until<F: AsyncFnMut() -> bool>(what: &str, mut holds: F) {
    let since = Instant::now();
    while !holds().await {
        assert!(since.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Returns a client for the API of our own worker.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap()
}

/// Asks a process to stop, as an orchestrator does, and waits until it has ended well.
pub(crate) async fn terminate(running: &mut Running) {
    let child = &mut running.0;
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let mut status = None;
    wait_until("the process has stopped", async || {
        status = child.try_wait().unwrap();
        status.is_some()
    })
    .await;
    let mut err = String::new();
    let _ = child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut err));
    assert!(status.is_some_and(|status| status.success()), "{status:?}: {err}");
}

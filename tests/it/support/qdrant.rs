//! A Qdrant server with faults: `crates/vectors/examples/qdrant_stub.rs` in a process of its own, which does what a test tells it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use serde_json::Value;

use super::bin::example;

/// The server. It ends with the test.
pub(crate) struct Qdrant {
    process: Child,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    pub(crate) url: String,
}

impl Drop for Qdrant {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Qdrant {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let mut stub = Command::new(example("qdrant_stub"));
        let mut process = stub.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut says = BufReader::new(process.stdout.take().unwrap());
        let told = process.stdin.take().unwrap();
        let mut url = String::new();
        says.read_line(&mut url).unwrap();
        Self { process, talk: Mutex::new((told, says)), url: url.trim().to_owned() }
    }

    /// The setting that lets a command use it.
    pub(crate) fn setting(&self) -> String {
        format!("qdrant_url={}", self.url)
    }

    /// Tells it to do something, and returns what it says.
    pub(crate) fn tell(&self, command: &str) -> Value {
        let mut talk = self.talk.lock().unwrap();
        writeln!(talk.0, "{command}").unwrap();
        let mut line = String::new();
        talk.1.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{command}: {error} {line:?}"))
    }
}

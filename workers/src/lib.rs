//! `oim-etl`: the worker pool that brings partners' opportunities into PostgreSQL and a vector index.
//!
//! The crate is a library so that tests and benches can link it. [`run`] is all it exports.

mod alerts;
mod app;
mod archive;
mod batcher;
mod batches;
mod budget;
mod cli;
mod clock;
mod config;
mod credential_names;
mod http;
mod incoming;
mod indexes;
mod job_error;
mod jobs;
mod lang;
mod lateness;
mod observe;
mod partner;
mod patience;
mod pipeline;
mod queue;
mod registry;
mod reload;
mod remote;
mod room;
mod scheduler;
mod search;
mod secret_file;
mod tokens;
mod ui;
mod vector;
mod verify;
mod words;
mod workbench;

use std::process::ExitCode;

/// Runs the command that the command line names, and returns the exit code of the process.
pub fn run() -> ExitCode {
    // TLS needs one provider for the whole process; ring is the one that builds with a C compiler alone.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            ui::note(&format!("error: Failed to start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(cli::main())
}

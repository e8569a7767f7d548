//! `oim-etl`: the worker pool that brings partners' opportunities into PostgreSQL and a vector index.

mod archive;
mod cli;
mod config;
mod engine;
mod http;
mod incoming;
mod jobs;
mod observe;
mod pipeline;
mod queue;
mod reload;
mod remote;
mod scheduler;
mod ui;
mod vector;

use std::process::ExitCode;

fn main() -> ExitCode {
    // TLS needs one provider for the whole process; ring is the one that builds with a C compiler alone.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            ui::note(&format!("error: could not start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(cli::main())
}

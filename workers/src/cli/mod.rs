//! The command line: one file a command.

mod common;
mod completions;
mod config;
mod demo;
mod explain;
mod ingest;
mod migrate;
mod rejections;
mod replay;
mod runs;
mod schedule;
mod search;
mod sources;
mod status;
#[cfg(test)]
mod widths;
mod worker;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::{
    config::{Config, Given, Loaded},
    observe,
    ui::{self, Output},
};

/// Exit code of a command that did its work and found something wrong with it: a partial run, a refused spec.
const FOUND_WRONG: u8 = 1;
/// Exit code of a command that could not do its work: no database, a bad flag, a broken configuration.
const COULD_NOT: u8 = 2;

/// Brings job, training, AGR and microfinance opportunities from partners into PostgreSQL and a vector index.
#[derive(Debug, Parser)]
#[command(name = "oim-etl", version, arg_required_else_help = true, after_help = AFTER)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Begin with `oim-etl demo`: it needs no setting. For real use set DATABASE_URL, then `oim-etl worker`.
Exit codes: 0 done; 1 done, but something is wrong (a partial run, a refused spec); 2 could not be done.";

/// Flags of every command.
#[derive(Debug, Args)]
struct Global {
    /// Configuration file [default: oim-etl.toml where it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// PostgreSQL, over `DATABASE_URL`
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Folder of partner files that replace or add to the built-in ones
    #[arg(long = "sources", id = "sources_dir", global = true, value_name = "DIR")]
    sources_dir: Option<PathBuf>,
    /// Sets any configuration key, such as worker.concurrency=4 (see `oim-etl config`)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// How results are written
    #[arg(long, short, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole road at work: private PostgreSQL, replayed partners, embedded index
    Demo(demo::Demo),
    /// Run a worker: pool, scheduler and HTTP, until stopped
    Worker(worker::Worker),
    /// Ask for runs of sources and follow them
    Ingest(ingest::Ingest),
    /// Read the archive of a source again, without a visit to the partner
    Replay(replay::Replay),
    /// List runs, newest first
    Runs(runs::Runs),
    /// Show where each value of an opportunity came from
    Explain(explain::Explain),
    /// List the records that were refused, with the reason
    Rejections(rejections::Rejections),
    /// Show workers, queue, dead letters and counts
    Status(status::Status),
    /// Find opportunities by meaning
    Search(search::Search),
    /// List, check and try partner files
    Sources(sources::Sources),
    /// Show the timetable
    Schedule(schedule::Schedule),
    /// Bring the database to this version
    Migrate(migrate::Migrate),
    /// Show the configuration in effect, secrets masked
    Config(config::Show),
    /// Print shell completions
    Completions(completions::Completions),
}

/// What a command sees of its surroundings.
struct Context {
    loaded: Loaded,
    output: Output,
}

impl Context {
    fn config(&self) -> &Config {
        &self.loaded.config
    }

    fn is_json(&self) -> bool {
        self.output == Output::Json
    }
}

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done.
    Good,
    /// Done, and what it found is wrong.
    Wrong,
}

/// Reads the command line and runs the command.
pub(crate) async fn main() -> ExitCode {
    let cli = Cli::parse();
    match Box::pin(run(cli)).await {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Wrong) => ExitCode::from(FOUND_WRONG),
        Err(error) => {
            ui::note(&format!("error: {error:#}"));
            ExitCode::from(COULD_NOT)
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<Outcome> {
    if let Command::Completions(command) = &cli.command {
        return Ok(command.run::<Cli>());
    }
    let context = Context { loaded: crate::config::load(&given(&cli.global)?)?, output: cli.global.output };
    if let Command::Demo(command) = cli.command {
        return command.run(context).await;
    }
    observe::logs(context.config())?;
    match cli.command {
        Command::Worker(command) => command.run(context).await,
        Command::Ingest(command) => Box::pin(command.run(context)).await,
        Command::Replay(command) => Box::pin(command.run(context)).await,
        Command::Runs(command) => command.run(context).await,
        Command::Explain(command) => command.run(context).await,
        Command::Rejections(command) => command.run(context).await,
        Command::Status(command) => command.run(context).await,
        Command::Search(command) => command.run(context).await,
        Command::Sources(command) => command.run(context).await,
        Command::Schedule(command) => command.run(&context),
        Command::Migrate(command) => command.run(context).await,
        Command::Config(command) => command.run(&context),
        Command::Demo(_) | Command::Completions(_) => Ok(Outcome::Good),
    }
}

/// What the configuration is laid together from.
fn given(global: &Global) -> anyhow::Result<Given> {
    let mut flags = Vec::new();
    for pair in &global.set {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| anyhow::anyhow!("--set {pair}: write KEY=VALUE"))?;
        flags.push((key.to_owned(), value.to_owned(), format!("--set {key}")));
    }
    if let Some(url) = &global.database_url {
        flags.push(("database_url".to_owned(), url.clone(), "--database-url".to_owned()));
    }
    if let Some(folder) = &global.sources_dir {
        flags.push(("sources_dir".to_owned(), folder.display().to_string(), "--sources".to_owned()));
    }
    Ok(Given { file: global.config.clone(), environment: std::env::vars().collect(), flags })
}

/// Until Ctrl-C or SIGTERM.
async fn asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped,
        _ = terminate.recv() => Ok(()),
    }
}

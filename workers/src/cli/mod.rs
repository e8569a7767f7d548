//! The command line: one file a command.

mod alerts;
mod common;
mod completions;
mod config;
mod dead;
mod demo;
mod digest;
mod duplicates;
mod effect;
mod explain;
mod ingest;
mod language;
mod migrate;
mod prune;
mod rejections;
mod replay;
mod runs;
mod schedule;
mod search;
mod sources;
mod status;
mod tips;
mod tokens;
mod vectors;
#[cfg(test)]
mod widths;
mod worker;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{
    config::{Config, Given, Loaded},
    lang, observe,
    ui::{self, Output},
};

/// Exit code of a command that did its work and found something wrong with it: a partial run, a refused spec.
const FOUND_WRONG: u8 = 1;
/// Exit code of a command that could not do its work: no database, a bad flag, a broken configuration.
const COULD_NOT: u8 = 2;

/// Load job, training, AGR and microfinance opportunities from partners into PostgreSQL and a vector index
#[derive(Debug, Parser)]
#[command(name = "oim-etl", version, arg_required_else_help = true, after_help = AFTER)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "\
Start with `oim-etl demo`: it needs no configuration. For real use, set DATABASE_URL and run `oim-etl worker`.
Exit codes: 0 success, 1 finished with problems (a partial run, a rejected source file), 2 failed.";

/// Flags of every command.
#[derive(Debug, Args)]
struct Global {
    /// Read the configuration from this file [default: oim-etl.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Connect to this PostgreSQL instead of `DATABASE_URL`
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Add source files from this folder, or replace built-in ones
    #[arg(long = "sources", id = "sources_dir", global = true, value_name = "DIR")]
    sources_dir: Option<PathBuf>,
    /// Set a configuration key, such as worker.concurrency=4 (`oim-etl config` lists them)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print texts in this language: fr or en [default: that of `LC_ALL`, `LC_MESSAGES` or `LANG`]
    #[arg(long, global = true, value_name = "LANG", value_parser = ["fr", "en"], hide_possible_values = true)]
    lang: Option<String>,
    /// Choose the format of results
    #[arg(long, short, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole pipeline on one machine, with replayed partners
    Demo(demo::Demo),
    /// Run a worker with scheduler and HTTP until stopped
    Worker(worker::Worker),
    /// Request runs of sources and follow them
    Ingest(ingest::Ingest),
    /// Parse the archive of a source again, without visiting the partner
    Replay(replay::Replay),
    /// List runs, newest first; show, publish, discard or revert one
    Runs(runs::Runs),
    /// List jobs that were given up, and retry or discard them
    Dead(dead::Dead),
    /// Show where each value of an opportunity came from
    Explain(explain::Explain),
    /// List rejected records with their reasons
    Rejections(rejections::Rejections),
    /// Show workers, the queue, dead letters, alerts and counts
    Status(status::Status),
    /// List pairs that may be one opportunity, and decide on them
    Duplicates(duplicates::Duplicates),
    /// Search opportunities by words and categories, and by meaning with Ollama
    Search(Box<search::Search>),
    /// Compare the vector index with the database, and repair it
    Vectors(vectors::VectorsCommand),
    /// List, pause, change, check, preview and create sources
    Sources(sources::Sources),
    /// Create, list and revoke tokens of API and console
    Tokens(tokens::Tokens),
    /// Show the timetable [default: list]
    Schedule(schedule::Schedule),
    /// Migrate the database to this version
    Migrate(migrate::Migrate),
    /// List what is wrong, silence it for a while, and try whether messages arrive
    Alerts(alerts::AlertsCommand),
    /// Show what a day brought: problems first
    Digest(digest::DigestCommand),
    /// Remove old runs, pages, rejections, history, dead letters, feed, actions and answers that nothing needs
    Prune(prune::Prune),
    /// Show the effective configuration, with secrets masked
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
    let early = language::early(&std::env::args_os().collect::<Vec<_>>(), |name| std::env::var(name).ok());
    let matches = language::command(Cli::command(), early).try_get_matches();
    let matches = match matches.map_err(tips::tidy) {
        Ok(matches) => matches,
        Err(error) => match (early, language::in_french(&error)) {
            (lang::Lang::Fr, Some(said)) => {
                ui::note(&said);
                return ExitCode::from(COULD_NOT);
            }
            _ => error.exit(),
        },
    };
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match Box::pin(run(cli)).await {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Wrong) => ExitCode::from(FOUND_WRONG),
        Err(error) => {
            // Where the configuration itself is wrong, it has not said the language.
            lang::choose(early);
            ui::failed(&error);
            ExitCode::from(COULD_NOT)
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<Outcome> {
    if let Command::Completions(command) = &cli.command {
        return Ok(command.run::<Cli>());
    }
    if cli.global.database_url.is_some() && matches!(cli.command, Command::Demo(_)) {
        anyhow::bail!(
            "the demo keeps to a private PostgreSQL of its own, so that nothing of it reaches a real one: leave out --database-url"
        );
    }
    let loaded = crate::config::load(&given(&cli.global)?)?;
    lang::choose(language::of_config(loaded.config.lang));
    let context = Context { loaded, output: cli.global.output };
    effect::check(&cli.command, &context)?;
    if let Command::Demo(command) = cli.command {
        return Box::pin(command.run(context)).await;
    }
    observe::logs(context.config())?;
    match cli.command {
        Command::Worker(command) => Box::pin(command.run(context)).await,
        Command::Ingest(command) => Box::pin(command.run(context)).await,
        Command::Replay(command) => Box::pin(command.run(context)).await,
        Command::Runs(command) => command.run(context).await,
        Command::Dead(command) => command.run(context).await,
        Command::Explain(command) => command.run(context).await,
        Command::Rejections(command) => command.run(context).await,
        Command::Status(command) => Box::pin(command.run(context)).await,
        Command::Duplicates(command) => command.run(context).await,
        Command::Search(command) => Box::pin(command.run(context)).await,
        Command::Vectors(command) => Box::pin(command.run(context)).await,
        Command::Sources(command) => Box::pin(command.run(context)).await,
        Command::Tokens(command) => command.run(context).await,
        Command::Schedule(command) => command.run(&context),
        Command::Migrate(command) => command.run(context).await,
        Command::Alerts(command) => command.run(context).await,
        Command::Digest(command) => command.run(context).await,
        Command::Prune(command) => command.run(context).await,
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
    if let Some(code) = &global.lang {
        flags.push(("lang".to_owned(), code.clone(), "--lang".to_owned()));
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

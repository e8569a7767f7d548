//! `oim-etl sources`: the workbench of source files, and what operators set for a source.

mod apply;
mod check;
mod control;
mod diff;
mod fill;
pub(super) mod list;
mod new;
mod preview;
mod rate;
mod record;
mod schema;
mod show;

use clap::{Args, Subcommand};

use super::{
    Context, Outcome,
    common::{ensure_address, find_source},
};
use crate::registry;

pub(super) use preview::{preview, print};
pub(super) use rate::{is_resting, limits_line, rate_line, slowed};
pub(super) use show::described;

/// List, pause, change, check, preview and create sources
#[derive(Debug, Args)]
pub(super) struct Sources {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List sources with their rate, streams and missing credentials
    List,
    /// Show how a source stands and where its file is from, or print the file in force
    Show(show::Show),
    /// Stop all requests to a source, for the whole pool, until it is resumed
    Pause(control::Pause),
    /// Let a paused source be visited again
    Resume(control::Resume),
    /// Set the rate of a source for the whole pool, instead of the one of its source file
    Rate(rate::SetRate),
    /// Put a source file in force, for the whole pool
    Apply(apply::Apply),
    /// List the versions of a source file: when, from where, by whom, and what changed
    History(apply::History),
    /// Put an earlier version of a source file in force again
    Rollback(apply::Rollback),
    /// Forget a source without a file, jobs and opportunities
    Forget(control::Forget),
    /// Check every source file against its recordings; exit 1 on problems
    Check(check::Check),
    /// Fetch live and print what would be loaded, without writing
    Preview {
        /// Slug of the source
        source: String,
        /// Stop after this many records
        #[arg(long, short = 'n', default_value_t = 5)]
        limit: i32,
    },
    /// Propose a source file from an answer of the partner
    New(new::New),
    /// Save live answers as recordings, with secrets and contacts masked
    Record(record::Record),
    /// Show what the source file in force would change, without writing
    Diff(diff::Diff),
    /// Print the grammar of source files as JSON Schema or Markdown
    Schema(schema::SchemaOf),
}

impl Sources {
    /// Returns whether it reads what the configuration says of sources, because it visits them itself, or lists it.
    pub(super) fn visits(&self) -> bool {
        !matches!(
            self.what,
            What::Show(_)
                | What::Pause(_)
                | What::Resume(_)
                | What::Rate(_)
                | What::History(_)
                | What::Rollback(_)
                | What::Forget(_)
                | What::Schema(_)
        )
    }

    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        match self.what {
            What::List => list::run(&context).await,
            What::Show(show) => show.run(&context).await,
            What::Pause(pause) => pause.run(&context).await,
            What::Resume(resume) => resume.run(&context).await,
            What::Rate(rate) => rate.run(&context).await,
            What::Apply(apply) => apply.run(&context).await,
            What::History(history) => history.run(&context).await,
            What::Rollback(rollback) => rollback.run(&context).await,
            What::Forget(forget) => forget.run(&context).await,
            What::Check(check) => check.run(&context).await,
            What::Preview { source, limit } => {
                let files = registry::where_possible(&context.loaded).await?;
                let slug = find_source(&files.catalog, &source)?;
                if let Some(spec) = files.catalog.get(&slug) {
                    files.note(spec);
                    ensure_address(spec)?;
                }
                preview(&context, &files.catalog, &[slug], Some(limit.max(1)), None).await
            }
            What::New(new) => new.run(&context).await,
            What::Record(record) => record.run(&context).await,
            What::Diff(diff) => diff.run(&context).await,
            What::Schema(schema) => schema.run(),
        }
    }
}

//! `oim-etl sources`: the workbench of source files, and what operators set for a source.

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
    common::{ensure_address, find_source, usable},
};

pub(super) use preview::{preview, print};
pub(super) use rate::{is_resting, limits_line, rate_line, slowed};
pub(super) use show::described;

/// List, pause, check, preview and create sources
#[derive(Debug, Args)]
pub(super) struct Sources {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List sources with their rate, streams and missing credentials
    List,
    /// Show how a source stands: paused or not, rate, what waits, last and next run
    Show(show::Show),
    /// Stop all requests to a source, for the whole pool, until it is resumed
    Pause(control::Pause),
    /// Let a paused source be visited again
    Resume(control::Resume),
    /// Set the rate of a source for the whole pool, instead of the one of its source file
    Rate(rate::SetRate),
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
    /// Show what the current source file would change, without writing
    Diff(diff::Diff),
    /// Print the grammar of source files as JSON Schema or Markdown
    Schema(schema::SchemaOf),
}

impl Sources {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        match self.what {
            What::List => list::run(&context, &usable(&context, &[])?).await,
            What::Show(show) => show.run(&context).await,
            What::Pause(pause) => pause.run(&context).await,
            What::Resume(resume) => resume.run(&context).await,
            What::Rate(rate) => rate.run(&context).await,
            What::Check(check) => check.run(&context).await,
            What::Preview { source, limit } => {
                let catalog = usable(&context, &[&source])?;
                let slug = find_source(&catalog, &source)?;
                if let Some(spec) = catalog.get(&slug) {
                    ensure_address(spec)?;
                }
                preview(&context, &catalog, &[slug], Some(limit.max(1)), None).await
            }
            What::New(new) => new.run(&context).await,
            What::Record(record) => record.run(&context).await,
            What::Diff(diff) => diff.run(&context).await,
            What::Schema(schema) => schema.run(),
        }
    }
}

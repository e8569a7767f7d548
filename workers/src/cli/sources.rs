//! `oim-etl sources`: the workbench of partner files.

mod check;
mod diff;
mod fill;
pub(super) mod list;
mod new;
mod preview;
mod record;
mod schema;

use clap::{Args, Subcommand};

use super::{Context, Outcome, common::find_source};
use crate::app;

pub(super) use preview::{preview, print};

/// Lists, checks, tries and makes partner files
#[derive(Debug, Args)]
pub(super) struct Sources {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The partners, with rate, streams and what of them is missing here
    List,
    /// Read every partner file and try it on its recorded answers; exit 1 when something is wrong
    Check(check::Check),
    /// Fetch live and print what would be loaded; write nothing
    Preview {
        /// The source, by slug
        source: String,
        /// Stop after so many records
        #[arg(long, short = 'n', default_value_t = 5)]
        limit: i32,
    },
    /// Propose a partner file from an answer of the partner
    New(new::New),
    /// Save live answers as recordings to check against, secrets and contacts masked
    Record(record::Record),
    /// What the partner file as it stands would change, over the archive; write nothing
    Diff(diff::Diff),
    /// The grammar of partner files, for editors (JSON Schema) or as a page
    Schema(schema::SchemaOf),
}

impl Sources {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        match self.what {
            What::List => list::run(&context, &app::catalog(context.config())?),
            What::Check(check) => check.run(&context).await,
            What::Preview { source, limit } => {
                let catalog = app::catalog(context.config())?;
                let slug = find_source(&catalog, &source)?;
                preview(&context, &catalog, &[slug], Some(limit.max(1)), None).await
            }
            What::New(new) => new.run(&context).await,
            What::Record(record) => record.run(&context).await,
            What::Diff(diff) => diff.run(&context).await,
            What::Schema(schema) => schema.run(),
        }
    }
}

//! `oim-etl sources schema`

use clap::Args;

use crate::{cli::Outcome, ui};

/// Print the grammar of source files as JSON Schema (2020-12)
#[derive(Debug, Args)]
#[command(
    after_help = "For an editor with a TOML language server, start the file with:\n  #:schema ./partner.schema.json"
)]
pub(super) struct SchemaOf {
    /// Print the reference page instead, as Markdown
    #[arg(long)]
    markdown: bool,
}

impl SchemaOf {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        if self.markdown {
            ui::line(sources::reference().trim_end());
        } else {
            ui::json(&sources::schema())?;
        }
        Ok(Outcome::Good)
    }
}

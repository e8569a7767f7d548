//! `oim-etl sources new`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use domain::SourceSlug;
use sources::{Answer, Catalog, SpecFile};
use url::Url;

use crate::{
    cli::{Context, Outcome},
    partner, ui,
};

/// Propose a source file: detect the format, find the records, guess the fields
#[derive(Debug, Args)]
#[command(after_help = "Example: oim-etl sources new agrojob --from https://www.agrojob.cm/offres\n\
    Review the proposal; `oim-etl sources check` and `preview` show what it loads.")]
pub(super) struct New {
    /// Slug of the new source, which names its file
    slug: String,
    /// Read the partner's list at this URL, or a file from the partner
    #[arg(long, value_name = "URL|PATH")]
    from: String,
    /// Write the file to this folder [default: the folder of source files, else the current one]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// An answer of the partner, or a file from it.
struct Got {
    url: Option<Url>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl New {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let slug = SourceSlug::new(&self.slug)?;
        let folder = self
            .to
            .clone()
            .or_else(|| context.config().sources_dir.clone())
            .unwrap_or_else(|| PathBuf::from("."));
        let path = folder.join(format!("{slug}.toml"));
        anyhow::ensure!(!path.exists(), "{} is there already: nothing was written", path.display());
        let got = self.got(context, &slug).await?;
        let answer = Answer { slug: &slug, url: got.url.as_ref(), headers: &got.headers, body: &got.body };
        let text = sources::propose(&answer)
            .map_err(|why| anyhow::anyhow!("no source file could be proposed for {}: {why}", self.from))?;
        std::fs::create_dir_all(&folder).with_context(|| format!("Failed to create {}", folder.display()))?;
        std::fs::write(&path, &text).with_context(|| format!("Failed to write {}", path.display()))?;
        if context.is_json() {
            ui::json(&serde_json::json!({ "source": slug, "file": path, "text": text }))?;
        } else {
            ui::line(text.trim_end());
            ui::note(&format!("\nwritten to {}", path.display()));
            ui::note(&format!(
                "next: look through it, then  oim-etl --sources {} sources preview {slug}",
                folder.display()
            ));
        }
        let file = SpecFile { name: format!("{slug}.toml"), text };
        match Catalog::load(vec![file]) {
            Ok(_) => Ok(Outcome::Good),
            Err(errors) => {
                ui::note(&format!("still to be filled in:\n{errors}"));
                Ok(Outcome::Wrong)
            }
        }
    }

    async fn got(&self, context: &Context, slug: &SourceSlug) -> anyhow::Result<Got> {
        let Some(url) = Url::parse(&self.from).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
        else {
            let body = std::fs::read(&self.from).with_context(|| format!("Failed to read {}", self.from))?;
            return Ok(Got { url: None, headers: Vec::new(), body });
        };
        let answer = partner::probe(context.config(), slug, &url).await?;
        Ok(Got { url: Some(url), headers: answer.headers, body: answer.body.to_vec() })
    }
}

//! `oim-etl sources new`

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use domain::SourceSlug;
use sources::{Answer, Catalog, DetailAnswer, SpecFile};
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
        let text = proposed(context, &slug, &got)
            .await?
            .map_err(|why| anyhow::anyhow!("no source file could be proposed for {}: {why}", self.from))?;
        // Workers take up what stands in the folder: a file that is not whole would stop them.
        let file = SpecFile { name: format!("{slug}.toml"), text: text.clone() };
        let missing = Catalog::load(vec![file]).err();
        if missing.is_none() {
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("Failed to create {}", folder.display()))?;
            std::fs::write(&path, &text).with_context(|| format!("Failed to write {}", path.display()))?;
        }
        if context.is_json() {
            let file = missing.is_none().then_some(&path);
            ui::json(&serde_json::json!({ "source": slug, "file": file, "text": text }))?;
        } else {
            ui::line(text.trim_end());
        }
        if let Some(errors) = missing {
            ui::note(&format!("\nnot written: {} would not be a source file yet\n{errors}", path.display()));
            return Ok(Outcome::Wrong);
        }
        if !context.is_json() {
            ui::note(&format!("\nwritten to {}", path.display()));
            ui::note(&format!(
                "next: look through it, then  oim-etl --sources {} sources preview {slug}",
                folder.display()
            ));
        }
        Ok(Outcome::Good)
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

/// Returns the proposal for an answer, with what the page of one of its records shows. Such a page is asked for once, and politely.
async fn proposed(context: &Context, slug: &SourceSlug, got: &Got) -> anyhow::Result<Result<String, String>> {
    let answer = Answer { slug, url: got.url.as_ref(), headers: &got.headers, body: &got.body, detail: None };
    let Some(url) = sources::first_detail(&answer) else { return Ok(sources::propose(&answer)) };
    match partner::probe(context.config(), slug, &url).await {
        Ok(detail) => {
            let (headers, body) = (detail.headers, detail.body.to_vec());
            let detail = DetailAnswer { url: &url, headers: &headers, body: &body };
            Ok(sources::propose(&Answer { detail: Some(detail), ..answer }))
        }
        Err(error) => {
            ui::note(&format!("the page of a record could not be read: {error:#}"));
            Ok(sources::propose(&answer))
        }
    }
}

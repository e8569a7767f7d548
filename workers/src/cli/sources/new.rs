//! `oim-etl sources new`

use std::path::{Path, PathBuf};

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
    The proposal is a draft: it goes to the folder `drafts` in that of source files, which workers do not read.\n\
    Review it there; `oim-etl sources check` and `preview` show what it loads. Then move it up.")]
pub(super) struct New {
    /// Slug of the new source, which names its file
    slug: String,
    /// Read the partner's list at this URL, or a file from the partner
    #[arg(long, value_name = "URL|PATH")]
    from: String,
    /// Write the file to this folder [default: `drafts` in the folder of source files, else the current one]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// An answer of the partner, or a file from it.
struct Got {
    url: Option<Url>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The folder of proposals within that of source files: workers read the files of a folder, and not those below it.
const DRAFTS: &str = "drafts";

impl New {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let slug = SourceSlug::new(&self.slug)?;
        let folder = self.folder(context);
        let whole = folder.join(format!("{slug}.toml"));
        let incomplete = folder.join(format!("{slug}.toml.draft"));
        for path in [&whole, &incomplete] {
            anyhow::ensure!(!path.exists(), "{} is there already: nothing was written", path.display());
        }
        let got = self.got(context, &slug).await?;
        let (text, why) = match proposed(context, &slug, &got).await? {
            Ok(text) => (text, None),
            Err(why) => (sources::sketch(&got.answer(&slug), &why), Some(why)),
        };
        let errors = Catalog::load(vec![SpecFile::of(&slug, &text)]).err();
        // A file that is not whole would be refused, and with it the folder it stands in.
        let path = if errors.is_some() { &incomplete } else { &whole };
        std::fs::create_dir_all(&folder).with_context(|| format!("Failed to create {}", folder.display()))?;
        std::fs::write(path, &text).with_context(|| format!("Failed to write {}", path.display()))?;
        if context.is_json() {
            let missing: Vec<String> =
                errors.iter().flat_map(|errors| errors.0.iter().map(ToString::to_string)).collect();
            ui::json(
                &serde_json::json!({ "source": slug, "file": path, "text": text, "missing": missing, "why": why }),
            )?;
        } else {
            ui::line(text.trim_end());
            ui::note(&format!("\nwritten to {}", path.display()));
            if let Some(why) = &why {
                ui::note(&format!("no list of records could be found in {}: {why}", self.from));
            }
            match &errors {
                Some(errors) => ui::note(&format!(
                    "it is not a source file yet: fill in the lines with TODO, then name it {slug}.toml\n{errors}"
                )),
                None => self.next(context, &slug, &folder),
            }
        }
        Ok(if errors.is_some() { Outcome::Wrong } else { Outcome::Good })
    }

    /// Returns where the proposal goes: never where workers read, unless that folder is named.
    fn folder(&self, context: &Context) -> PathBuf {
        let drafts = || context.config().sources_dir.as_ref().map(|folder| folder.join(DRAFTS));
        self.to.clone().or_else(drafts).unwrap_or_else(|| PathBuf::from("."))
    }

    /// Prints what to do with a whole proposal: try it, and put it live.
    fn next(&self, context: &Context, slug: &SourceSlug, folder: &Path) {
        let shown = folder.display();
        let is_url = Url::parse(&self.from).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if is_url {
            ui::note(&format!(
                "next: look through it, then  oim-etl --sources {shown} sources preview {slug}"
            ));
        } else {
            ui::note(&format!(
                "next: look through it, then  oim-etl --sources {shown} ingest {slug} --file {} --dry-run",
                self.from
            ));
        }
        if let Some(live) = context.config().sources_dir.as_ref().filter(|live| live.as_path() != folder) {
            ui::note(&format!(
                "workers do not read it there; to put it live:  mv {shown}/{slug}.toml {}/",
                live.display()
            ));
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

impl Got {
    fn answer<'a>(&'a self, slug: &'a SourceSlug) -> Answer<'a> {
        Answer { slug, url: self.url.as_ref(), headers: &self.headers, body: &self.body, detail: None }
    }
}

/// Returns the proposal for an answer, with what the page of one of its records shows. Such a page is asked for once, and politely.
async fn proposed(context: &Context, slug: &SourceSlug, got: &Got) -> anyhow::Result<Result<String, String>> {
    let answer = got.answer(slug);
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

//! `oim-etl sources record`

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use sources::Spec;
use url::Url;

use crate::{
    cli::{
        Context, Outcome,
        common::{ensure_address, find_source, recordings_folder},
    },
    partner::{self, Access},
    registry, ui,
    workbench::preview::{Ask, Tape, preview},
};

/// Save live answers of a partner as recordings, with secrets and contacts masked
#[derive(Debug, Args)]
pub(super) struct Record {
    /// Slug of the source
    source: String,
    /// Stop after this many records
    #[arg(long, short = 'n', default_value_t = 20)]
    limit: i32,
    /// Write to this folder [default: `fixtures` in the folder of source files, else in the current one]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// The headers of an answer that the parser may need.
const KEPT: [&str; 6] = ["content-type", "content-range", "link", "etag", "last-modified", "location"];

/// Returns the `behavior.toml` of a folder of recordings.
#[derive(Serialize)]
struct Behavior {
    host: String,
    routes: Vec<Route>,
}

#[derive(Serialize)]
struct Route {
    kind: &'static str,
    answers: Vec<Recorded>,
}

#[derive(Serialize)]
struct Recorded {
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<String>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    headers: BTreeMap<String, String>,
}

impl Record {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let catalog = registry::where_possible(&context.loaded).await?.catalog;
        let slug = find_source(&catalog, &self.source)?;
        let spec = catalog.get(&slug).context("the source vanished")?;
        ensure_address(spec)?;
        let folder = recordings_folder(context, self.to).join(slug.as_str());
        let is_free = !folder.exists() || folder.read_dir().is_ok_and(|mut entries| entries.next().is_none());
        anyhow::ensure!(
            is_free,
            "{} holds recordings already: move them away first (`-n` says how many records of each stream are recorded)",
            folder.display()
        );
        let partner = Access::WithCredentials(spec, &partner::environment).partner(context.config())?;
        let limit = usize::try_from(self.limit.max(1)).unwrap_or(usize::MAX);
        let ask = Ask { limit, since: None, tapes: true, recorded: false };
        let found = preview(&partner::client(context.config())?, &partner, spec, ask).await?;
        let secrets: Vec<String> =
            partner::credential_names(spec).iter().filter_map(|name| partner::environment(name)).collect();
        let (files, masked) = write(&folder, spec, &found.tapes, &secrets)?;
        if context.is_json() {
            ui::json(
                &serde_json::json!({ "source": slug, "folder": folder, "answers": files, "masked": masked }),
            )?;
        } else {
            ui::line(&format!(
                "{slug}  {files} answers recorded in {}, {masked} secrets and contacts masked",
                folder.display()
            ));
            ui::note(
                "look through them before they are shared: what names a person in other ways is for you to see",
            );
        }
        for alarm in &found.alarms {
            ui::note(&format!("{slug}  {alarm}"));
        }
        Ok(if found.alarms.is_empty() { Outcome::Good } else { Outcome::Wrong })
    }
}

fn write(
    folder: &std::path::Path,
    spec: &Spec,
    tapes: &[Tape],
    secrets: &[String],
) -> anyhow::Result<(usize, usize)> {
    std::fs::create_dir_all(folder).with_context(|| format!("Failed to create {}", folder.display()))?;
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    let mut masked = 0;
    let mut answers = Vec::new();
    for (at, tape) in tapes.iter().enumerate() {
        let (body, found) = if tape.answer.body.starts_with(b"PK") {
            ui::note(&format!("{} is packed and cannot be masked: look through it by hand", tape.url));
            (tape.answer.body.to_vec(), 0)
        } else {
            sources::mask(&tape.answer.body, &secrets)
        };
        masked += found;
        let file = (!body.is_empty()).then(|| format!("{at:04}.{}", ending(tape)));
        if let Some(file) = &file {
            let path = folder.join(file);
            std::fs::write(&path, &body).with_context(|| format!("Failed to write {}", path.display()))?;
        }
        let headers =
            tape.answer.headers.iter().filter(|(name, _)| KEPT.contains(&name.as_str())).cloned().collect();
        let target = target(&tape.url);
        answers.push(Recorded { target, sent: tape.sent.clone(), status: tape.answer.status, file, headers });
    }
    let host = spec.base_url.host_str().unwrap_or_default().to_owned();
    let count = answers.len();
    let behavior = Behavior { host, routes: vec![Route { kind: "recorded", answers }] };
    let mut text = String::from("# Recorded by `oim-etl sources record`; bodies are masked.\n");
    // Writing to a String cannot fail.
    let _ = write!(text, "{}", toml::to_string(&behavior)?);
    let path = folder.join("behavior.toml");
    std::fs::write(&path, text).with_context(|| format!("Failed to write {}", path.display()))?;
    Ok((count, masked))
}

fn target(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

/// Returns the extension of a recording's name, by its content type.
fn ending(tape: &Tape) -> &'static str {
    let kind = tape
        .answer
        .headers
        .iter()
        .find(|(name, _)| name == "content-type")
        .map_or("", |(_, value)| value.as_str());
    let endings = [
        ("json", "json"),
        ("html", "html"),
        ("xml", "xml"),
        ("rss", "xml"),
        ("csv", "csv"),
        ("sheet", "xlsx"),
    ];
    endings.into_iter().find(|(word, _)| kind.contains(word)).map_or("bin", |(_, ending)| ending)
}

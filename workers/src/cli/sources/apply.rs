//! `oim-etl sources apply`, `history` and `rollback`

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Args;
use domain::SourceSlug;
use serde_json::json;
use store::{FileVersion, NewFile, Store};

use super::check::problems;
use crate::{
    app,
    cli::{
        Context, Outcome,
        common::{current_user, find_known, recordings_folder},
    },
    lang::{chosen, say},
    registry::{self, Base, Brings, FIRST, NEW_SOURCE, note_in, short},
    ui::{self, Column, Table, ago},
    workbench::losses::losses,
};

/// Put a source file in force, for the whole pool
#[derive(Debug, Args)]
#[command(
    after_help = "Every worker follows within 10 s, without a restart. It stays in force until another file is applied, or until the workers' own file\n\
    (in `sources_dir`, or built in) changes: the newest act counts. See what it would do first: `oim-etl --sources DIR sources diff SLUG`."
)]
pub(super) struct Apply {
    /// The source file; its name gives the slug: fne.toml
    file: PathBuf,
    /// Try it on recordings from this folder [default: `fixtures` in the folder of source files, else in the current one]
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// Apply it although its recordings show problems, or most of the archive would be lost
    #[arg(long)]
    force: bool,
}

/// List the versions of a source file: when, from where, by whom, and what changed
#[derive(Debug, Args)]
pub(super) struct History {
    /// Slug of the source
    source: String,
    /// Show at most this many versions
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1_000))]
    limit: i64,
}

/// Put an earlier version of a source file in force again
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// Slug of the source
    source: String,
    /// How the version begins, as `history` lists it [default: the one that came into force before the present one]
    version: Option<String>,
}

impl Apply {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name
            .strip_suffix(".toml")
            .with_context(|| format!("`{name}` is not a source file: SLUG.toml"))?;
        let slug = SourceSlug::new(stem).context("the name of the file gives the slug of the source")?;
        let text = std::fs::read_to_string(&self.file)
            .with_context(|| format!("Failed to read the source file `{}`", self.file.display()))?;
        let store = app::connect(context.config(), 2).await?;
        bring_if_alone(context, &store).await?;
        let new = match registry::checked(context.config(), &store, &slug, &text, &current_user()).await {
            Ok(new) => new,
            Err(error) => {
                ui::note(&say!("{error:#}\nrien n'a été appliqué", "{error:#}\nnothing was applied"));
                return Ok(Outcome::Wrong);
            }
        };
        let mut found = problems(context, &slug, &text, recordings_folder(context, self.fixtures)).await?;
        if !self.force {
            found.extend(lost(context, &store, &slug, &text).await);
        }
        for line in &found {
            ui::note(&format!("{slug}  {}", chosen().phrase(line)));
        }
        if !found.is_empty() && !self.force {
            ui::note(chosen().say(
                "rien n'a été appliqué: réparez le fichier, ou appliquez-le avec --force",
                "nothing was applied: mend the file, or apply it with --force",
            ));
            return Ok(Outcome::Wrong);
        }
        Box::pin(put(context, &store, &slug, &new, "apply_file")).await
    }
}

/// Returns what is wrong if most of the archive would be lost. The archive may be out of reach from here; the file is not to blame.
async fn lost(context: &Context, store: &Store, slug: &SourceSlug, text: &str) -> Option<String> {
    match losses(context.config(), store, slug, text, Duration::MAX).await {
        Ok(lost) => Some(lost?.told(chosen(), slug)),
        Err(error) => {
            ui::note(&say!(
                "{slug}  pas essayé sur l'archive: {error:#}",
                "{slug}  not tried on the archive: {error:#}"
            ));
            None
        }
    }
}

impl Rollback {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let (slug, _) = find_known(&store, &self.source).await?;
        let new = earlier(context, &store, &slug, self.version.as_deref(), &current_user()).await?;
        Box::pin(put(context, &store, &slug, &new, "rollback_file")).await
    }
}

/// Returns the earlier version of a file, ready to be applied.
async fn earlier(
    context: &Context,
    store: &Store,
    slug: &SourceSlug,
    version: Option<&str>,
    by: &str,
) -> anyhow::Result<NewFile> {
    registry::earlier(context.config(), store, slug, version, by).await?.with_context(|| match version {
        Some(version) => say!(
            "{slug} n'a pas de version {version}: `oim-etl sources history {slug}` les montre",
            "{slug} has no version {version}: `oim-etl sources history {slug}` lists them"
        ),
        None => say!(
            "{slug} n'a pas de version d'avant celle en vigueur; `oim-etl sources history {slug}` les montre, nommez-en une",
            "{slug} has no earlier version than the one in force; `oim-etl sources history {slug}` lists them, name one"
        ),
    })
}

async fn put(
    context: &Context,
    store: &Store,
    slug: &SourceSlug,
    new: &NewFile,
    action: &'static str,
) -> anyhow::Result<Outcome> {
    let before = store.files_in_force().await?.into_iter().find(|file| file.version.source == slug.as_str());
    let before = before.map(|file| short(&file.version.version).to_owned());
    let instead = before.map_or(String::new(), |old| say!(" au lieu de {old}", " instead of {old}"));
    let is_changed = store.apply_file(new, action).await?;
    let version = short(&new.row.spec_version);
    if context.is_json() {
        ui::json(
            &json!({ "source": slug, "version": new.row.spec_version, "changed": is_changed, "note": new.note }),
        )?;
    } else if is_changed {
        let note = note_in(chosen(), new.note.as_deref().unwrap_or(NEW_SOURCE));
        ui::line(&say!(
            "{slug}  la version {version} est en vigueur{instead}: {note}",
            "{slug}  version {version} is in force{instead}: {note}"
        ));
        ui::line(&say!(
            "ce qu'elle change aux fiches gardées:  oim-etl sources diff {slug}",
            "what it changes in stored rows:  oim-etl sources diff {slug}"
        ));
        ui::line(&say!(
            "relire l'archive avec elle:            oim-etl replay {slug} --stale",
            "read what is archived by it:     oim-etl replay {slug} --stale"
        ));
    } else {
        ui::line(&say!(
            "{slug}  la version {version} est déjà en vigueur",
            "{slug}  version {version} is in force already"
        ));
    }
    Ok(Outcome::Good)
}

/// Where no worker is alive, the files of this command are the base that an applied file is compared with.
async fn bring_if_alone(context: &Context, store: &Store) -> anyhow::Result<()> {
    if store.queue().workers().await?.is_empty() {
        let base = Base::load(context.config())?;
        registry::bring(context.config(), store, &base, Brings::Guest).await?;
    }
    Ok(())
}

/// The columns of the versions.
pub(in crate::cli) const COLUMNS: [Column; 5] = [
    Column::word("version", 0),
    Column::word("since", 1).fr("depuis"),
    Column::word("from", 0).fr("origine"),
    Column::text("by", 2).fr("par"),
    Column::text("what changed", 3).fr("ce qui a changé"),
];

impl History {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let (slug, _) = find_known(&store, &self.source).await?;
        let versions = store.file_versions(&slug, self.limit).await?;
        if context.is_json() {
            ui::json(&versions)?;
            return Ok(Outcome::Good);
        }
        if versions.is_empty() {
            ui::line(&say!(
                "{slug}  aucun worker n'a encore apporté son fichier",
                "{slug}  no worker has brought its file yet"
            ));
            return Ok(Outcome::Good);
        }
        let mut table = Table::new(&COLUMNS);
        for version in versions {
            table.row(cells(version));
        }
        table.print();
        Ok(Outcome::Good)
    }
}

fn cells(version: FileVersion) -> [String; 5] {
    let language = chosen();
    let note = note_in(language, version.note.as_deref().unwrap_or(FIRST));
    let origin = version.origin.to_string();
    [
        short(&version.version).to_owned(),
        format!("{} ({})", ui::moment(version.at), ago(Some(version.at))),
        language.say(language.word("file_origins", &origin), &origin).to_lowercase(),
        version.by,
        note,
    ]
}

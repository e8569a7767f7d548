//! Source files: those of this process, and those in force.
//!
//! Each process has files of its own: the built-in ones, and those of `sources_dir`. A worker brings them to the registry in the
//! database, and from then on it reads what is in force there, like every other worker and command
//! (docs/decisions/0027-one-registry.md).

mod changes;

use std::collections::BTreeMap;

use domain::SourceSlug;
use sources::{Catalog, Spec, SpecFile};
use store::{FileInForce, FileOrigin, NewFile, SourceRow, Store};

use crate::{
    app,
    config::{Config, Loaded},
    credential_names,
    lang::{chosen, say},
    ui,
};

pub(crate) use changes::{FIRST, NEW_SOURCE, changes, note_in};

/// Characters of a digest that people see.
const SHORT: usize = 12;

/// Returns a version as people see it.
pub(crate) fn short(version: &str) -> &str {
    version.get(..SHORT).unwrap_or(version)
}

/// A source file of this process with errors.
pub(crate) struct Refused {
    /// Its name without `.toml`.
    pub(crate) slug: String,
    /// What is wrong, one error a line.
    pub(crate) why: String,
}

/// The source files of this process.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    catalog: Catalog,
    texts: BTreeMap<SourceSlug, (FileOrigin, String)>,
}

impl Base {
    /// Reads the built-in files, and those of `sources_dir`. If one is invalid, all are refused.
    pub(crate) fn load(config: &Config) -> anyhow::Result<Self> {
        let builtin = Catalog::builtin()?;
        let texts = builtin.iter().filter_map(|spec| {
            let text = Catalog::builtin_file(&spec.slug)?;
            Some((spec.slug.clone(), (FileOrigin::Builtin, text.to_owned())))
        });
        let mut texts: BTreeMap<_, _> = texts.collect();
        let Some(folder) = &config.sources_dir else { return Ok(Self { catalog: builtin, texts }) };
        let files: Vec<SpecFile> =
            app::spec_files(folder)?.into_iter().map(|(_, file)| file).collect::<anyhow::Result<_>>()?;
        let catalog = builtin.clone().overlay(files.clone())?;
        credential_names::check(&catalog, &builtin, &config.source_variables)?;
        for file in files {
            if let Ok(slug) = SourceSlug::new(file.name.trim_end_matches(".toml")) {
                texts.insert(slug, (FileOrigin::Directory, file.text));
            }
        }
        Ok(Self { catalog, texts })
    }

    /// Reads them, and leaves out those with errors: a command about one source does not need the others.
    pub(crate) fn usable(config: &Config) -> anyhow::Result<(Self, Vec<Refused>)> {
        let own = Config { sources_dir: None, ..config.clone() };
        let (mut base, mut refused) = (Self::load(&own)?, Vec::new());
        let Some(folder) = &config.sources_dir else { return Ok((base, refused)) };
        let builtin = base.catalog.clone();
        for (name, file) in app::spec_files(folder)? {
            let checked = file.and_then(|file| {
                let alone = Catalog::load(vec![file.clone()])?;
                credential_names::check(&alone, &builtin, &config.source_variables)?;
                Ok((alone, file.text))
            });
            let slug = name.trim_end_matches(".toml").to_owned();
            let known = SourceSlug::new(&slug);
            match (checked, known) {
                (Ok((alone, text)), Ok(known)) => {
                    base.catalog = base.catalog.with(alone);
                    base.texts.insert(known, (FileOrigin::Directory, text));
                }
                (Ok(_), Err(_)) => {}
                (Err(error), known) => {
                    if let Ok(known) = known {
                        base.catalog.remove(&known);
                        base.texts.remove(&known);
                    }
                    refused.push(Refused { slug, why: format!("{error:#}") });
                }
            }
        }
        Ok((base, refused))
    }

    /// Returns whether both have the same files.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.catalog.versions() == other.catalog.versions()
    }

    /// Returns the text of the file of a source.
    pub(crate) fn text(&self, slug: &SourceSlug) -> Option<&str> {
        self.texts.get(slug).map(|(_, text)| text.as_str())
    }

    /// Returns the sources.
    pub(crate) fn into_catalog(self) -> Catalog {
        self.catalog
    }
}

/// Who brings files to the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brings {
    /// A worker: what it no longer has is gone.
    Worker,
    /// A command that works the queue because no worker is alive: it adds, and replaces no built-in file.
    Guest,
}

/// Brings the files of this process to the registry.
pub(crate) async fn bring(config: &Config, store: &Store, base: &Base, who: Brings) -> anyhow::Result<()> {
    let is_guest = who == Brings::Guest;
    let known = store.files_in_force().await?;
    let by = format!("host {}", rustix::system::uname().nodename().to_string_lossy());
    let mut files = Vec::new();
    for row in app::rows(config, &base.catalog).into_iter().filter(|row| row.enabled || !is_guest) {
        let Some((origin, text)) = base.texts.get(&row.slug) else { continue };
        let before = known.iter().find(|file| file.version.source == row.slug.as_str());
        let note = before.and_then(|before| changes(before.file.as_deref()?, text));
        files.push(NewFile { row, origin: *origin, file: text.clone(), by: by.clone(), note });
    }
    for source in store.bring_files(&files, is_guest).await? {
        tracing::info!(source, "a source file of this process is in force now");
    }
    if !is_guest {
        let is_gone = |file: &&FileInForce| {
            let is_ours = match file.base_origin {
                Some(FileOrigin::Directory) => config.sources_dir.is_some(),
                Some(FileOrigin::Builtin) => true,
                Some(FileOrigin::Applied) | None => false,
            };
            is_ours && base.texts.keys().all(|slug| slug.as_str() != file.version.source)
        };
        let gone: Vec<String> =
            known.iter().filter(is_gone).map(|file| file.version.source.clone()).collect();
        if !gone.is_empty() {
            store.files_gone(&gone, &by).await?;
        }
    }
    Ok(())
}

/// The source files in force.
#[derive(Debug)]
pub(crate) struct InForce {
    /// The sources.
    pub(crate) catalog: Catalog,
    /// The number of the newest version of any file.
    pub(crate) head: i64,
    /// Files that this process cannot use, each with the reason.
    pub(crate) refused: Vec<String>,
}

/// Reads the source files in force. Those that the registry does not have yet are the ones of this process.
pub(crate) async fn in_force(config: &Config, store: &Store, base: &Base) -> anyhow::Result<InForce> {
    // Read first: what changes meanwhile is seen at the next look.
    let head = store.registry_head().await?;
    let builtin = Catalog::builtin()?;
    let (mut catalog, mut refused) = (base.catalog.clone(), Vec::new());
    for file in store.files_in_force().await? {
        let Ok(slug) = SourceSlug::new(&file.version.source) else { continue };
        if catalog.get(&slug).is_some_and(|spec| spec.version == file.version.version && file.file.is_some())
        {
            continue;
        }
        catalog.remove(&slug);
        let Some(text) = &file.file else { continue };
        let version = short(&file.version.version);
        match compiled(config, &builtin, &slug, text) {
            Ok(one) => catalog = catalog.with(one),
            Err(error) => refused.push(format!("{slug} (version {version}): {error:#}")),
        }
    }
    Ok(InForce { catalog, head, refused })
}

/// Compiles one source file, and checks which variables it names.
fn compiled(config: &Config, builtin: &Catalog, slug: &SourceSlug, text: &str) -> anyhow::Result<Catalog> {
    let one = Catalog::load(vec![SpecFile::of(slug, text)])?;
    credential_names::check(&one, builtin, &config.source_variables)?;
    Ok(one)
}

/// A source file that an operator applies: compiled and checked, with what changes.
pub(crate) async fn checked(
    config: &Config,
    store: &Store,
    slug: &SourceSlug,
    text: &str,
    by: &str,
) -> anyhow::Result<NewFile> {
    let builtin = Catalog::builtin()?;
    let one = compiled(config, &builtin, slug, text)?;
    let row: Option<SourceRow> = app::rows(config, &one).pop();
    let row = row.ok_or_else(|| anyhow::anyhow!("the file has no source"))?;
    let before = store.files_in_force().await?.into_iter().find(|file| file.version.source == slug.as_str());
    let note = before.and_then(|before| changes(before.file.as_deref()?, text));
    Ok(NewFile { row, origin: FileOrigin::Applied, file: text.to_owned(), by: by.to_owned(), note })
}

/// Returns an earlier version of a source file, ready to be applied again; none if there is no such version.
pub(crate) async fn earlier(
    config: &Config,
    store: &Store,
    slug: &SourceSlug,
    version: Option<&str>,
    by: &str,
) -> anyhow::Result<Option<NewFile>> {
    let Some((version, text)) = store.earlier_file(slug, version).await? else { return Ok(None) };
    let mut new = checked(config, store, slug, &text, by).await?;
    let what = new.note.take().unwrap_or_default();
    new.note = Some(format!("back to version {}: {what}", short(&version)));
    Ok(Some(new))
}

/// Returns the files of this process without those that have errors, and says which ones those are.
fn usable(config: &Config) -> anyhow::Result<Base> {
    let (base, refused) = Base::usable(config)?;
    note_refused(&refused);
    Ok(base)
}

/// Reports the source files of this process that are left out, because they have errors.
pub(crate) fn note_refused(refused: &[Refused]) {
    for Refused { slug, why } in refused {
        let first = why.lines().next().unwrap_or_default();
        ui::note(&say!(
            "laissé de côté: {first}; `oim-etl sources check {slug}` dit tout",
            "left out: {first}; `oim-etl sources check {slug}` says all of it"
        ));
    }
}

/// The source files that a command reads.
pub(crate) struct Files {
    pub(crate) catalog: Catalog,
    in_force: Vec<FileInForce>,
    is_own: bool,
}

/// Returns the source files that a command reads which may have no database: those in force, or its own.
pub(crate) async fn where_possible(loaded: &Loaded) -> anyhow::Result<Files> {
    let config = &loaded.config;
    let own = || {
        let base = usable(config)?;
        anyhow::Ok(Files { catalog: base.catalog, in_force: Vec::new(), is_own: true })
    };
    let is_private = config.database_url().is_ok_and(|url| url == "private");
    // To look at source files creates no database.
    if config.database_url().is_err() || is_private && !config.data_dir.join("postgres").exists() {
        return own();
    }
    match app::connect(config, 1).await {
        Ok(store) => for_command(loaded, &store).await,
        Err(error) => {
            ui::note(&say!(
                "les fichiers sont ceux de cette configuration, car ceux en vigueur ne sont pas connus: {error:#}",
                "source files are those of this configuration, because those in force are not known: {error:#}"
            ));
            own()
        }
    }
}

/// Returns the source files that a command reads: those in force. Those of a folder that a flag names, or of its configuration where no
/// worker is alive, come first: that is how a change is tried before it is in force.
pub(crate) async fn for_command(loaded: &Loaded, store: &Store) -> anyhow::Result<Files> {
    let config = &loaded.config;
    let base = usable(config)?;
    let is_flag = loaded.origins.get("sources_dir").is_some_and(|origin| origin.starts_with("--"));
    let is_own = is_flag || config.sources_dir.is_some() && store.queue().workers().await?.is_empty();
    let in_force = store.files_in_force().await?;
    let mut catalog = self::in_force(config, store, &base).await?.catalog;
    if is_own {
        for (slug, _) in base.texts.iter().filter(|(_, (origin, _))| *origin == FileOrigin::Directory) {
            catalog = catalog.with_one_of(&base.catalog, slug);
        }
    }
    Ok(Files { catalog, in_force, is_own })
}

impl Files {
    /// Reports where this command reads another file than the one in force.
    pub(crate) fn note(&self, spec: &Spec) {
        let Some(file) =
            self.in_force(&spec.slug).filter(|file| self.is_own && file.version.version != spec.version)
        else {
            return;
        };
        let (own, theirs, slug) = (short(&spec.version), short(&file.version.version), &spec.slug);
        ui::note(&say!(
            "{slug}  lit le fichier de `sources_dir`, version {own}; en vigueur est la version {theirs} ({}). `oim-etl sources apply` met un fichier en vigueur",
            "{slug}  reads the file of `sources_dir`, version {own}; in force is version {theirs} ({}). `oim-etl sources apply` puts a file in force",
            origin(file)
        ));
    }
}

impl Files {
    /// Reports the sources whose applied file differs from the one that the workers have.
    pub(crate) fn note_applied(&self) {
        for file in self.in_force.iter().filter(|file| is_other(file)) {
            ui::note(&format!("{}  {}", file.version.source, origin(file)));
        }
    }

    /// Returns the file of a source that is in force.
    pub(crate) fn in_force(&self, slug: &SourceSlug) -> Option<&FileInForce> {
        self.in_force.iter().find(|file| file.version.source == slug.as_str())
    }
}

/// Whether an operator applied another file than the workers have.
pub(crate) fn is_other(file: &FileInForce) -> bool {
    file.version.origin == FileOrigin::Applied && file.differs_from_base()
}

/// Returns where a file in force is from, and whether the workers themselves have another one.
pub(crate) fn origin(file: &FileInForce) -> String {
    let version = &file.version;
    let (by, at) = (&version.by, ui::ago(Some(version.at)));
    match version.origin {
        FileOrigin::Builtin => say!("intégré au programme, {at}", "built into the program, since {at}"),
        FileOrigin::Directory => {
            say!(
                "du dossier des workers, apporté par {by} {at}",
                "in the folder of the workers, brought by {by} {at}"
            )
        }
        FileOrigin::Applied => say!("appliqué par {by} {at}{}", "applied by {by} {at}{}", difference(file)),
    }
}

fn difference(file: &FileInForce) -> String {
    let base = file.base_version.as_deref().filter(|_| file.differs_from_base()).map(short);
    let place = match file.base_origin {
        Some(FileOrigin::Directory) => chosen().say("du dossier des workers", "in the folder of the workers"),
        _ => chosen().say("du programme", "built in"),
    };
    base.map(|base| {
        say!(
            "; il diffère de celui {place}, version {base}",
            "; it differs from the one {place}, version {base}"
        )
    })
    .unwrap_or_default()
}

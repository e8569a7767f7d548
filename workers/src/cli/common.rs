//! What several commands share.

mod when;

use std::path::PathBuf;

use domain::{RunId, SourceSlug};
use sources::{Catalog, Spec};
use store::{SourceState, Store};

use super::{Context, effect};
use crate::{
    app,
    lang::{chosen, say},
    partner,
    registry::{self, Base, Brings},
    ui,
};

pub(super) use when::{age, passed, since};

/// Returns the source of that name, or an error that names the nearest one.
pub(super) fn find_source(catalog: &Catalog, word: &str) -> anyhow::Result<SourceSlug> {
    if let Some(slug) = SourceSlug::new(word).ok().filter(|slug| catalog.get(slug).is_some()) {
        return Ok(slug);
    }
    Err(unknown(&catalog.iter().map(|spec| spec.slug.clone()).collect::<Vec<_>>(), word))
}

/// Refuses a source whose list comes only as a file, and says how to load one.
pub(super) fn ensure_address(spec: &Spec) -> anyhow::Result<()> {
    anyhow::ensure!(
        has_address(spec),
        "{0} has no address: its file has no `request`, so its list comes as a file. Try one: oim-etl ingest {0} --file PATH --dry-run",
        spec.slug
    );
    Ok(())
}

/// Returns whether anything of a source can be asked for.
pub(super) fn has_address(spec: &Spec) -> bool {
    spec.streams.iter().any(sources::Stream::is_fetched)
}

/// The error that names the nearest source.
fn unknown(known: &[SourceSlug], word: &str) -> anyhow::Error {
    let near =
        sources::nearest(known, word).map(|slug| format!("; did you mean {slug}?")).unwrap_or_default();
    let known = known.iter().map(SourceSlug::to_string).collect::<Vec<_>>().join(", ");
    anyhow::anyhow!("there is no source {word:?}{near} (known: {known})")
}

/// The sources as the pool knows them.
pub(super) struct PoolSources {
    states: Vec<SourceState>,
    catalog: Catalog,
    /// Whether a worker is alive: then its source files count, not those of this command.
    has_worker: bool,
}

impl PoolSources {
    /// Reads them. Where no worker is alive, a command that works the queue itself adds the sources of its own files.
    pub(super) async fn of(context: &Context, store: &Store, catalog: Catalog) -> anyhow::Result<Self> {
        let has_worker = !store.queue().workers().await?.is_empty();
        if has_worker {
            effect::refuse(context)?;
        } else {
            let base = Base::usable(context.config())?.0;
            registry::bring(context.config(), store, &base, Brings::Guest).await?;
            store.add_sources(&app::rows(context.config(), &catalog)).await?;
        }
        Ok(Self { states: store.source_states().await?, catalog, has_worker })
    }

    /// Returns a source that somebody can ingest, or an error that says why nobody can.
    pub(super) fn find(&self, context: &Context, word: &str) -> anyhow::Result<&SourceState> {
        let Some(state) = self.states.iter().find(|state| state.slug == word) else {
            let slug = find_source(&self.catalog, word);
            return Err(match slug {
                Err(_) => unknown_state(&self.states, word),
                Ok(slug) if self.has_worker => anyhow::anyhow!(
                    "no worker knows source {slug}: put its file where the workers read theirs (`sources_dir`)"
                ),
                Ok(slug) => switched_off_here(&slug),
            });
        };
        let slug = SourceSlug::new(word)?;
        if self.has_worker {
            self.note_version(&slug, state);
        } else if self.catalog.get(&slug).is_none() {
            anyhow::bail!(
                "no worker is alive, and this command has no source file of {slug}: start a worker that has it"
            );
        } else if !app::is_enabled(context.config(), &slug) {
            return Err(switched_off_here(&slug));
        }
        Ok(state)
    }

    /// Returns a source that somebody can visit now: where this command does the work itself, it needs the secrets.
    pub(super) fn find_visitable(&self, context: &Context, word: &str) -> anyhow::Result<&SourceState> {
        let state = self.find(context, word)?;
        let own =
            SourceSlug::new(word).ok().and_then(|slug| self.catalog.get(&slug)).filter(|_| !self.has_worker);
        if let Some(missing) = own.and_then(|spec| partner::missing(spec, &partner::environment)) {
            return Err(missing.into());
        }
        Ok(state)
    }

    /// Returns every source that may be visited, and says which ones may not.
    pub(super) fn all(&self, context: &Context) -> Vec<&SourceState> {
        let mut all = Vec::new();
        for state in &self.states {
            match (self.find_visitable(context, &state.slug), &state.held) {
                (Ok(state), None) => all.push(state),
                (Ok(_), Some(why)) => left_out(&state.slug, why),
                (Err(why), _) => left_out(&state.slug, &why.to_string()),
            }
        }
        all
    }

    fn note_version(&self, slug: &SourceSlug, state: &SourceState) {
        if self.catalog.get(slug).is_some_and(|spec| spec.version != state.spec_version) {
            ui::note(&say!(
                "{slug}  les workers ont une autre version de son fichier que cette commande; la leur compte",
                "{slug}  the workers have another version of its source file than this command; theirs counts"
            ));
        }
    }
}

/// Reports a source that may not be visited now.
fn left_out(slug: &str, why: &str) {
    let why = chosen().phrase(why);
    ui::note(&say!("{slug}  laissée de côté: {why}", "{slug}  left out: {why}"));
}

fn switched_off_here(slug: &SourceSlug) -> anyhow::Error {
    anyhow::anyhow!("source {slug} is switched off: `sources.{slug}.enabled` is false in this configuration")
}

/// The error that names the nearest source of the database.
fn unknown_state(states: &[SourceState], word: &str) -> anyhow::Error {
    let known: Vec<SourceSlug> =
        states.iter().filter_map(|state| SourceSlug::new(&state.slug).ok()).collect();
    unknown(&known, word)
}

/// Returns the source of that name as the database knows it, or an error that names the nearest one.
pub(super) async fn find_known(store: &Store, word: &str) -> anyhow::Result<(SourceSlug, SourceState)> {
    let mut states = store.source_states().await?;
    anyhow::ensure!(
        !states.is_empty(),
        "the database knows no source yet: run `oim-etl migrate`, or start a worker"
    );
    match states.iter().position(|state| state.slug == word) {
        Some(at) => Ok((SourceSlug::new(word)?, states.swap_remove(at))),
        None => Err(unknown_state(&states, word)),
    }
}

/// The error about a word that names nothing: with the nearest source, or the nearest identifier of the source.
pub(super) async fn nearest(store: &Store, word: &str, what: &str) -> anyhow::Result<anyhow::Error> {
    let Some((source, id)) = word.split_once('/').filter(|(source, _)| SourceSlug::new(source).is_ok())
    else {
        return Ok(anyhow::anyhow!("there is no {what}"));
    };
    let (slug, _) = match find_known(store, source).await {
        Ok(known) => known,
        Err(error) => return Ok(error),
    };
    let known = store.identifiers_like(&slug, id).await?;
    let near =
        sources::nearest(&known, id).map(|near| format!("; did you mean {slug}/{near}?")).unwrap_or_default();
    Ok(anyhow::anyhow!("there is no {what}{near}"))
}

/// Returns the run whose id is or begins with these characters, or an error that names the newest one.
pub(super) async fn find_run(store: &Store, word: &str) -> anyhow::Result<RunId> {
    let known = store.runs_like(word).await?;
    match known.as_slice() {
        [run] => Ok(*run),
        [] => {
            let newest = store.runs(None, 1).await?;
            let newest =
                newest.first().map(|run| format!("; the newest one is {} of {}", run.id, run.source));
            anyhow::bail!(
                "there is no run {word}{}; `oim-etl runs` lists them",
                newest.unwrap_or_else(|| "; there is none yet".to_owned())
            )
        }
        several => {
            if let Some(run) = several.iter().find(|run| run.to_string() == word) {
                return Ok(*run);
            }
            let ids: Vec<String> = several.iter().map(RunId::to_string).collect();
            anyhow::bail!("{word} may be each of these runs: {}; write more of the id", ids.join(", "))
        }
    }
}

/// Says who acts where the user of the system does not: several people behind one account, or a container without one.
pub(super) const OPERATOR: &str = "OIM_OPERATOR";

/// Returns who uses the command line, for the record of a run.
pub(super) fn current_user() -> String {
    // Whoever became another user for this is the one who acts.
    let named =
        [OPERATOR, "SUDO_USER", "USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    named.map(|name| name.trim().to_owned()).find(|name| !name.is_empty()).unwrap_or_else(|| "cli".to_owned())
}

/// Returns the folder of recordings: the one of the flag, else `fixtures` in the folder of source files, else here.
pub(super) fn recordings_folder(context: &Context, flag: Option<PathBuf>) -> PathBuf {
    let beside =
        || context.config().sources_dir.clone().unwrap_or_else(|| PathBuf::from(".")).join("fixtures");
    flag.unwrap_or_else(beside)
}

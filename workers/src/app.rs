//! The open parts of a process: configuration, database, sources, archive and index.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use ::queue::WorkerId;
use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};
use domain::SourceSlug;
use fetch::{Client, Partner};
use local_postgres::Cluster;
use sources::{Catalog, Spec, SpecFile};
use store::{Schema, SourceRow, Store, StoreError};
use vectors::VectorError;

use crate::{
    archive::Archive,
    batches::Batches,
    clock::Clock,
    config::Config,
    indexes::Indexes,
    job_error::JobError,
    observe::error_chain,
    partner::{self, Access, MissingSecrets, SecretOrigin},
    pipeline::index::Kept,
    queue::{Permits, Stop},
    registry::{self, Base, Brings, InForce},
    room::Room,
};

/// Time between two looks for secrets that are missing.
const LOOK_FOR_SECRETS: Duration = Duration::from_secs(10);

/// The parts that jobs and commands use, opened once.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Store,
    catalog: RwLock<Arc<Catalog>>,
    /// The source files of this process.
    base: RwLock<Arc<Base>>,
    /// The newest version in the registry that this process has seen.
    head: AtomicI64,
    pub(crate) client: Client,
    pub(crate) archive: Archive,
    /// What jobs ask of the database together.
    pub(crate) batches: Arc<Batches>,
    /// The indexes that this process keeps in step. Empty while another process holds the embedded one, or the index does not answer.
    pub(crate) indexes: Indexes,
    /// This process as a worker of the pool, once it is one.
    pub(crate) worker: OnceLock<WorkerId>,
    /// The time.
    pub(crate) clock: Clock,
    /// The rights to run jobs.
    pub(crate) permits: Permits,
    /// Room for the pages that are being parsed.
    pub(crate) room: Room,
    /// Cancelled when this process stops: a long crawl then ends at its next page.
    pub(crate) stop: Stop,
    /// Source files in force that this process cannot use, with the reasons.
    refused: Mutex<Vec<String>>,
    /// Hosts with the end of their certificate, and the day on which it was seen.
    pub(crate) certificates: Mutex<HashMap<String, (DateTime<Utc>, NaiveDate)>>,
    /// Secrets beside those of the environment.
    credentials: HashMap<String, String>,
}

/// What a process is to the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A worker: its configuration says which sources there are.
    Worker,
    /// A command that works the queue for a while: it knows some of the sources, and changes none of the others.
    Command,
}

impl App {
    /// Opens everything: the database, the source files, the archive and the index.
    pub(crate) async fn open(config: Config, role: Role) -> anyhow::Result<Self> {
        let store = match role {
            Role::Worker => open_worker_store(&config).await?,
            Role::Command => open_store(&config).await?,
        };
        let base = if role == Role::Worker { Base::load(&config)? } else { Base::usable(&config)?.0 };
        let brings = match role {
            Role::Worker => Some(Brings::Worker),
            Role::Command => store.queue().workers().await?.is_empty().then_some(Brings::Guest),
        };
        if let Some(who) = brings {
            registry::bring(&config, &store, &base, who).await?;
        }
        let InForce { catalog, head, refused } = registry::in_force(&config, &store, &base).await?;
        report_refused(&refused);
        match role {
            Role::Worker => store.register_sources(&rows(&config, &catalog)).await?,
            Role::Command => store.add_sources(&rows(&config, &catalog)).await?,
        }
        let archive = Archive::open(&archive_place(&config))?;
        let client = partner::client(&config)?;
        let clock = Clock::default();
        clock.measure(&store).await?;
        let app = Self {
            clock,
            permits: Permits::new(config.worker.concurrency, config.worker.fetches),
            config,
            batches: Batches::start(&store),
            store,
            catalog: RwLock::new(Arc::new(catalog)),
            base: RwLock::new(Arc::new(base)),
            head: AtomicI64::new(head),
            client,
            archive,
            indexes: Indexes::default(),
            worker: OnceLock::new(),
            room: Room::new(),
            stop: Stop::new(),
            refused: Mutex::new(refused),
            certificates: Mutex::default(),
            credentials: HashMap::new(),
        };
        match app.look_at_indexes().await {
            Ok(_) if app.holds_index() => (),
            Ok(_) => tracing::info!(
                "another process holds the embedded index; it embeds for all, and this one takes over when it ends"
            ),
            // Ingesting needs no index: the outbox keeps what changes.
            Err(error) if is_passing(&error) => {
                let why = error_chain(&error);
                tracing::warn!(
                    why,
                    "the index does not answer; ingesting continues, and the index catches up when it does"
                );
            }
            Err(error) => return Err(error),
        }
        Ok(app)
    }

    /// Opens and closes indexes, as configuration, embedder and database want it now. Returns those that were opened.
    pub(crate) async fn look_at_indexes(&self) -> anyhow::Result<Vec<Kept>> {
        self.indexes.look(&self.config, &self.store).await
    }

    /// Returns whether this process keeps an index in step.
    pub(crate) fn holds_index(&self) -> bool {
        self.indexes.served().is_some()
    }

    /// Returns what this process can run jobs of: its sources, and its indexes.
    pub(crate) fn subjects(&self) -> Vec<String> {
        let indexes = self.indexes.all();
        self.known().into_iter().chain(indexes.iter().map(|kept| kept.target.subject())).collect()
    }

    /// Returns the sources, as their files are now.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_refused(&self, refused: Vec<String>) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Returns the source files in force that this process cannot use.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Brings the source files of this process to the registry if they changed. If one of them is invalid, none is brought.
    pub(crate) async fn bring_changed_files(&self) -> anyhow::Result<()> {
        if self.config.sources_dir.is_none() {
            return Ok(());
        }
        let fresh = Base::load(&self.config)?;
        let known = Arc::clone(&self.base.read().unwrap_or_else(PoisonError::into_inner));
        if !fresh.is_same(&known) {
            registry::bring(&self.config, &self.store, &fresh, Brings::Worker).await?;
            *self.base.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        }
        Ok(())
    }

    /// Follows the registry: loads the source files in force if they changed. Returns whether they did.
    pub(crate) async fn follow_registry(&self) -> anyhow::Result<bool> {
        if self.store.registry_head().await? == self.head.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let base = Arc::clone(&self.base.read().unwrap_or_else(PoisonError::into_inner));
        let InForce { catalog, head, refused } = registry::in_force(&self.config, &self.store, &base).await?;
        report_refused(&refused);
        self.set_refused(refused);
        self.store.register_sources(&rows(&self.config, &catalog)).await?;
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
        self.head.store(head, Ordering::Relaxed);
        Ok(true)
    }

    /// Returns the sources whose jobs this process can run: those of its source files.
    pub(crate) fn known(&self) -> Vec<String> {
        self.catalog().iter().map(|spec| spec.slug.to_string()).collect()
    }

    /// Returns the source file of a source.
    pub(crate) fn spec(&self, slug: &str) -> anyhow::Result<Arc<Spec>> {
        let known = SourceSlug::new(slug).ok().and_then(|slug| self.catalog().get(&slug).cloned());
        known.with_context(|| format!("there is no source file for {slug:?}"))
    }

    /// Returns a secret: one of the demo's, else one of the environment or of a file.
    pub(crate) fn secret(&self, name: &str) -> Option<String> {
        self.credentials.get(name).cloned().or_else(|| partner::environment(name))
    }

    /// Returns where a secret comes from, without its value.
    pub(crate) fn secret_origin(&self, name: &str) -> SecretOrigin {
        let variable = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
        if self.credentials.contains_key(name) {
            SecretOrigin::Demo
        } else if variable(name) {
            SecretOrigin::Variable
        } else if partner::environment(name).is_some() {
            SecretOrigin::File
        } else {
            SecretOrigin::Missing
        }
    }

    /// Returns the partner of a source for a job. While secrets are missing, the job waits for them.
    pub(crate) fn partner_for_job(&self, spec: &Spec) -> Result<Partner, JobError> {
        self.partner(spec).map_err(|error| match error.downcast_ref::<MissingSecrets>() {
            Some(missing) => JobError::Wait {
                pause: LOOK_FOR_SECRETS,
                why: format!("{missing}; it continues by itself then"),
            },
            None => JobError::Discard(error),
        })
    }

    /// Returns the partner of a source, with its credentials from the environment and what the configuration overrides.
    pub(crate) fn partner(&self, spec: &Spec) -> anyhow::Result<Partner> {
        let secrets = |name: &str| self.secret(name);
        Access::WithCredentials(spec, &secrets).partner(&self.config)
    }

    /// Ends long jobs early once `stop` is cancelled.
    pub(crate) fn stopping_with(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Adds the credentials of replayed partners, for the demo.
    pub(crate) fn with_credentials(mut self, pairs: &[(&str, &str)]) -> Self {
        self.credentials.extend(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self
    }
}

/// Logs the source files in force that this process cannot use. It takes no jobs of their sources.
fn report_refused(refused: &[String]) {
    for why in refused {
        tracing::error!(
            why,
            "a source file in force cannot be used here: this process leaves its source to others"
        );
    }
}

/// Whether the index may answer later. A wrong setting never will.
pub(crate) fn is_passing(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<VectorError>().is_some_and(VectorError::is_passing))
}

/// Opens the database with all its connections. A private server is ours alone, so its tables are created here; everybody
/// else's are `oim-etl migrate`'s to create.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let store = reach(config, config.database_connections).await?;
    if config.database_url()? == "private" {
        store.migrate().await?;
    }
    fits(store).await
}

/// Opens the database of a worker, and migrates it if the configuration says so.
async fn open_worker_store(config: &Config) -> anyhow::Result<Store> {
    if !config.database.migrate_on_start {
        return open_store(config).await;
    }
    let store = reach(config, config.database_connections).await?;
    if matches!(store.schema().await?, Schema::Behind { .. }) {
        store.migrate().await?;
    }
    fits(store).await
}

/// Connects to a database that has the tables of this version.
pub(crate) async fn connect(config: &Config, connections: u32) -> anyhow::Result<Store> {
    fits(reach(config, connections).await?).await
}

/// Fails unless this program can work with the tables of the database.
async fn fits(store: Store) -> anyhow::Result<Store> {
    match store.schema().await? {
        Schema::Current => (),
        Schema::Behind { .. } => return Err(StoreError::NotMigrated.into()),
        Schema::Ahead { newest, known } => tracing::warn!(
            database = newest,
            program = known,
            "the database is of a newer program; this one still fits, but install the newer one"
        ),
    }
    Ok(store)
}

/// Connects to the database. `private` names a server of our own, which runs while a command needs it.
pub(crate) async fn reach(config: &Config, connections: u32) -> anyhow::Result<Store> {
    match config.database_url()? {
        "private" => private(config, connections).await,
        url => Ok(Store::connect(url, connections).await?),
    }
}

/// The database of the demo on its private server.
pub(crate) const DEMO_DATABASE: &str = "oim_etl";

/// Opens the database on a private server in the data folder, and creates both if they are missing. The server stops with the
/// last clone of the store, unless another process started it.
async fn private(config: &Config, connections: u32) -> anyhow::Result<Store> {
    let folder = config.data_dir.join("postgres");
    let server = Cluster::join(&folder).await?;
    let administration = server.url("postgres");
    if local_postgres::has_database(&administration, DEMO_DATABASE).await? {
        anyhow::bail!(
            "{} holds the data of the demo: set `data_dir` to a folder of your own, or remove that one",
            folder.display()
        );
    }
    local_postgres::create_database(&administration, "oim").await?;
    let store = Store::connect(&server.url("oim"), connections).await?;
    Ok(store.keeping(Arc::new(server)))
}

/// Returns the source files of this process: the built-in ones, overridden by those of `sources_dir`. What is in force may differ:
/// see [`registry`].
pub(crate) fn catalog(config: &Config) -> anyhow::Result<Catalog> {
    Ok(Base::load(config)?.into_catalog())
}

/// Returns the text of the source file in force, and its version. Before a worker has brought one: the one of this process, without a version.
pub(crate) async fn source_file(app: &App, slug: &SourceSlug) -> anyhow::Result<(String, Option<String>)> {
    let in_force = app.store.files_in_force().await?;
    let found = in_force.into_iter().find(|file| file.version.source == slug.as_str());
    let own = || Some((Base::load(&app.config).ok()?.text(slug)?.to_owned(), None));
    let found = found.and_then(|file| Some((file.file?, Some(file.version.version))));
    found.or_else(own).context("the source has no file")
}

/// Returns the `*.toml` files of a folder by name. One that cannot be read is an error of its own.
pub(crate) fn spec_files(folder: &Path) -> anyhow::Result<Vec<(String, anyhow::Result<SpecFile>)>> {
    let what = || format!("Failed to read the source files in {}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(what)? {
        let path = entry.with_context(what)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("Failed to read {}", path.display()));
            files.push((name.clone(), text.map(|text| SpecFile { name, text })));
        }
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(files)
}

/// Returns whether the configuration disables the source.
pub(crate) fn is_enabled(config: &Config, slug: &SourceSlug) -> bool {
    config.sources.get(slug).and_then(|source| source.enabled).unwrap_or(true)
}

pub(crate) fn rows(config: &Config, catalog: &Catalog) -> Vec<SourceRow> {
    catalog
        .iter()
        .map(|spec| SourceRow {
            slug: spec.slug.clone(),
            name: spec.name.clone(),
            spec_version: spec.version.clone(),
            offers_itself: spec.offers_itself,
            rate: partner::rate(config, spec),
            quiet_hours: spec.quiet_hours.clone(),
            daily_requests: spec.daily_requests,
            enabled: is_enabled(config, &spec.slug),
            streams: spec.streams.iter().map(|stream| stream.name.to_string()).collect(),
            fetch_at_once: config.worker.fetch_at_once,
            read_at_once: config.worker.read_at_once,
        })
        .collect()
}

/// Returns a mark of the source file and the rules that parse a page. What has this mark is not parsed again.
pub(crate) fn read_by(spec: &Spec) -> String {
    format!("{}/{}", spec.version, sources::RULES)
}

/// Returns the place of the archive: a folder or a bucket.
pub(crate) fn archive_place(config: &Config) -> String {
    config.archive.clone().unwrap_or_else(|| config.data_dir.join("archive").display().to_string())
}

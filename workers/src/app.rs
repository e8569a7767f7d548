//! The open parts of a process: configuration, database, sources, archive and index.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use ::queue::WorkerId;
use anyhow::Context as _;
use domain::SourceSlug;
use fetch::{Client, Partner};
use local_postgres::Cluster;
use sources::{Catalog, Spec};
use store::{Schema, SourceRow, Store, StoreError};
use vectors::VectorError;

use crate::{
    archive::Archive,
    clock::Clock,
    config::Config,
    indexes::Indexes,
    job_error::JobError,
    observe::error_chain,
    partner::{self, Access, MissingSecrets},
    pipeline::{group::Group, index::Kept},
    queue::{Permits, Stop},
    room::Room,
};

pub(crate) use crate::source_files::{catalog, usable};

/// Time between two looks for secrets that are missing.
const LOOK_FOR_SECRETS: Duration = Duration::from_secs(10);

/// The parts that jobs and commands use, opened once.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) store: Store,
    catalog: RwLock<Arc<Catalog>>,
    pub(crate) client: Client,
    pub(crate) archive: Archive,
    /// Commits parsed pages in groups.
    pub(crate) group: Group,
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
        let catalog = match role {
            Role::Worker => catalog(&config)?,
            Role::Command => usable(&config)?.0,
        };
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
            group: Group::start(store.clone()),
            store,
            catalog: RwLock::new(Arc::new(catalog)),
            client,
            archive,
            indexes: Indexes::default(),
            worker: OnceLock::new(),
            room: Room::new(),
            stop: Stop::new(),
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

    /// Loads the source files again if they changed. If one of them is invalid, none is loaded. Returns whether anything
    /// changed.
    pub(crate) async fn reload(&self) -> anyhow::Result<bool> {
        let fresh = catalog(&self.config)?;
        if fresh.versions() == self.catalog().versions() {
            return Ok(false);
        }
        self.store.register_sources(&rows(&self.config, &fresh)).await?;
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
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
    fn secret(&self, name: &str) -> Option<String> {
        self.credentials.get(name).cloned().or_else(|| partner::environment(name))
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

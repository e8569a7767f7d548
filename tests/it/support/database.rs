//! One private PostgreSQL for all tests, one database for each.

use std::{
    ops::Deref,
    sync::{Arc, LazyLock, Weak},
};

use local_postgres::{Cluster, Durability, create_database};
use store::Store;
use tempfile::TempDir;
use tokio::sync::{Mutex, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use uuid::Uuid;

/// The database that is migrated once. The database of each test is a copy of it.
const TEMPLATE: &str = "template_oim";

pub(crate) struct Shared {
    cluster: Cluster,
    _folder: TempDir,
}

/// A weak reference, so that the last test of the process stops the server: statics are never dropped.
static SHARED: Mutex<Weak<Shared>> = Mutex::const_new(Weak::new());

/// Tests run in parallel, but a test that measures time runs alone.
static TURN: LazyLock<Arc<RwLock<()>>> = LazyLock::new(Arc::default);

enum Turn {
    Shared(#[allow(dead_code, reason = "held, not read")] OwnedRwLockReadGuard<()>),
    Alone(#[allow(dead_code, reason = "held, not read")] OwnedRwLockWriteGuard<()>),
}

/// A database of its own, dropped with the cluster.
pub(crate) struct Database {
    /// The address of the database `postgres` on its server.
    server: String,
    name: String,
    shared: Option<Arc<Shared>>,
    turn: Option<Arc<Turn>>,
}

/// A store that keeps its server up as long as it lives.
#[derive(Clone)]
pub(crate) struct Held {
    store: Store,
    _shared: Option<Arc<Shared>>,
}

impl Deref for Held {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

async fn shared() -> Arc<Shared> {
    let mut slot = SHARED.lock().await;
    if let Some(shared) = slot.upgrade() {
        return shared;
    }
    // Not in the target folder, which the user postgres may be unable to enter.
    let folder = tempfile::Builder::new().prefix("oim-it-").tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), Durability::Throwaway).await.unwrap();
    make_template(&cluster).await;
    let shared = Arc::new(Shared { cluster, _folder: folder });
    *slot = Arc::downgrade(&shared);
    shared
}

async fn make_template(cluster: &Cluster) {
    create_database(&cluster.url("postgres"), TEMPLATE).await.unwrap();
    let store = Store::connect(&cluster.url(TEMPLATE), 1).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
}

/// A server that belongs to one test, which may crash it.
pub(crate) struct Private {
    folder: TempDir,
    cluster: Option<Cluster>,
}

impl Private {
    /// Starts a server that loses nothing that is committed.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("oim-crash-").tempdir().unwrap();
        let cluster = Cluster::start(folder.path(), Durability::Safe).await.unwrap();
        make_template(&cluster).await;
        Self { folder, cluster: Some(cluster) }
    }

    /// Returns a database on the server, which does not keep the server running.
    pub(crate) async fn database(&self) -> Database {
        let server = self.cluster.as_ref().unwrap().url("postgres");
        Database::of(server, TEMPLATE, None, None).await
    }

    /// Crashes the server: it writes nothing more to the disk.
    pub(crate) fn crash(&mut self, signal: rustix::process::Signal) {
        let text = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap();
        let pid =
            rustix::process::Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        // Dropping it waits for the end of the server.
        drop(self.cluster.take());
    }

    /// Starts it again at the same address.
    pub(crate) async fn recover(&mut self) {
        // The backends of a killed server end once they notice. Until then, no other server can start.
        let mut last = String::new();
        for _ in 0..100 {
            match Cluster::start(self.folder.path(), Durability::Safe).await {
                Ok(cluster) => {
                    self.cluster = Some(cluster);
                    return;
                }
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the server does not start again: {last}");
    }
}

impl Database {
    /// A fresh, migrated database.
    pub(crate) async fn new() -> Self {
        Self::in_turn(Turn::Shared(Arc::clone(&TURN).read_owned().await)).await
    }

    /// An empty database.
    pub(crate) async fn empty() -> Self {
        let shared = shared().await;
        let server = shared.cluster.url("postgres");
        let turn = Turn::Shared(Arc::clone(&TURN).read_owned().await);
        Self::of(server, "template0", Some(shared), Some(Arc::new(turn))).await
    }

    /// The same for a test that measures time. No other test with a database runs until it is dropped.
    pub(crate) async fn alone() -> Self {
        Self::in_turn(Turn::Alone(Arc::clone(&TURN).write_owned().await)).await
    }

    async fn in_turn(turn: Turn) -> Self {
        let shared = shared().await;
        let server = shared.cluster.url("postgres");
        Self::of(server, TEMPLATE, Some(shared), Some(Arc::new(turn))).await
    }

    /// Returns a copy with all rows. Nobody may be connected to the original.
    pub(crate) async fn copy(&self) -> Self {
        Self::of(self.server.clone(), &self.name, self.shared.clone(), self.turn.clone()).await
    }

    /// Turns compiled plans off. Compiling takes longer than the queries on a few thousand rows.
    pub(crate) async fn without_jit(self) -> Self {
        self.administer(format!("ALTER DATABASE {} SET jit = off", self.name)).await;
        self
    }

    async fn of(
        server: String,
        template: &str,
        shared: Option<Arc<Shared>>,
        turn: Option<Arc<Turn>>,
    ) -> Self {
        let database = Self { server, shared, name: format!("it_{}", Uuid::now_v7().simple()), turn };
        let statement = format!("CREATE DATABASE {} TEMPLATE {template}", database.name);
        database.administer(statement).await;
        database
    }

    /// Runs one statement at a time, because PostgreSQL copies a template only while nobody is connected to it.
    async fn administer(&self, statement: String) {
        static ONE: Mutex<()> = Mutex::const_new(());
        let _one = ONE.lock().await;
        let pool = sqlx::PgPool::connect(&self.server).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// Returns the address of the database.
    pub(crate) fn url(&self) -> String {
        self.server.replace("/postgres?", &format!("/{}?", self.name))
    }

    /// Returns a store on the database.
    pub(crate) async fn store(&self) -> Held {
        Held { store: Store::connect(&self.url(), 8).await.unwrap(), _shared: self.shared.clone() }
    }
}

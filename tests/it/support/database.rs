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

/// Migrated once; each test's database is a copy of it.
const TEMPLATE: &str = "template_oim";

pub(crate) struct Shared {
    cluster: Cluster,
    _folder: TempDir,
}

/// Weak, so that the last test of the process stops the server: statics are never dropped.
static SHARED: Mutex<Weak<Shared>> = Mutex::const_new(Weak::new());

/// Whose turn it is: tests run side by side, but one that measures time runs alone.
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
    // Not under the target folder: its path may be one that the user postgres cannot enter.
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

/// A server of a test's own, which it may crash.
pub(crate) struct Private {
    folder: TempDir,
    cluster: Option<Cluster>,
}

impl Private {
    /// Starts one that loses nothing that is committed.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("oim-crash-").tempdir().unwrap();
        let cluster = Cluster::start(folder.path(), Durability::Safe).await.unwrap();
        make_template(&cluster).await;
        Self { folder, cluster: Some(cluster) }
    }

    /// A database on it, which does not keep it up.
    pub(crate) async fn database(&self) -> Database {
        let server = self.cluster.as_ref().unwrap().url("postgres");
        Database::of(server, TEMPLATE, None, None).await
    }

    /// Ends the server as a crash of it does: without a last word to the disk.
    pub(crate) fn crash(&mut self, signal: rustix::process::Signal) {
        let text = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap();
        let pid =
            rustix::process::Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        // Waits for its end.
        drop(self.cluster.take());
    }

    /// Starts it again at the same address.
    pub(crate) async fn recover(&mut self) {
        // Backends of a killed server see that it is gone, and end; until then nobody else may start.
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

    /// The same for a test that measures time: no other test with a database runs until it is dropped.
    pub(crate) async fn alone() -> Self {
        Self::in_turn(Turn::Alone(Arc::clone(&TURN).write_owned().await)).await
    }

    async fn in_turn(turn: Turn) -> Self {
        let shared = shared().await;
        let server = shared.cluster.url("postgres");
        Self::of(server, TEMPLATE, Some(shared), Some(Arc::new(turn))).await
    }

    /// A copy with all that is in it. Nobody may be connected to it.
    pub(crate) async fn copy(&self) -> Self {
        Self::of(self.server.clone(), &self.name, self.shared.clone(), self.turn.clone()).await
    }

    /// Without compiled plans, whose compilation takes longer than the queries on a few thousand rows.
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

    /// One statement at a time: PostgreSQL copies a template only while nobody is connected to it.
    async fn administer(&self, statement: String) {
        static ONE: Mutex<()> = Mutex::const_new(());
        let _one = ONE.lock().await;
        let pool = sqlx::PgPool::connect(&self.server).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.server.replace("/postgres?", &format!("/{}?", self.name))
    }

    /// A store on it.
    pub(crate) async fn store(&self) -> Held {
        Held { store: Store::connect(&self.url(), 8).await.unwrap(), _shared: self.shared.clone() }
    }
}

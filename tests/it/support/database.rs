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
    shared: Arc<Shared>,
    name: String,
    turn: Arc<Turn>,
}

/// A store that keeps its server up as long as it lives.
#[derive(Clone)]
pub(crate) struct Held {
    store: Store,
    _shared: Arc<Shared>,
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
    create_database(&cluster.url("postgres"), TEMPLATE).await.unwrap();
    let store = Store::connect(&cluster.url(TEMPLATE), 1).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    let shared = Arc::new(Shared { cluster, _folder: folder });
    *slot = Arc::downgrade(&shared);
    shared
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
        Self::of(shared().await, TEMPLATE, Arc::new(turn)).await
    }

    /// A copy with all that is in it. Nobody may be connected to it.
    pub(crate) async fn copy(&self) -> Self {
        Self::of(Arc::clone(&self.shared), &self.name, Arc::clone(&self.turn)).await
    }

    /// Without compiled plans, whose compilation takes longer than the queries on a few thousand rows.
    pub(crate) async fn without_jit(self) -> Self {
        self.administer(format!("ALTER DATABASE {} SET jit = off", self.name)).await;
        self
    }

    async fn of(shared: Arc<Shared>, template: &str, turn: Arc<Turn>) -> Self {
        let database = Self { shared, name: format!("it_{}", Uuid::now_v7().simple()), turn };
        let statement = format!("CREATE DATABASE {} TEMPLATE {template}", database.name);
        database.administer(statement).await;
        database
    }

    /// One statement at a time: PostgreSQL copies a template only while nobody is connected to it.
    async fn administer(&self, statement: String) {
        static ONE: Mutex<()> = Mutex::const_new(());
        let _one = ONE.lock().await;
        let pool = sqlx::PgPool::connect(&self.shared.cluster.url("postgres")).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.shared.cluster.url(&self.name)
    }

    /// A store on it.
    pub(crate) async fn store(&self) -> Held {
        Held { store: Store::connect(&self.url(), 8).await.unwrap(), _shared: Arc::clone(&self.shared) }
    }
}

//! A private PostgreSQL: what the demo, the tests and a single machine run on where no server is given.
//!
//! Real PostgreSQL, started from the binaries of the machine (or fetched once), listening on a Unix socket
//! in a folder nobody else can enter. It works for root, as whom PostgreSQL refuses to run, by giving the
//! folder to the user `postgres` or `nobody`.

mod cluster;
mod fetch;
mod locate;
mod owner;

pub use cluster::{Cluster, Durability};

/// Why a private PostgreSQL could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    /// No binaries here, and none could be fetched.
    #[error(
        "no PostgreSQL on this machine and it could not be downloaded; install it (Debian: apt install postgresql) \
         or set PG_BINDIR to the folder of its programs"
    )]
    NoBinaries(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A folder could not be made or given to the right user.
    #[error("could not prepare the folder {folder} for PostgreSQL")]
    Folder {
        /// The folder.
        folder: String,
        /// The cause.
        source: std::io::Error,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {message}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The end of what it said.
        message: String,
    },
}

/// The demo's database.
pub const DEMO: &str = "oim_etl";

/// Whether the server at `url` has a database of that name.
pub async fn has_database(url: &str, name: &str) -> Result<bool, crate::StoreError> {
    use sqlx::Connection as _;
    let doing = || crate::StoreError::doing("look for a database");
    let mut connection = sqlx::PgConnection::connect(url).await.map_err(doing())?;
    let has = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .map_err(doing())?;
    connection.close().await.map_err(doing())?;
    Ok(has)
}

/// Makes a database on the server at `url` unless it is there.
pub async fn create_database(url: &str, name: &str) -> Result<(), crate::StoreError> {
    use sqlx::Connection as _;
    let doing = || crate::StoreError::doing("make a database");
    let exists = has_database(url, name).await?;
    let mut connection = sqlx::PgConnection::connect(url).await.map_err(doing())?;
    if !exists {
        // Identifiers cannot be bound; quotes are doubled as PostgreSQL's own quote_ident does.
        let statement = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.map_err(doing())?;
    }
    connection.close().await.map_err(doing())
}

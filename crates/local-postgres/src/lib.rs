//! A private PostgreSQL server, for the demo, the tests, and machines without a server.
//!
//! It is PostgreSQL itself, started from the machine's binaries or from a one-time download. It listens on a Unix socket
//! only. The folder and the socket have mode 0700, and the server accepts only the user that started it. PostgreSQL refuses to
//! run as root. For root, the server runs as `postgres` or `nobody`.
//!
//! One process owns a folder at a time. [`Cluster::start`] refuses a folder that another process owns, and [`Cluster::join`]
//! uses the server of that process and never stops it.

mod access;
mod cluster;
mod fetch;
mod folder;
mod locate;
mod lock;
mod owner;
mod pid_file;
mod users;

pub use cluster::{Cluster, Durability};

/// Why the private server could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    /// The machine has no binaries, and they could not be downloaded.
    #[error(
        "no PostgreSQL on this machine and it could not be downloaded; install it (Debian: apt install postgresql) \
         or set PG_BINDIR to the folder of its programs"
    )]
    NoBinaries(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A folder could not be created, or not given to the right user.
    #[error("Failed to prepare the folder {folder} for PostgreSQL")]
    Folder {
        /// The folder.
        folder: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Another process owns the folder and its server.
    #[error(
        "{folder} is in use by process {pid}: wait until it has ended, or give another folder (demo: --data DIR; others: --set data_dir=DIR)"
    )]
    InUse {
        /// The folder.
        folder: String,
        /// The process id that the owner wrote down. "unknown" if it did not.
        pid: String,
    },
    /// Another user created a folder in the place of ours.
    #[error(
        "{folder} belongs to another user and is not used: remove it, or set TMPDIR to a folder of your own"
    )]
    Foreign {
        /// The folder.
        folder: String,
    },
    /// A statement failed.
    #[error("Failed to {doing} on the private PostgreSQL")]
    Statement {
        /// The action that failed.
        doing: &'static str,
        /// The cause.
        source: sqlx::Error,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {message}")]
    Program {
        /// Its name.
        program: &'static str,
        /// The end of its output.
        message: String,
    },
}

fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> PrivateError {
    move |source| PrivateError::Statement { doing, source }
}

/// Returns whether the server at `url` has a database called `name`.
pub async fn has_database(url: &str, name: &str) -> Result<bool, PrivateError> {
    use sqlx::Connection as _;
    let failed = failed("look for a database");
    let mut connection = sqlx::PgConnection::connect(url).await.map_err(&failed)?;
    let has = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut connection)
        .await
        .map_err(&failed)?;
    connection.close().await.map_err(&failed)?;
    Ok(has)
}

/// Creates a database on the server at `url` unless it exists.
pub async fn create_database(url: &str, name: &str) -> Result<(), PrivateError> {
    use sqlx::Connection as _;
    if has_database(url, name).await? {
        return Ok(());
    }
    let failed = failed("create a database");
    let mut connection = sqlx::PgConnection::connect(url).await.map_err(&failed)?;
    // Identifiers cannot be bound. Quotes are doubled, as PostgreSQL's quote_ident does.
    let statement = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.map_err(&failed)?;
    connection.close().await.map_err(&failed)
}

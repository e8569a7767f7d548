//! Errors of the database, worded so that an operator knows what to do.

use std::fmt;

use queue::QueueError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;

use crate::UnknownWord;

/// A failure of the store. The message names what failed, `source()` the cause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database URL is not valid.
    #[error(
        "the database URL cannot be read; it should look like postgres://user:password@host:5432/database"
    )]
    BadUrl(#[source] sqlx::Error),
    /// The server does not answer, or refuses the connection.
    #[error("Failed to connect to PostgreSQL at {place}; check DATABASE_URL and that the server runs")]
    Unreachable {
        /// Host, port and database, without the password.
        place: String,
        /// The cause.
        source: sqlx::Error,
    },
    /// A migration failed; the database is unchanged.
    #[error("Failed to bring the database to this version")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("the database could not {what}")]
    Query {
        /// What the statement was for.
        what: &'static str,
        /// The cause.
        source: sqlx::Error,
    },
    /// The database lacks the tables of this version.
    #[error("the database does not have the tables of this version yet: run `oim-etl migrate`")]
    NotMigrated,
    /// A migration took away what this program needs.
    #[error(
        "the database is of a newer program: it has migration {newest}, and needs one that knows migration {needs}; this one knows {known}. Install the newer program"
    )]
    TooOld {
        /// The newest migration that the database has.
        newest: i64,
        /// The migration that a program must know.
        needs: i64,
        /// The newest migration that this program knows.
        known: i64,
    },
    /// This account may not create roles that rights are granted to.
    #[error(
        "the tables are at this version, but these roles are missing, and this account may not create them. Let an administrator run:\n\n{}\n\nThen run `oim-etl migrate` again, which gives them their rights",
        create_roles(.0)
    )]
    RolesMissing(Vec<String>),
    /// The disk of the database is full.
    #[error("the disk of the database is full: free space there; the work is kept and done again")]
    DiskFull(#[source] sqlx::Error),
    /// The job now belongs to another worker, because the lease of this one expired; nothing was written.
    #[error("job {0} was taken over by another worker; its work here was discarded")]
    Fenced(i64),
    /// A stored value that this version does not understand. Another version wrote it, or somebody by hand.
    #[error("the database has a value that this version does not understand: {column} holds {value}")]
    Stored {
        /// Schema, table and column.
        column: &'static str,
        /// The value, shortened.
        value: String,
    },
    /// The requested thing does not exist.
    #[error("there is no {0}")]
    Missing(String),
    /// A reader of the feed continues where the feed no longer reaches.
    #[error(
        "the changes after position {after} are no longer kept, so you may have missed some: note position {head}, read all opportunities again, and continue after {head}"
    )]
    Pruned {
        /// The position that the reader had.
        after: i64,
        /// The last position of the feed.
        head: i64,
    },
    /// A request that the rules of the database refuse, with their message.
    #[error("{message}{}", hint.as_ref().map(|hint| format!(". {hint}")).unwrap_or_default())]
    Refused {
        /// Why.
        message: String,
        /// What to do instead.
        hint: Option<String>,
    },
}

/// Returns the SQL that creates roles.
fn create_roles(roles: &[String]) -> String {
    roles.iter().map(|role| format!("  CREATE ROLE {role} NOLOGIN;")).collect::<Vec<_>>().join("\n")
}

/// The `SQLSTATE` `invalid_parameter_value` (PostgreSQL, appendix A). Our own SQL functions raise it for a wrong
/// request.
const REFUSED: &str = "22023";

impl StoreError {
    /// A request that the current state of the data does not allow.
    pub(crate) fn denied(message: String) -> Self {
        Self::Refused { message, hint: None }
    }

    fn of(what: &'static str, source: sqlx::Error) -> Self {
        let code = source.as_database_error().and_then(sqlx::error::DatabaseError::code);
        if code.as_deref() == Some(REFUSED) {
            return Self::refused(&source);
        }
        if let sqlx::Error::ColumnDecode { source, .. } = &source
            && let Some(unknown) = source.downcast_ref::<UnknownWord>()
        {
            return unknown.clone().into();
        }
        QueueError::of(what, source).into()
    }

    /// A stored value that is not what this version writes to `column`.
    pub(crate) fn stored(column: &'static str, value: &impl fmt::Display) -> Self {
        const LONGEST: usize = 200;
        Self::Stored { column, value: value.to_string().chars().take(LONGEST).collect() }
    }

    pub(crate) fn bad_url(source: sqlx::Error) -> Self {
        Self::BadUrl(source)
    }

    fn refused(source: &sqlx::Error) -> Self {
        let error = source.as_database_error();
        let hint = error
            .and_then(|error| error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>())
            .and_then(|error| error.hint().map(str::to_owned));
        Self::Refused { message: error.map(|error| error.message().to_owned()).unwrap_or_default(), hint }
    }

    /// Returns whether the job now belongs to another worker.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced(_))
    }

    /// Returns the name of the constraint that a row would break and the first value of that row, if that is what failed.
    pub(crate) fn broken_constraint(&self) -> Option<(&str, &str)> {
        let Self::Query { source, .. } = self else { return None };
        let error = source.as_database_error().filter(|error| error.is_check_violation())?;
        // "Failing row contains (0f0e…, fne, …)": the rest of it may hold what nobody should read in a log.
        let row = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>()?.detail().unwrap_or_default();
        let first = row.split_once('(').and_then(|(_, values)| values.split_once(','));
        Some((error.constraint()?, first.map_or("?", |(first, _)| first)))
    }

    /// The error of a statement for many requests that ended without an answer.
    pub fn broke_off() -> Self {
        let source = sqlx::Error::Protocol("a statement for many requests broke off".to_owned());
        Self::Query { what: "serve them", source }
    }

    /// Returns the error that the database is away, for another request of the same statement.
    #[must_use]
    pub fn shared(&self, what: &'static str) -> Self {
        Self::Query { what, source: sqlx::Error::Io(std::io::Error::other(self.to_string())) }
    }

    /// Returns whether the statement waited for what waited for it, and was the one that the database ended (`SQLSTATE` 40P01).
    pub(crate) fn is_deadlock(&self) -> bool {
        let Self::Query { source, .. } = self else { return false };
        source.as_database_error().is_some_and(|error| error.code().as_deref() == Some("40P01"))
    }

    /// Returns whether the database is away or out of space: the same will succeed once it is back.
    pub fn is_away(&self) -> bool {
        match self {
            Self::DiskFull(_) | Self::Unreachable { .. } => true,
            Self::Query { source, .. } => queue::is_away(source),
            _ => false,
        }
    }
}

impl From<QueueError> for StoreError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Query { what, source } => Self::Query { what, source },
            QueueError::NotMigrated => Self::NotMigrated,
            QueueError::DiskFull(source) => Self::DiskFull(source),
            QueueError::Fenced(job) => Self::Fenced(job),
        }
    }
}

impl From<UnknownWord> for StoreError {
    fn from(unknown: UnknownWord) -> Self {
        Self::stored(unknown.column, &format_args!("{:?}", unknown.word))
    }
}

/// Reads a stored JSON value. The error names `column`.
pub(crate) fn stored_json<T: DeserializeOwned>(column: &'static str, value: &Value) -> Result<T, StoreError> {
    T::deserialize(value).map_err(|_| StoreError::stored(column, value))
}

/// Names what a failed statement was for: `.doing("claim jobs")`.
pub(crate) trait Doing<T> {
    /// Wraps the error of a failed statement, and names what it was for.
    fn doing(self, what: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::of(what, source))
    }
}

/// Returns host, port and database of the options, without the password.
pub(crate) fn place_of(options: &PgConnectOptions) -> String {
    let host =
        options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    format!("{host}:{}/{}", options.get_port(), options.get_database().unwrap_or("(default)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_queue_keeps_its_message_and_whether_it_is_fenced() {
        let errors = [
            || QueueError::Query { what: "claim jobs", source: sqlx::Error::PoolClosed },
            || QueueError::NotMigrated,
            || QueueError::DiskFull(sqlx::Error::PoolClosed),
            || QueueError::Fenced(7),
        ];
        for error in errors {
            let here = StoreError::from(error());
            assert_eq!(here.to_string(), error().to_string());
            assert_eq!(here.is_fenced(), error().is_fenced());
        }
    }
}

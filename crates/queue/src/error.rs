//! Errors of the queue.

/// A failure of the queue. The message names what failed, `source()` the cause.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
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
    /// The disk of the database is full.
    #[error("the disk of the database is full: free space there; the work is kept and done again")]
    DiskFull(#[source] sqlx::Error),
    /// The job belongs to another worker, because the lease of this one expired. Nothing was written.
    #[error("job {0} was taken over by another worker; its work here was discarded")]
    Fenced(i64),
}

/// `SQLSTATE` of PostgreSQL, appendix A: `disk_full`.
const DISK_FULL: &str = "53100";
/// `undefined_table` and `invalid_schema_name`.
const NO_TABLE: [&str; 2] = ["42P01", "3F000"];

impl QueueError {
    /// Returns the error of a failed statement that was for `what`.
    pub fn of(what: &'static str, source: sqlx::Error) -> Self {
        let code = source.as_database_error().and_then(sqlx::error::DatabaseError::code);
        match code.as_deref() {
            Some(DISK_FULL) => Self::DiskFull(source),
            Some(code) if NO_TABLE.contains(&code) => Self::NotMigrated,
            _ => Self::Query { what, source },
        }
    }

    /// Returns whether the job now belongs to another worker.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced(_))
    }

    /// Returns whether the database is away or out of space: the same will succeed once it is back.
    pub fn is_away(&self) -> bool {
        match self {
            Self::DiskFull(_) => true,
            Self::Query { source, .. } => is_away(source),
            Self::NotMigrated | Self::Fenced(_) => false,
        }
    }
}

/// Classes of `SQLSTATE` that pass by themselves: connection exceptions, insufficient resources, operator intervention, system errors; and
/// `idle_in_transaction_session_timeout`, which ends the transaction of a process that was stopped.
const PASSING: [&str; 5] = ["08", "53", "57", "58", "25P03"];

/// Returns whether a statement failed because the database is away, restarts, or lacks disk, memory or connections.
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            // A statement that was cancelled (57014) took too long, and would again.
            error
                .code()
                .is_some_and(|code| PASSING.iter().any(|class| code.starts_with(class)) && code != "57014")
        }
        _ => false,
    }
}

/// Names what a failed statement was for: `.doing("claim jobs")`.
pub(crate) trait Doing<T> {
    /// Wraps the error of a failed statement, and names what it was for.
    fn doing(self, what: &'static str) -> Result<T, QueueError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: &'static str) -> Result<T, QueueError> {
        self.map_err(|source| QueueError::of(what, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_away_comes_back() {
        let away = |source| QueueError::Query { what: "x", source }.is_away();
        assert!(away(sqlx::Error::PoolTimedOut) && away(std::io::Error::other("broken pipe").into()));
        assert!(!away(sqlx::Error::RowNotFound) && !QueueError::Fenced(1).is_away());
    }
}

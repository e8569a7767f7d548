//! What can go wrong with vectors.

/// A failure of an embedder or an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The folder of an embedded index is open in another process.
    #[error("the vector index in {folder} is open in another process")]
    Locked {
        /// The folder.
        folder: String,
    },
    /// An index made by another model.
    #[error(
        "the vector index {place} was made by {found}, not by {wanted}; remove it (it is filled again by itself) or use that model"
    )]
    OtherModel {
        /// Folder or collection.
        place: String,
        /// What it was made by.
        found: String,
        /// What is configured.
        wanted: String,
    },
    /// A folder that cannot be used.
    #[error("could not use the folder {folder} of the vector index")]
    Folder {
        /// The folder.
        folder: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The index refused an operation.
    #[error("the vector index could not {what}")]
    Index {
        /// What was being done.
        what: &'static str,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The embedder did not answer, or not as it should.
    #[error("{embedder}: {reason}")]
    Embedder {
        /// Which one, and where.
        embedder: String,
        /// What is wrong, and what to do.
        reason: String,
        /// The cause, where there is one.
        #[source]
        source: Option<reqwest::Error>,
    },
}

impl VectorError {
    /// Wraps the failure of an operation of an index, for `map_err`.
    pub(crate) fn doing<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        what: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Index { what, source: source.into() }
    }
}

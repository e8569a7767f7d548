//! What can go wrong with vectors.

use std::time::Duration;

/// A cause from a library.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A failure of an embedder or an index.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// The folder of an embedded index is open already.
    #[error(
        "another process holds the vector index in {folder}; stop it, or let both use a Qdrant server (QDRANT_URL)"
    )]
    Locked {
        /// The folder.
        folder: String,
    },
    /// An index made by another model, or in another shape.
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
    /// Too little free space for a write.
    #[error(
        "the disk of the vector index in {folder} has {free} MiB free and a write may take {needed} MiB; free some, or set data_dir to \
         another disk (nothing is lost: the changes wait in the database)"
    )]
    NoRoom {
        /// The folder.
        folder: String,
        /// Free space in MiB.
        free: u64,
        /// Space that a write may take, in MiB.
        needed: u64,
    },
    /// A folder that cannot be used.
    #[error("Failed to use the folder {folder} of the vector index")]
    Folder {
        /// The folder.
        folder: String,
        /// The cause.
        source: std::io::Error,
    },
    /// An address that is none of a Qdrant server, or a key that cannot be sent.
    #[error("Failed to use {what} of the Qdrant server at {url}")]
    Setup {
        /// Which setting.
        what: &'static str,
        /// The server, without user and password.
        url: String,
    },
    /// A Qdrant server that does not answer.
    #[error(
        "the Qdrant server at {url} does not answer; is it running, and is this its gRPC address (port 6334, not 6333)?"
    )]
    Unreachable {
        /// The server, without user and password.
        url: String,
        /// The cause.
        source: Cause,
    },
    /// A Qdrant server whose certificate nobody vouches for.
    #[error("the Qdrant server at {url} {UNTRUSTED}")]
    Untrusted {
        /// The server, without user and password.
        url: String,
        /// The cause.
        source: Cause,
    },
    /// A Qdrant server that refuses the key, or wants one.
    #[error("the Qdrant server at {url} refuses the API key it was given, or wants one (qdrant_api_key)")]
    Refused {
        /// The server, without user and password.
        url: String,
    },
    /// The index could not do what was asked.
    #[error("the vector index could not {what}")]
    Index {
        /// What was being done.
        what: &'static str,
        /// The cause.
        source: Cause,
    },
    /// A Qdrant server that answered something else than that the update is done.
    #[error("the Qdrant server at {url} could not {what} for sure: it answered {said}; it is tried again")]
    NotApplied {
        /// The server, without user and password.
        url: String,
        /// What was being done.
        what: &'static str,
        /// The status it answered.
        said: &'static str,
    },
    /// Another number of vectors than of documents.
    #[error("{documents} documents came with {vectors} vectors")]
    Mismatch {
        /// Documents given.
        documents: usize,
        /// Vectors given.
        vectors: usize,
    },
    /// A vector of another length than the index has, or with a number that is none.
    #[error("not a vector of {wanted} numbers: {found} came, or one of them is infinite or none")]
    NotAVector {
        /// Numbers given.
        found: usize,
        /// Numbers an index vector has.
        wanted: usize,
    },
    /// The embedder did not answer, or not as it should.
    #[error("{embedder} {reason}")]
    Embedder {
        /// Which one, and where.
        embedder: String,
        /// What is wrong, and what to do.
        reason: String,
        /// The cause, where there is one.
        #[source]
        source: Option<reqwest::Error>,
        /// What the failure is of.
        fault: Fault,
    },
}

/// What a failure of an embedder is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The embedder, which may have said when to ask again.
    Away(Option<Duration>),
    /// One of the texts, or the embedder: another text tells.
    Text,
}

impl VectorError {
    /// When to ask again, where the server said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Embedder { fault: Fault::Away(pause), .. } => *pause,
            _ => None,
        }
    }

    /// Whether the texts may be the cause, and another text might fare better.
    pub fn may_be_of_a_text(&self) -> bool {
        matches!(self, Self::Embedder { fault: Fault::Text, .. })
    }

    /// Whether it passes by itself, or once an operator has mended a server: what needs no vectors can go on meanwhile.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Untrusted { .. }
                | Self::Refused { .. }
                | Self::Index { .. }
                | Self::NotApplied { .. }
                | Self::NoRoom { .. }
                | Self::Embedder { .. }
        )
    }

    /// Wraps the failure of an operation of an index, for `map_err`.
    pub(crate) fn doing<E: Into<Cause>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Index { what, source: source.into() }
    }
}

/// What a server does whose certificate this machine does not trust, for errors.
pub(crate) const UNTRUSTED: &str = "shows a certificate that this machine does not trust: add its authority to the certificates of the \
     system, or name a file with all authorities to trust in SSL_CERT_FILE";

/// Whether an error is about a certificate: rustls says so in the words that it has for each of its reasons.
pub(crate) fn is_of_a_certificate(words: &str) -> bool {
    words.contains("invalid peer certificate") || words.contains("InvalidCertificate")
}

/// An address as errors may show it: without user, password and query.
pub(crate) fn shown(url: &url::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}{}", url.scheme(), url.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let url = "https://user:secret@ollama.example:8443/gate/?token=secret".parse().unwrap();
        assert_eq!(shown(&url), "https://ollama.example:8443/gate");
        assert_eq!(shown(&"http://127.0.0.1:11434".parse().unwrap()), "http://127.0.0.1:11434");
    }
}

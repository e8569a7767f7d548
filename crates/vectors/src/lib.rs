//! Embedders, and the index of what they make: an embedded Qdrant shard, or a Qdrant server.
//!
//! Both indexes hold a dense vector and a BM25 vector of each opportunity and answer a search in the same way: the best of
//! either side are joined by one weighted sum (`fuse.rs`), so the answer does not depend on which index is used.

mod bm25;
mod document;
mod error;
mod fuse;
mod index;
mod lexical;
mod ollama;
mod server;
mod words;

#[cfg(feature = "embedded")]
mod edge;

use async_trait::async_trait;

pub use bm25::Sparse;
pub use document::{Document, Filter, Hit, Payload, Query};
#[cfg(feature = "embedded")]
pub use edge::EdgeIndex;
pub use error::VectorError;
pub use index::Index;
pub use lexical::Lexical;
pub use ollama::Ollama;
pub use server::ServerIndex;

/// Turns texts into vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Name of the model, as the ledger and the index keep it.
    fn model(&self) -> &str;

    /// Length of each vector.
    fn dimensions(&self) -> usize;

    /// A vector for each text, in order, of length one.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError>;
}

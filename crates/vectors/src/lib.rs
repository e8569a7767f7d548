//! Embedders, and the index of what they make: an embedded Qdrant shard, or a Qdrant server.
//!
//! Both indexes hold a dense vector and a BM25 vector of each opportunity and answer a search in the same way: the best of
//! either side, joined by one weighted sum, so the answer does not depend on which index is used.
//!
//! | module | what |
//! |---|---|
//! | `document` | what is indexed, asked and found |
//! | `ollama`, `lexical` | the two embedders; both over `Embedder` |
//! | `words`, `bm25` | stems, and the sparse side of a text |
//! | `edge`, `server` | the two indexes; both over [`Index`] |
//! | `fuse` | the joining of the two sides |

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

/// Name of the dense vector of a point.
const DENSE: &str = "dense";
/// Name of the sparse vector of a point.
const BM25: &str = "bm25";
/// Grows when the shape of points changes (names, payload, how words become numbers): an index of an older shape is refused, and
/// filled again once it is removed.
const SHAPE: u32 = 3;
/// Points sent or kept at once: 100 take about 600 kB.
const CHUNK: usize = 256;
/// Ids read at once when all are listed.
const SCROLL: u32 = 10_000;

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

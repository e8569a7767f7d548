//! Embedders, and the index of what they make: an embedded Qdrant shard, or a Qdrant server.
//!
//! Both indexes hold a BM25 vector of each opportunity's words and categories and, with a model, a dense vector. They answer a search
//! in the same way: the best of either side, joined by one weighted sum, so the answer does not depend on which index is used.
//!
//! | module | what |
//! |---|---|
//! | `document` | what is indexed, asked and found |
//! | `ollama`, `openai`, `by_words` | the embedders; all over `Embedder` |
//! | `model` | what makes vectors comparable: name, digest, length and prefixes |
//! | `http` | what embedders that speak HTTP share |
//! | `words`, `bm25` | stems, and the sparse side of a text |
//! | `point`, `seal` | a point as it is written and given back, and what tells whether it still is that |
//! | `drift` | how a point can differ from what the database asks for |
//! | `edge`, `server` | the two indexes; both over [`Index`] |
//! | `look`, `fuse` | a search as lookups, and the joining of the two sides |

mod bm25;
mod by_words;
mod document;
mod drift;
mod error;
mod fuse;
mod http;
mod index;
mod look;
mod model;
mod ollama;
mod openai;
mod point;
mod seal;
mod server;
mod words;

#[cfg(feature = "embedded")]
mod edge;

use async_trait::async_trait;

pub use bm25::Sparse;
pub use by_words::ByWords;
pub use document::{Days, Document, Filter, Hit, Part, PartOf, Payload, Query};
pub use drift::{Drift, Written};
#[cfg(feature = "embedded")]
pub use edge::EdgeIndex;
pub use error::{Fault, VectorError};
pub use index::Index;
pub use model::Model;
pub use ollama::Ollama;
pub use openai::OpenAi;
pub use point::{Depth, Held, Key, Page, Point};
pub use seal::Seal;
pub use server::{Options, Quantization, ServerIndex};

/// Name of the dense vector of a point.
const DENSE: &str = "dense";
/// Name of the sparse vector of a point.
const BM25: &str = "bm25";
/// Grows when the shape of points changes (names, payload, how words become numbers): an index of an older shape is refused, and
/// filled again once it is removed.
pub const SHAPE: u32 = 6;
/// Grows when the text that is embedded is put together otherwise. It is a part of the name of an index: another one fills another
/// index, and the old one serves until that is done.
pub const TEMPLATE: u32 = 1;
/// Points sent or kept at once: 100 take about 600 kB.
const CHUNK: usize = 256;

/// Turns texts into vectors.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Name of the model, as it is configured.
    fn model(&self) -> &str;

    /// What the server calls the files of the model now, if it tells: under the same name they may become others.
    async fn digest(&self) -> Result<Option<String>, VectorError> {
        Ok(None)
    }

    /// Whether the server answers at all, asked for what costs it nothing.
    async fn answers(&self) -> Result<(), VectorError> {
        Ok(())
    }

    /// A vector for each text, in order, of length one and with the same number of numbers, or empty ones. The texts are embedded as
    /// they are: [`Model::passage`] and [`Model::question`] put before them what the model wants.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError>;
}

/// The name of the index that holds vectors of the model with this [`Model::label`]: a collection on a server, a folder of embedded
/// ones. Everything that makes two vectors comparable is in it.
pub fn index_name(collection: &str, model: &str, dimensions: usize) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' };
    let model: String = model.chars().map(plain).collect();
    format!("{collection}-{model}-{dimensions}-s{SHAPE}t{TEMPLATE}")
}

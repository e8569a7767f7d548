//! The embedded index: a shard of Qdrant in this process.

mod marker;
mod shard;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use opportunity::OpportunityId;

use crate::{Document, Hit, Index, Query, Sparse, VectorError, fuse};
use marker::Marker;
use shard::Shard;

/// A Qdrant shard in a folder, open in one process at a time.
pub struct EdgeIndex {
    shard: Arc<Shard>,
    folder: String,
    dimensions: usize,
}

impl std::fmt::Debug for EdgeIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EdgeIndex").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl EdgeIndex {
    /// Opens the index in `folder`, making it where there is none. An index of another model is refused.
    pub async fn open(folder: &Path, model: &str, dimensions: usize) -> Result<Self, VectorError> {
        let (path, wanted) = (folder.to_owned(), Marker::new(model, dimensions));
        let shard = blocking(move || {
            wanted.check(&path)?;
            Shard::open(&path, dimensions)
        })
        .await?;
        Ok(Self { shard: Arc::new(shard), folder: folder.display().to_string(), dimensions })
    }
}

/// Runs what blocks off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VectorError> + Send + 'static,
) -> Result<T, VectorError> {
    tokio::task::spawn_blocking(work).await.map_err(VectorError::doing("finish its work"))?
}

#[async_trait]
impl Index for EdgeIndex {
    async fn upsert(&self, documents: &[Document], dense: Vec<Vec<f32>>) -> Result<(), VectorError> {
        let (shard, documents) = (Arc::clone(&self.shard), documents.to_vec());
        blocking(move || shard.upsert(&documents, dense)).await
    }

    async fn withdraw(&self, ids: &[OpportunityId]) -> Result<(), VectorError> {
        let (shard, ids) = (Arc::clone(&self.shard), ids.to_vec());
        blocking(move || shard.withdraw(&ids)).await
    }

    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError> {
        let shard = Arc::clone(&self.shard);
        blocking(move || {
            let dense = shard.nearest_dense(query.dense, &query.filter, fuse::CANDIDATES.max(query.limit))?;
            let words = Sparse::of_query(&query.text);
            let sparse = shard.nearest_sparse(words, &query.filter, fuse::CANDIDATES.max(query.limit))?;
            Ok(fuse::fuse(dense, sparse, query.limit))
        })
        .await
    }

    async fn ids(&self) -> Result<Vec<OpportunityId>, VectorError> {
        let shard = Arc::clone(&self.shard);
        blocking(move || shard.ids()).await
    }

    async fn ready(&self) -> Result<(), VectorError> {
        Ok(())
    }

    fn describe(&self) -> String {
        format!("embedded index, dense {} + bm25", self.dimensions)
    }
}

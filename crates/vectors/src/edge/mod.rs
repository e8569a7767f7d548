//! The embedded index: a shard of Qdrant in this process.
//!
//! ```text
//! FOLDER/lock                  held by the process that has the index open
//! FOLDER/identity              what tells this folder from every other one
//! FOLDER/shard/meta.json       what the index was made by
//! FOLDER/shard/...             Qdrant's own files
//! FOLDER/making/               a shard half made, if a process died on it
//! ```
//!
//! Vectors are found by a graph (HNSW) that [`Index::settle`] builds; those written since are looked at one by one.

mod convert;
mod folder;
mod marker;
mod shard;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use domain::OpportunityId;

use crate::{
    Depth, Held, Hit, Index, Key, Page, Point, Query, VectorError,
    fuse::{Candidate, share_of},
    index::{checked, measured},
    look::{self, Look, Looks},
};
use folder::Folder;
use marker::Marker;
use shard::Shard;

/// A Qdrant shard in a folder, open in one process at a time.
pub struct EdgeIndex {
    shard: Arc<Shard>,
    folder: String,
    dimensions: usize,
    identity: String,
    /// The share of the model in scores.
    share: f32,
}

impl std::fmt::Debug for EdgeIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EdgeIndex").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl EdgeIndex {
    /// Opens the index in `folder`, making folder and index where there are none. An index of another model is refused, and so is
    /// one that is open already.
    pub async fn open(folder: &Path, model: &str, dimensions: usize) -> Result<Self, VectorError> {
        let (path, marker) = (folder.to_owned(), Marker::new(model, dimensions));
        let (shard, identity) = blocking(move || {
            let folder = Folder::take(&path)?;
            let identity = folder.identity()?;
            Ok((Shard::open(folder, &marker)?, identity))
        })
        .await?;
        let folder = folder.display().to_string();
        Ok(Self { shard: Arc::new(shard), folder, dimensions, identity, share: share_of(model) })
    }

    /// What [`Index::identity`] says of the index in `folder`, whoever has it open; `None` where there is none.
    pub fn identity_in(folder: &Path) -> Option<String> {
        folder::known_identity(folder).map(|identity| named(&identity))
    }

    /// Removes the index in `folder`, with the folder. Fails while a process has it open. It is not an error if there is none.
    pub async fn remove(folder: &Path) -> Result<(), VectorError> {
        let path = folder.to_owned();
        blocking(move || if path.exists() { Folder::take(&path)?.remove() } else { Ok(()) }).await
    }

    /// Runs what blocks off the runtime's threads.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shard) -> Result<T, VectorError> + Send + 'static,
    ) -> Result<T, VectorError> {
        let shard = Arc::clone(&self.shard);
        blocking(move || work(&shard)).await
    }
}

/// The identity of a folder, told from names of collections.
fn named(identity: &str) -> String {
    format!("embedded:{identity}")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VectorError> + Send + 'static,
) -> Result<T, VectorError> {
    // A panic of the engine, which knows no other way to tell of a full disk, ends here as an error.
    tokio::task::spawn_blocking(work).await.map_err(VectorError::doing("finish its work"))?
}

#[async_trait]
impl Looks for EdgeIndex {
    async fn look(&self, looks: Vec<Look>) -> Result<Vec<Vec<Candidate>>, VectorError> {
        self.with(move |shard| looks.into_iter().map(|look| shard.look(look)).collect()).await
    }
}

#[async_trait]
impl Index for EdgeIndex {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), VectorError> {
        checked(&points, self.dimensions)?;
        self.with(move |shard| shard.upsert(points)).await
    }

    async fn withdraw(&self, points: &[Key], version: i64) -> Result<(), VectorError> {
        let keys = points.to_vec();
        self.with(move |shard| shard.withdraw(&keys, version)).await
    }

    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError> {
        query.dense.iter().try_for_each(|dense| measured(dense, self.dimensions))?;
        look::search(self, self.share, query).await
    }

    async fn count(&self) -> Result<u64, VectorError> {
        self.with(Shard::count).await
    }

    async fn page(&self, from: Option<Key>, limit: usize, depth: Depth) -> Result<Page, VectorError> {
        self.with(move |shard| shard.page(from, limit, depth)).await
    }

    async fn held(&self, ids: &[OpportunityId], depth: Depth) -> Result<Vec<Held>, VectorError> {
        let ids = ids.to_vec();
        self.with(move |shard| shard.held(&ids, depth)).await
    }

    async fn ready(&self) -> Result<(), VectorError> {
        self.with(Shard::is_open).await
    }

    async fn settle(&self) -> Result<(), VectorError> {
        self.with(Shard::settle).await
    }

    fn describe(&self) -> String {
        if self.dimensions == 0 {
            return "embedded index, by words and categories".to_owned();
        }
        format!("embedded index, dense {} + words and categories", self.dimensions)
    }

    fn identity(&self) -> String {
        named(&self.identity)
    }
}

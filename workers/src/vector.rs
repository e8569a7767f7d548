//! The embedder and the index of this process.

use std::collections::HashSet;

use anyhow::Context as _;
use secrecy::ExposeSecret;
use store::Store;
use vectors::{Embedder, Filter, Hit, Index, Lexical, Ollama, Query};

use crate::config::Config;

/// The open embedder and index.
pub(crate) struct Vectors {
    pub(crate) embedder: Box<dyn Embedder>,
    pub(crate) index: Box<dyn Index>,
}

impl Vectors {
    /// Opens what the configuration names. `None`: another process holds the embedded index.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Option<Self>> {
        let embedder = embedder(config)?;
        let Some(index) = index(config, embedder.as_ref()).await? else { return Ok(None) };
        Ok(Some(Self { embedder, index }))
    }

    /// Returns the name of the model, as the ledger has it.
    pub(crate) fn model(&self) -> &str {
        self.embedder.model()
    }

    /// Makes ledger and index agree: a deleted folder is refilled, another model embeds everything again, and points of
    /// opportunities of another database are removed.
    pub(crate) async fn reconcile(&self, store: &Store) -> anyhow::Result<()> {
        let mut held = self.index.ids().await.context("Failed to list the points of the index")?;
        let unknown = store.unknown_points(&held).await?;
        if !unknown.is_empty() {
            tracing::warn!(
                points = unknown.len(),
                "the index holds points of another database; removing them"
            );
            self.index.withdraw(&unknown).await.context("Failed to remove points from the index")?;
            let unknown: HashSet<_> = unknown.into_iter().collect();
            held.retain(|id| !unknown.contains(id));
        }
        let asked = store.reconcile(self.model(), &held).await?;
        if asked > 0 {
            tracing::info!(
                points = asked,
                held = held.len(),
                "the index is behind the opportunities; catching up"
            );
        }
        Ok(())
    }

    /// Returns the open opportunities that are nearest to a text. If the index still holds closed ones, it returns fewer than
    /// `limit`.
    pub(crate) async fn search(
        &self,
        store: &Store,
        text: &str,
        filter: Filter,
        limit: usize,
    ) -> anyhow::Result<Vec<Hit>> {
        let dense = self.embedder.embed(&[text.to_owned()]).await.context("Failed to embed the query")?;
        let dense = dense.into_iter().next().context("the embedder gave no vector")?;
        let mut hits = self.index.search(Query { text: text.to_owned(), dense, filter, limit }).await?;
        let ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
        let open = store.open_among(&ids).await?;
        hits.retain(|hit| open.contains(&hit.id));
        Ok(hits)
    }
}

fn embedder(config: &Config) -> anyhow::Result<Box<dyn Embedder>> {
    Ok(match &config.ollama_url {
        Some(url) => Box::new(Ollama::new(url.0.clone(), &config.ollama_model)?),
        None => Box::new(Lexical::new()),
    })
}

async fn index(config: &Config, embedder: &dyn Embedder) -> anyhow::Result<Option<Box<dyn Index>>> {
    let (model, dimensions) = (embedder.model(), embedder.dimensions());
    if let Some(url) = &config.qdrant_url {
        let key = config.qdrant_api_key.as_ref().map(ExposeSecret::expose_secret);
        let server =
            vectors::ServerIndex::connect(&url.0, key, &config.qdrant_collection, model, dimensions).await?;
        return Ok(Some(Box::new(server)));
    }
    embedded(config, model, dimensions).await
}

#[cfg(feature = "embedded-vectors")]
async fn embedded(config: &Config, model: &str, dimensions: usize) -> anyhow::Result<Option<Box<dyn Index>>> {
    let folder = config.data_dir.join("vectors");
    match vectors::EdgeIndex::open(&folder, model, dimensions).await {
        Ok(index) => Ok(Some(Box::new(index))),
        Err(vectors::VectorError::Locked { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(feature = "embedded-vectors"))]
#[allow(clippy::unused_async, reason = "the signature of the other build")]
async fn embedded(_: &Config, _: &str, _: usize) -> anyhow::Result<Option<Box<dyn Index>>> {
    anyhow::bail!("this build has no embedded index: set QDRANT_URL")
}

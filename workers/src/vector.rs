//! The embedder and the index of this process.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use secrecy::ExposeSecret;
use store::Target;
use vectors::{ByWords, Depth, Embedder, Hit, Index, Key, Ollama, OpenAi, Query};

use crate::config::Config;

/// Longest wait for the vector of a query. A person waits for it; words alone find most of what they look for.
const QUERY_PATIENCE: Duration = Duration::from_secs(3);
/// Longest wait for the index.
const INDEX_PATIENCE: Duration = Duration::from_secs(10);
/// Points listed at once.
const PAGE: usize = 1_000;

/// The open embedder and index.
pub(crate) struct Vectors {
    pub(crate) embedder: Box<dyn Embedder>,
    pub(crate) index: Box<dyn Index>,
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) hits: Vec<Hit>,
    /// Why the hits are without a model that is configured, where they are.
    pub(crate) degraded: Option<String>,
}

impl Vectors {
    /// Opens what the configuration names. `None`: another process holds the embedded index.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Option<Self>> {
        let embedder = embedder(config)?;
        let Some(index) = index(config, embedder.as_ref()).await? else { return Ok(None) };
        Ok(Some(Self { embedder, index }))
    }

    /// Returns the name of the model.
    pub(crate) fn model(&self) -> &str {
        self.embedder.model()
    }

    /// Returns the index, as the database registers it.
    pub(crate) fn target(&self) -> Target {
        Target {
            name: self.index.identity(),
            place: format!("{}, {}", self.index.describe(), self.model()),
            model: self.model().to_owned(),
            dimensions: self.embedder.dimensions(),
        }
    }

    /// Returns the names of all points, in order.
    pub(crate) async fn keys(&self) -> anyhow::Result<Vec<Key>> {
        let (mut keys, mut from) = (Vec::new(), None);
        loop {
            let page = self.index.page(from, PAGE, Depth::Payloads).await?;
            keys.extend(page.points.into_iter().map(|point| point.key));
            from = page.next;
            if from.is_none() {
                keys.sort();
                return Ok(keys);
            }
        }
    }

    /// Returns the vector of a question, within a bounded time whatever the embedder does, or why there is none. A machine without a
    /// model has neither.
    pub(crate) async fn vector_of(&self, text: &str) -> (Option<Vec<f32>>, Option<String>) {
        let texts = [text.to_owned()];
        let (dense, degraded) = match tokio::time::timeout(QUERY_PATIENCE, self.embedder.embed(&texts)).await
        {
            Ok(Ok(vectors)) => (vectors.into_iter().next(), None),
            Ok(Err(error)) => (None, Some(crate::observe::error_chain(&error.into()))),
            Err(_) => (None, Some(format!("the embedder took longer than {} s", QUERY_PATIENCE.as_secs()))),
        };
        if let Some(why) = &degraded {
            metrics::counter!("oim_searches_degraded_total").increment(1);
            tracing::warn!(why, "a search goes by words and categories alone");
        }
        (dense.filter(|dense| !dense.is_empty()), degraded)
    }

    /// Returns what the index finds, within a bounded time.
    pub(crate) async fn find(&self, query: Query) -> anyhow::Result<Vec<Hit>> {
        let found = tokio::time::timeout(INDEX_PATIENCE, self.index.search(query)).await;
        Ok(found.with_context(|| format!("the index did not answer in {} s", INDEX_PATIENCE.as_secs()))??)
    }
}

/// Returns the index that the configuration names on a server, as the database registers it, whether the server answers or not. An
/// embedded index has no name before it is open.
pub(crate) fn planned(config: &Config) -> anyhow::Result<Option<Target>> {
    let Some(url) = &config.qdrant_url else { return Ok(None) };
    let embedder = embedder(config)?;
    let (model, dimensions) = (embedder.model(), embedder.dimensions());
    let name = vectors::index_name(&config.qdrant_collection, model, dimensions);
    let place = format!("Qdrant at {url:?}, collection {name}, {model}");
    Ok(Some(Target { name, place, model: model.to_owned(), dimensions }))
}

fn embedder(config: &Config) -> anyhow::Result<Box<dyn Embedder>> {
    Ok(match (&config.embedder_url, &config.ollama_url) {
        (Some(_), Some(_)) => {
            anyhow::bail!("two embedders are configured: set one of `embedder_url` and `ollama_url`")
        }
        (Some(url), None) => {
            let key = config.embedder_api_key.as_ref().map(ExposeSecret::expose_secret);
            let model = config.embedder_model.as_deref();
            let model = model.context("`embedder_url` is set and `embedder_model` is not: name the model")?;
            Box::new(OpenAi::new(url.0.clone(), key, model, config.embedder_dimensions)?)
        }
        (None, Some(url)) => Box::new(Ollama::new(url.0.clone(), &config.ollama_model)?),
        (None, None) => Box::new(ByWords),
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

/// Returns what the database calls the embedded index of the configuration, whoever has it open.
pub(crate) fn embedded_name(config: &Config) -> anyhow::Result<Option<String>> {
    let embedder = embedder(config)?;
    Ok(name_in(&folder(config, embedder.model(), embedder.dimensions())))
}

#[cfg(feature = "embedded-vectors")]
fn name_in(folder: &Path) -> Option<String> {
    vectors::EdgeIndex::identity_in(folder)
}

#[cfg(not(feature = "embedded-vectors"))]
fn name_in(_: &Path) -> Option<String> {
    None
}

/// One folder for each model: another one fills its own, and a name with a typo is in nobody's way.
fn folder(config: &Config, model: &str, dimensions: usize) -> PathBuf {
    let name = vectors::index_name(&config.qdrant_collection, model, dimensions);
    config.data_dir.join("vectors").join(name)
}

#[cfg(feature = "embedded-vectors")]
async fn embedded(config: &Config, model: &str, dimensions: usize) -> anyhow::Result<Option<Box<dyn Index>>> {
    match vectors::EdgeIndex::open(&folder(config, model, dimensions), model, dimensions).await {
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

//! An embedder with its index.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Context as _;
use secrecy::ExposeSecret;
use store::{Store, Target, TargetState};
use vectors::{
    ByWords, Depth, Embedder, Fault, Hit, Index, Key, Model, Ollama, OpenAi, Options, Quantization, Query,
    VectorError,
};

use crate::config::{Config, Quantized};

/// Longest wait for the vector of a query. A person waits for it, two seconds in all; words alone find most of what they look for.
const QUERY_PATIENCE: Duration = Duration::from_millis(1_500);
/// Longest wait for what the embedder says of itself, where the database remembers it.
const DIGEST_PATIENCE: Duration = Duration::from_secs(1);
/// Longest wait for an embedder that may first have to load its model, where somebody waits for it.
pub(crate) const FIRST_PATIENCE: Duration = Duration::from_secs(20);
/// The same where nobody does: a slow disk reads a gigabyte in this time.
pub(crate) const LOADING_PATIENCE: Duration = Duration::from_mins(2);
/// Longest wait for the index.
const INDEX_PATIENCE: Duration = Duration::from_secs(5);
/// Points listed at once.
const PAGE: usize = 1_000;
/// A text whose vector tells the length of all.
const MEASURE: &str = "emploi";

/// The open embedder and index.
pub(crate) struct Vectors {
    pub(crate) embedder: Box<dyn Embedder>,
    pub(crate) index: Box<dyn Index>,
    /// The model whose vectors the index holds.
    pub(crate) model: Model,
    /// Whether the embedder has another model under this name now: its vectors cannot be compared with those of the index.
    is_other: AtomicBool,
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) hits: Vec<Hit>,
    /// Why the hits are without a model that is configured, where they are.
    pub(crate) degraded: Option<String>,
}

impl Vectors {
    /// Joins an embedder and an index of this model.
    pub(crate) fn new(embedder: Box<dyn Embedder>, index: Box<dyn Index>, model: Model) -> Self {
        Self { embedder, index, model, is_other: AtomicBool::new(false) }
    }

    /// Opens the index of a model that the configured embedder has. `None`: another process holds the embedded index.
    pub(crate) async fn open(config: &Config, model: Model) -> anyhow::Result<Option<Self>> {
        let embedder = embedder(config, Some(&model.name))?;
        let Some(index) = index(config, &model).await? else { return Ok(None) };
        Ok(Some(Self::new(embedder, index, model)))
    }

    /// Opens the index that searches go to. `None`: another process holds it.
    pub(crate) async fn open_served(config: &Config, store: &Store) -> anyhow::Result<Option<Self>> {
        let collection = collection(config);
        let served = store.served(&collection).await?.map(|served| served.target);
        let targets = store.targets().await?;
        let served = targets.into_iter().find(|target| Some(target.target) == served);
        let model = served.and_then(|target| model_of(&target));
        match model {
            Some(model) => Self::open(config, model).await,
            None => Self::open(config, model_now(config, store, FIRST_PATIENCE).await?).await,
        }
    }

    /// Returns what makes the vectors of the index comparable, as people read it.
    pub(crate) fn label(&self) -> String {
        self.model.label()
    }

    /// Returns the index, as the database registers it.
    pub(crate) fn target(&self, config: &Config) -> Target {
        target(
            config,
            &self.model,
            self.index.identity(),
            format!("{}, {}", self.index.describe(), self.label()),
        )
    }

    /// Asks the embedder whether it still has the model of the index under its name. An embedder that does not answer has.
    pub(crate) async fn is_same(&self) -> bool {
        let digest = tokio::time::timeout(DIGEST_PATIENCE, self.embedder.digest()).await;
        if let Ok(Ok(digest)) = digest {
            let is_other = Model { digest, ..self.model.clone() }.label() != self.label();
            if self.is_other.swap(is_other, Ordering::Relaxed) != is_other && is_other {
                tracing::warn!(
                    model = self.model.name,
                    index = self.label(),
                    "the embedder has another model under this name; its vectors go to an index of their own"
                );
            }
        }
        !self.is_other.load(Ordering::Relaxed)
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
        if self.model.dimensions == 0 {
            return (None, None);
        }
        let texts = [self.model.question(text)];
        let asked = async { tokio::join!(self.embedder.embed(&texts), self.is_same()) };
        let (dense, degraded) = match tokio::time::timeout(QUERY_PATIENCE, asked).await {
            Ok((_, false)) => (None, Some("the embedder has another model than the index".to_owned())),
            Ok((Ok(vectors), true)) => (vectors.into_iter().next(), None),
            Ok((Err(error), true)) => (None, Some(crate::observe::error_chain(&error.into()))),
            Err(_) => {
                (None, Some(format!("the embedder took longer than {} s", QUERY_PATIENCE.as_secs_f32())))
            }
        };
        let fits = |dense: &Vec<f32>| dense.len() == self.model.dimensions;
        let degraded = match &dense {
            Some(vector) if !fits(vector) => Some("the embedder has another model than the index".to_owned()),
            _ => degraded,
        };
        if let Some(why) = &degraded {
            metrics::counter!("oim_searches_degraded_total").increment(1);
            tracing::warn!(why, "a search goes by words and categories alone");
        }
        (dense.filter(fits), degraded)
    }

    /// Returns what the index finds, within a bounded time.
    pub(crate) async fn find(&self, query: Query) -> anyhow::Result<Vec<Hit>> {
        let found = tokio::time::timeout(INDEX_PATIENCE, self.index.search(query)).await;
        let silent = |_| VectorError::Index {
            what: "answer a search",
            source: format!("nothing came in {} s", INDEX_PATIENCE.as_secs()).into(),
        };
        Ok(found.map_err(silent)??)
    }

    /// Asks index and embedder for what costs them nothing, so that one that hangs is noticed within seconds.
    pub(crate) async fn answer(&self) -> Result<(), VectorError> {
        self.index.ready().await?;
        self.embedder.answers().await
    }
}

/// Returns what searches of this configuration go to: one index of it is served at a time.
pub(crate) fn collection(config: &Config) -> String {
    let name = &config.qdrant_collection;
    if config.qdrant_url.is_some() { name.clone() } else { format!("folder:{name}") }
}

/// An index of this configuration, as the database registers it.
fn target(config: &Config, model: &Model, name: String, place: String) -> Target {
    Target {
        name,
        place,
        model: model.label(),
        dimensions: model.dimensions,
        collection: collection(config),
        model_name: model.name.clone(),
        digest: model.digest.clone(),
        before: Some(unknown_name(config, &model.name)),
    }
}

/// Returns the index of a model on a server, as the database registers it, whether the server answers or not. An embedded index has no
/// name before it is open.
pub(crate) fn planned(config: &Config, model: &Model) -> Option<Target> {
    let url = config.qdrant_url.as_ref()?;
    let name = index_name(config, model);
    let place = format!("Qdrant at {url:?}, collection {name}, {}", model.label());
    Some(target(config, model, name, place))
}

/// Returns the index of the configured model while nobody knows what that is, because its embedder has never answered.
pub(crate) fn unknown(config: &Config) -> anyhow::Result<Target> {
    let embedder = embedder(config, None)?;
    let model = Model::named(embedder.model(), 0);
    let name = unknown_name(config, &model.name);
    let place = match &config.qdrant_url {
        Some(url) => format!("Qdrant at {url:?}, collection {}", config.qdrant_collection),
        None => "embedded index".to_owned(),
    };
    let place = format!("{place}, {} (its embedder has not answered yet)", model.name);
    Ok(Target { model: model.name.clone(), ..target(config, &model, name, place) })
}

/// What the names of indexes begin with whose embedder never answered; the name of the model follows.
pub(crate) fn unknown_names(config: &Config) -> String {
    format!("unknown:{}:", collection(config))
}

fn unknown_name(config: &Config, model: &str) -> String {
    format!("{}{model}", unknown_names(config))
}

/// Fails if an embedder is configured that does not embed a text within some seconds. Without one, there is nothing to ask.
pub(crate) async fn answers(config: &Config) -> anyhow::Result<()> {
    let embedder = embedder(config, None)?;
    let asked = tokio::time::timeout(FIRST_PATIENCE, embedder.embed(&[MEASURE.to_owned()])).await;
    let what = || format!("{} did not answer in {} s", embedder.model(), FIRST_PATIENCE.as_secs());
    asked.with_context(what)?.map(drop).map_err(Into::into)
}

/// Returns the configured model as its embedder has it now. Where that does not answer, it is what the database remembers.
pub(crate) async fn model_now(config: &Config, store: &Store, patience: Duration) -> anyhow::Result<Model> {
    model_by_name(config, store, None, patience).await
}

/// The error of an embedder that accepts a question and does not answer it.
pub(crate) fn silent(embedder: &dyn Embedder, waited: Duration) -> VectorError {
    VectorError::Embedder {
        embedder: format!("the embedder of {}", embedder.model()),
        reason: format!("accepts a question and does not answer it in {} s", waited.as_secs()),
        source: None,
        fault: Fault::Away(None),
    }
}

/// Returns the model of this name as the configured embedder has it now. A model that is new is asked for a vector, and may take `patience`
/// for it.
pub(crate) async fn model_by_name(
    config: &Config,
    store: &Store,
    name: Option<&str>,
    patience: Duration,
) -> anyhow::Result<Model> {
    let embedder = embedder(config, name)?;
    if embedder.model() == ByWords::MODEL {
        return Ok(Model::named(ByWords::MODEL, ByWords::DIMENSIONS));
    }
    let name = embedder.model().to_owned();
    let collection = collection(config);
    // Those that a worker keeps come first.
    let mut known: Vec<Model> = Vec::new();
    for target in store.targets().await? {
        let is_here = target.collection.as_deref() == Some(&collection);
        known.extend(model_of(&target).filter(|model| is_here && model.name == name));
    }
    let digest = match tokio::time::timeout(DIGEST_PATIENCE, embedder.digest()).await {
        Ok(Ok(digest)) => digest,
        Ok(Err(error)) => return known.into_iter().next().ok_or_else(|| error.into()),
        Err(_) => {
            let silent = || silent(embedder.as_ref(), DIGEST_PATIENCE).into();
            return known.into_iter().next().ok_or_else(silent);
        }
    };
    if let Some(model) = known.into_iter().find(|model| model.digest == digest) {
        return Ok(model);
    }
    let text = [Model::named(&name, 0).passage(MEASURE)];
    let vectors = tokio::time::timeout(patience, embedder.embed(&text)).await;
    let vectors = vectors.map_err(|_| silent(embedder.as_ref(), patience))??;
    Ok(Model { name, digest, dimensions: vectors.first().map_or(0, Vec::len) })
}

/// Returns the model of an index, unless this release puts other prefixes before its texts.
pub(crate) fn model_of(target: &TargetState) -> Option<Model> {
    let dimensions = usize::try_from(target.dimensions?).ok()?;
    let model = Model { name: target.model_name.clone()?, digest: target.digest.clone(), dimensions };
    let is_known = dimensions > 0 || model.name == ByWords::MODEL;
    (is_known && Some(model.label()) == target.model).then_some(model)
}

/// Returns the configured embedder, with its own model or with another one.
fn embedder(config: &Config, model: Option<&str>) -> anyhow::Result<Box<dyn Embedder>> {
    if model == Some(ByWords::MODEL) {
        return Ok(Box::new(ByWords));
    }
    Ok(match (&config.embedder_url, &config.ollama_url) {
        (Some(_), Some(_)) => {
            anyhow::bail!("two embedders are configured: set one of `embedder_url` and `ollama_url`")
        }
        (Some(url), None) => {
            let key = config.embedder_api_key.as_ref().map(ExposeSecret::expose_secret);
            let name = model.or(config.embedder_model.as_deref());
            let name = name.context("`embedder_url` is set and `embedder_model` is not: name the model")?;
            let is_own = model.is_none_or(|model| config.embedder_model.as_deref() == Some(model));
            Box::new(OpenAi::new(url.0.clone(), key, name, config.embedder_dimensions.filter(|_| is_own))?)
        }
        (None, Some(url)) => Box::new(Ollama::new(url.0.clone(), model.unwrap_or(&config.ollama_model))?),
        (None, None) => match model {
            Some(model) => anyhow::bail!(
                "no embedder is configured for the model {model}: set `ollama_url` or `embedder_url`"
            ),
            None => Box::new(ByWords),
        },
    })
}

/// Returns the name of the index of a model: of its collection, or of its folder.
fn index_name(config: &Config, model: &Model) -> String {
    vectors::index_name(&config.qdrant_collection, &model.label(), model.dimensions)
}

async fn index(config: &Config, model: &Model) -> anyhow::Result<Option<Box<dyn Index>>> {
    if let Some(url) = &config.qdrant_url {
        let key = config.qdrant_api_key.as_ref().map(ExposeSecret::expose_secret);
        let (collection, label) = (&config.qdrant_collection, model.label());
        let server = vectors::ServerIndex::connect_with(
            options(config),
            &url.0,
            key,
            collection,
            &label,
            model.dimensions,
        );
        return Ok(Some(Box::new(server.await?)));
    }
    embedded(config, model).await
}

fn options(config: &Config) -> Options {
    Options {
        shards: config.qdrant_shards,
        replicas: config.qdrant_replicas,
        on_disk: config.qdrant_on_disk,
        quantization: match config.qdrant_quantization {
            Quantized::None => Quantization::None,
            Quantized::Scalar => Quantization::Scalar,
            Quantized::Binary => Quantization::Binary,
        },
        strict: config.qdrant_strict,
    }
}

/// Removes the index of a model with all its points: a collection, or a folder that no process has open.
pub(crate) async fn remove(config: &Config, model: &Model) -> anyhow::Result<()> {
    if let Some(url) = &config.qdrant_url {
        let key = config.qdrant_api_key.as_ref().map(ExposeSecret::expose_secret);
        return Ok(vectors::ServerIndex::remove(&url.0, key, &index_name(config, model)).await?);
    }
    remove_embedded(config, model).await
}

/// One folder for each model: another one fills its own, and a name with a typo is in nobody's way.
fn folder(config: &Config, model: &Model) -> PathBuf {
    config.data_dir.join("vectors").join(index_name(config, model))
}

/// Returns what the database calls the embedded index of a model, whoever has it open.
#[cfg(feature = "embedded-vectors")]
pub(crate) fn embedded_name(config: &Config, model: &Model) -> Option<String> {
    vectors::EdgeIndex::identity_in(&folder(config, model))
}

#[cfg(not(feature = "embedded-vectors"))]
pub(crate) fn embedded_name(_: &Config, _: &Model) -> Option<String> {
    None
}

#[cfg(feature = "embedded-vectors")]
async fn embedded(config: &Config, model: &Model) -> anyhow::Result<Option<Box<dyn Index>>> {
    match vectors::EdgeIndex::open(&folder(config, model), &model.label(), model.dimensions).await {
        Ok(index) => Ok(Some(Box::new(index))),
        Err(VectorError::Locked { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(feature = "embedded-vectors")]
async fn remove_embedded(config: &Config, model: &Model) -> anyhow::Result<()> {
    Ok(vectors::EdgeIndex::remove(&folder(config, model)).await?)
}

#[cfg(not(feature = "embedded-vectors"))]
#[allow(clippy::unused_async, reason = "the signature of the other build")]
async fn embedded(_: &Config, _: &Model) -> anyhow::Result<Option<Box<dyn Index>>> {
    anyhow::bail!("this build has no embedded index: set QDRANT_URL")
}

#[cfg(not(feature = "embedded-vectors"))]
#[allow(clippy::unused_async, reason = "the signature of the other build")]
async fn remove_embedded(config: &Config, model: &Model) -> anyhow::Result<()> {
    anyhow::bail!("this build has no embedded index: remove {} by hand", folder(config, model).display())
}

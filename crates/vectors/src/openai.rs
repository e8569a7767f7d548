//! `/v1/embeddings`, the protocol of `OpenAI`, which vLLM, TEI, `LiteLLM` and llama.cpp serve too.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Embedder, VectorError,
    error::{Fault, shown},
    http::{ANSWER, Server, batches, same_length},
};

/// An embedding model on a server with `/v1/embeddings`.
#[derive(Clone)]
pub struct OpenAi {
    server: Server,
    model: String,
    dimensions: Option<usize>,
    key: Option<HeaderValue>,
}

// By hand, because of the key, and because the address may hold a password.
impl std::fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = f.debug_struct("OpenAi");
        told.field("url", &shown(&self.server.url)).field("model", &self.model).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Ask<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
}

#[derive(Deserialize)]
struct Embedding {
    index: usize,
    embedding: Vec<f32>,
}

impl OpenAi {
    /// A model of the server at `url`, with or without `/v1` at its end. Its vectors must have `dimensions` numbers, if that is given.
    /// Nothing is sent yet.
    pub fn new(
        url: Url,
        key: Option<&str>,
        model: &str,
        dimensions: Option<usize>,
    ) -> Result<Self, VectorError> {
        let server = Server::new("the embedder", url)?;
        let bearer = |key: &str| {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
            value.set_sensitive(true);
            Some(value)
        };
        let sent = key.map(bearer);
        if sent.as_ref().is_some_and(Option::is_none) {
            return Err(server
                .wrong("cannot be sent its key: it has characters that no header has", Fault::Away(None)));
        }
        Ok(Self { server, model: model.to_owned(), dimensions, key: sent.flatten() })
    }

    fn path(&self) -> &'static str {
        if self.is_below_v1() { "/embeddings" } else { "/v1/embeddings" }
    }

    fn is_below_v1(&self) -> bool {
        self.server.url.path().trim_end_matches('/').ends_with("/v1")
    }

    async fn ask(&self, input: &[&str]) -> Result<Vec<Vec<f32>>, VectorError> {
        let ask = Ask { model: &self.model, input, encoding_format: "float" };
        let mut request = self.server.post(self.path()).json(&ask);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        let answer = self.server.answer(request, ANSWER).await?;
        let away = Fault::Away(answer.retry_after);
        match answer.status.as_u16() {
            200 => (),
            401 | 403 => {
                return Err(self
                    .server
                    .wrong("refuses the key it was given, or wants one (embedder_api_key)", away));
            }
            404 | 405 => {
                let reason = format!("does not know {} or the model {}", self.path(), self.model);
                return Err(self.server.wrong(reason, away));
            }
            _ => return Err(self.server.status(&answer)),
        }
        let answer: Embeddings = serde_json::from_slice(&answer.body)
            .map_err(|_| self.server.wrong("answered something else than embeddings", Fault::Text))?;
        self.ordered(answer.data, input.len())
    }

    /// The vectors in the order of the texts, whatever the order of the answer.
    fn ordered(&self, data: Vec<Embedding>, wanted: usize) -> Result<Vec<Vec<f32>>, VectorError> {
        let found = data.len();
        let mut vectors: Vec<Option<Vec<f32>>> = vec![None; wanted];
        for Embedding { index, embedding } in data {
            if let Some(slot) = vectors.get_mut(index) {
                *slot = Some(self.checked(embedding)?);
            }
        }
        let vectors: Option<Vec<Vec<f32>>> = vectors.into_iter().collect();
        vectors
            .filter(|_| found == wanted)
            .ok_or_else(|| self.server.wrong(format!("gave {found} vectors for {wanted} texts"), Fault::Text))
    }

    fn checked(&self, vector: Vec<f32>) -> Result<Vec<f32>, VectorError> {
        if let Some(wanted) = self.dimensions.filter(|wanted| vector.len() != *wanted) {
            let (model, found) = (&self.model, vector.len());
            let reason = format!(
                "gives vectors of {found} numbers with {model}, not {wanted}: mend embedder_dimensions, or leave it out"
            );
            return Err(self.server.wrong(reason, Fault::Away(None)));
        }
        self.server.unit(vector)
    }
}

#[async_trait]
impl Embedder for OpenAi {
    fn model(&self) -> &str {
        &self.model
    }

    /// Any answer will do: some of these servers list no models, and some want a key for it.
    async fn answers(&self) -> Result<(), VectorError> {
        let path = if self.is_below_v1() { "/models" } else { "/v1/models" };
        self.server.told(path, ANSWER).await.map(drop)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in batches(texts) {
            vectors.extend(self.ask(&batch).await?);
        }
        same_length(&self.server, vectors)
    }
}

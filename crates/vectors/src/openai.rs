//! `/v1/embeddings`, the protocol of `OpenAI`, which vLLM, TEI, `LiteLLM` and llama.cpp serve too.

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Embedder, VectorError,
    error::{Fault, shown},
    http::Server,
};

/// Texts sent at once: what the smallest of these servers takes by default (TEI: 32).
const BATCH: usize = 32;
/// Characters of a text sent: 8,192 tokens of about three characters. These servers refuse what is longer than their model reads.
const LONGEST: usize = 24_000;
/// Bytes that a number of a vector takes in an answer, generously.
const NUMBER: usize = 64;

/// An embedding model on a server with `/v1/embeddings`.
#[derive(Clone)]
pub struct OpenAi {
    server: Server,
    model: String,
    dimensions: usize,
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
    input: Vec<String>,
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
    /// A model of the server at `url`, with or without `/v1` at its end. Its vectors must have `dimensions` numbers. Nothing is sent
    /// yet.
    pub fn new(url: Url, key: Option<&str>, model: &str, dimensions: usize) -> Result<Self, VectorError> {
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
        if self.server.url.path().trim_end_matches('/').ends_with("/v1") {
            "/embeddings"
        } else {
            "/v1/embeddings"
        }
    }

    async fn ask(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        let input = texts.iter().map(|text| text.chars().take(LONGEST).collect()).collect();
        let ask = Ask { model: &self.model, input, encoding_format: "float" };
        let mut request = self.server.post(self.path()).json(&ask);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.clone());
        }
        let longest = (BATCH * self.dimensions * NUMBER).max(1 << 20);
        let answer = self.server.answer(request, longest).await?;
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
        self.ordered(answer.data, texts.len())
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
        if vector.len() != self.dimensions {
            let (model, found, wanted) = (&self.model, vector.len(), self.dimensions);
            let reason = format!(
                "gives vectors of {found} numbers with {model}, not {wanted}: set embedder_dimensions"
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

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.ask(batch).await?);
        }
        Ok(vectors)
    }
}

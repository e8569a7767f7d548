//! Ollama's `/api/embed`.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Embedder, VectorError};

/// Longest wait for a batch: a slow machine embeds a text in two seconds.
const TIMEOUT: Duration = Duration::from_mins(4);
/// Length of bge-m3's vectors (BAAI, model card: 1024).
const DIMENSIONS: usize = 1_024;
/// Characters of a text sent: bge-m3 reads 8,192 tokens, about four characters each.
const LONGEST: usize = 24_000;

/// An embedding model on an Ollama server.
#[derive(Debug, Clone)]
pub struct Ollama {
    client: reqwest::Client,
    url: Url,
    model: String,
}

#[derive(Serialize)]
struct Ask<'a> {
    model: &'a str,
    input: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Vec<Vec<f32>>,
}

impl Ollama {
    /// A model of the server at `url`; its vectors must have 1024 numbers, as those of bge-m3.
    pub fn new(url: Url, model: &str) -> Result<Self, VectorError> {
        let client =
            reqwest::Client::builder().timeout(TIMEOUT).build().map_err(|source| VectorError::Embedder {
                embedder: format!("Ollama at {url}"),
                reason: "the HTTP client could not be made".to_owned(),
                source: Some(source),
            })?;
        Ok(Self { client, url, model: model.to_owned() })
    }

    fn wrong(&self, reason: impl Into<String>, source: Option<reqwest::Error>) -> VectorError {
        let embedder = format!("Ollama at {}", self.url);
        VectorError::Embedder {
            embedder,
            reason: reason.into(),
            source: source.map(reqwest::Error::without_url),
        }
    }

    async fn ask(&self, texts: &[String]) -> Result<Answer, VectorError> {
        let input = texts.iter().map(|text| text.chars().take(LONGEST).collect()).collect();
        let address =
            self.url.join("/api/embed").map_err(|_| self.wrong("the address cannot take a path", None))?;
        let ask = Ask { model: &self.model, input };
        let answer = self.client.post(address).json(&ask).send().await;
        let answer = answer.map_err(|error| self.wrong("does not answer; is it running?", Some(error)))?;
        match answer.status().as_u16() {
            200 => answer
                .json()
                .await
                .map_err(|error| self.wrong("answered something else than embeddings", Some(error))),
            404 => Err(self.wrong(format!("has no model {0}; run `ollama pull {0}`", self.model), None)),
            status => Err(self.wrong(format!("answered {status}"), None)),
        }
    }
}

#[async_trait]
impl Embedder for Ollama {
    fn model(&self) -> &str {
        &self.model
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.ask(texts).await?;
        if answer.embeddings.len() != texts.len() {
            return Err(self
                .wrong(format!("gave {} vectors for {} texts", answer.embeddings.len(), texts.len()), None));
        }
        answer.embeddings.into_iter().map(|vector| self.checked(vector)).collect()
    }
}

impl Ollama {
    /// The vector at length one, if it is one.
    fn checked(&self, vector: Vec<f32>) -> Result<Vec<f32>, VectorError> {
        if vector.len() != DIMENSIONS {
            let reason = format!(
                "{} gives vectors of {} numbers, {DIMENSIONS} are needed; use bge-m3",
                self.model,
                vector.len()
            );
            return Err(self.wrong(reason, None));
        }
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !length.is_finite() || length <= f32::EPSILON {
            return Err(self.wrong("gave a vector that is none", None));
        }
        Ok(vector.into_iter().map(|v| v / length).collect())
    }
}

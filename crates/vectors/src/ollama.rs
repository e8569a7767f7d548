//! Ollama's `/api/embed`.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::{Embedder, VectorError, error::shown};

/// Longest wait for a connection: the server is near, or it is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for a batch: a slow machine embeds a long text in five seconds, and may first have to load the model.
const TIMEOUT: Duration = Duration::from_mins(4);
/// Texts sent at once: few enough that a slow machine is done before [`TIMEOUT`].
const BATCH: usize = 32;
/// Length of bge-m3's vectors (BAAI, model card: 1024).
const DIMENSIONS: usize = 1_024;
/// Characters of a text sent: bge-m3 reads 8,192 tokens of about four characters, and Ollama cuts what is longer still.
const LONGEST: usize = 24_000;
/// Bytes of an answer read: a number of a vector takes some 12, so this is four times what a batch needs.
const ANSWER: usize = 4 * BATCH * DIMENSIONS * 12;

/// An embedding model on an Ollama server.
#[derive(Clone)]
pub struct Ollama {
    client: reqwest::Client,
    url: Url,
    model: String,
}

// By hand, because the address may hold a password.
impl std::fmt::Debug for Ollama {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = f.debug_struct("Ollama");
        told.field("url", &shown(&self.url)).field("model", &self.model).finish_non_exhaustive()
    }
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

/// What Ollama says where it cannot.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Ollama {
    /// A model of the server at `url`; its vectors must have 1024 numbers, as those of bge-m3. Nothing is sent yet.
    pub fn new(url: Url, model: &str) -> Result<Self, VectorError> {
        // One TLS provider a process; a second installation is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder().connect_timeout(CONNECT).timeout(TIMEOUT);
        // A proxy of the company's network cannot know this machine.
        let builder = if is_here(&url) { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|source| VectorError::Embedder {
            embedder: named(&url),
            reason: "needs an HTTP client, which could not be made".to_owned(),
            source: Some(source),
        })?;
        Ok(Self { client, url, model: model.to_owned() })
    }

    fn wrong(&self, reason: impl Into<String>, source: Option<reqwest::Error>) -> VectorError {
        let source = source.map(reqwest::Error::without_url);
        VectorError::Embedder { embedder: named(&self.url), reason: reason.into(), source }
    }

    /// The address of the call, below the path the server is behind.
    fn address(&self) -> Url {
        let mut address = self.url.clone();
        address.set_path(&format!("{}/api/embed", self.url.path().trim_end_matches('/')));
        address
    }

    async fn ask(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        let input = texts.iter().map(|text| text.chars().take(LONGEST).collect()).collect();
        let ask = Ask { model: &self.model, input };
        let sent = self.client.post(self.address()).json(&ask).send().await;
        let answer = sent.map_err(|error| self.silent(error))?;
        let status = answer.status().as_u16();
        let body = self.body(answer).await?;
        if status != 200 {
            return Err(self.refused(status, &body));
        }
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| self.wrong("answered something else than embeddings", None))?;
        let (found, wanted) = (answer.embeddings.len(), texts.len());
        if found != wanted {
            return Err(self.wrong(format!("gave {found} vectors for {wanted} texts"), None));
        }
        answer.embeddings.into_iter().map(|vector| self.checked(vector)).collect()
    }

    /// The body, as long as an answer can be and no longer.
    async fn body(&self, mut answer: reqwest::Response) -> Result<Vec<u8>, VectorError> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.silent(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER {
                return Err(self.wrong("answered more than vectors can take", None));
            }
        }
        Ok(body)
    }

    fn silent(&self, error: reqwest::Error) -> VectorError {
        let reason = if error.is_timeout() && !error.is_connect() {
            format!("did not embed a batch in {} minutes", TIMEOUT.as_secs() / 60)
        } else {
            "does not answer; is it running?".to_owned()
        };
        self.wrong(reason, Some(error))
    }

    /// Its words are not repeated, only understood: they may hold a text.
    fn refused(&self, status: u16, body: &[u8]) -> VectorError {
        let model = &self.model;
        match (status, serde_json::from_slice::<Refusal>(body)) {
            (404, Ok(refusal)) if refusal.error.contains("model") => {
                self.wrong(format!("has no model {model}: run `ollama pull {model}`"), None)
            }
            (404 | 405, _) => self.wrong("does not know /api/embed: is it Ollama, 0.3 or later?", None),
            (400, Ok(refusal)) if refusal.error.contains("not support embed") => {
                self.wrong(format!("cannot embed with {model}: use bge-m3"), None)
            }
            _ => self.wrong(format!("answered {status}"), None),
        }
    }

    /// The vector at length one, if it is one.
    fn checked(&self, vector: Vec<f32>) -> Result<Vec<f32>, VectorError> {
        if vector.len() != DIMENSIONS {
            let (model, found) = (&self.model, vector.len());
            let reason =
                format!("gives vectors of {found} numbers with {model}, not {DIMENSIONS}: use bge-m3");
            return Err(self.wrong(reason, None));
        }
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !length.is_finite() || length <= f32::EPSILON {
            return Err(self.wrong("gave a vector without a direction", None));
        }
        Ok(vector.into_iter().map(|v| v / length).collect())
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
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.ask(batch).await?);
        }
        Ok(vectors)
    }
}

fn named(url: &Url) -> String {
    format!("Ollama at {}", shown(url))
}

/// Whether an address is on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

//! Ollama's `/api/embed`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Embedder, VectorError,
    error::{Fault, shown},
    http::{Answer, Server},
};

/// Texts sent at once: few enough that a slow machine is done in time.
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
    server: Server,
    model: String,
}

// By hand, because the address may hold a password.
impl std::fmt::Debug for Ollama {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut told = f.debug_struct("Ollama");
        told.field("url", &shown(&self.server.url)).field("model", &self.model).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Ask<'a> {
    model: &'a str,
    input: Vec<String>,
}

#[derive(Deserialize)]
struct Embeddings {
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
        Ok(Self { server: Server::new("Ollama", url)?, model: model.to_owned() })
    }

    async fn ask(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        let input = texts.iter().map(|text| text.chars().take(LONGEST).collect()).collect();
        let ask = Ask { model: &self.model, input };
        let answer = self.server.answer(self.server.post("/api/embed").json(&ask), ANSWER).await?;
        if answer.status != 200 {
            return Err(self.refused(&answer));
        }
        let answer: Embeddings = serde_json::from_slice(&answer.body)
            .map_err(|_| self.server.wrong("answered something else than embeddings", Fault::Text))?;
        let (found, wanted) = (answer.embeddings.len(), texts.len());
        if found != wanted {
            return Err(self.server.wrong(format!("gave {found} vectors for {wanted} texts"), Fault::Text));
        }
        answer.embeddings.into_iter().map(|vector| self.checked(vector)).collect()
    }

    /// Its words are not repeated, only understood: they may hold a text.
    fn refused(&self, answer: &Answer) -> VectorError {
        let model = &self.model;
        let away = Fault::Away(answer.retry_after);
        match (answer.status.as_u16(), serde_json::from_slice::<Refusal>(&answer.body)) {
            (404, Ok(refusal)) if refusal.error.contains("model") => {
                self.server.wrong(format!("has no model {model}: run `ollama pull {model}`"), away)
            }
            (404 | 405, _) => {
                self.server.wrong("does not know /api/embed: is it Ollama, 0.3 or later?", away)
            }
            (400, Ok(refusal)) if refusal.error.contains("not support embed") => {
                self.server.wrong(format!("cannot embed with {model}: use bge-m3"), away)
            }
            _ => self.server.status(answer),
        }
    }

    /// The vector at length one, if it is one.
    fn checked(&self, vector: Vec<f32>) -> Result<Vec<f32>, VectorError> {
        if vector.len() != DIMENSIONS {
            let (model, found) = (&self.model, vector.len());
            let reason =
                format!("gives vectors of {found} numbers with {model}, not {DIMENSIONS}: use bge-m3");
            return Err(self.server.wrong(reason, Fault::Away(None)));
        }
        self.server.unit(vector)
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

//! Ollama's `/api/embed`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Embedder, VectorError,
    error::{Fault, shown},
    http::{ANSWER, Answer, Server, batches, same_length},
};

/// Where the models are listed.
const TAGS: &str = "/api/tags";
/// Bytes of the list of models that are read: an entry takes some 400.
const LIST: usize = 4 << 20;

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
    input: &'a [&'a str],
}

#[derive(Deserialize)]
struct Embeddings {
    embeddings: Vec<Vec<f32>>,
}

/// The models that Ollama has.
#[derive(Deserialize)]
struct Models {
    models: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    digest: String,
}

/// What Ollama says where it cannot.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Ollama {
    /// A model of the server at `url`. Nothing is sent yet.
    pub fn new(url: Url, model: &str) -> Result<Self, VectorError> {
        Ok(Self { server: Server::new("Ollama", url)?, model: model.to_owned() })
    }

    async fn ask(&self, input: &[&str]) -> Result<Vec<Vec<f32>>, VectorError> {
        let ask = Ask { model: &self.model, input };
        let answer = self.server.answer(self.server.post("/api/embed").json(&ask), ANSWER).await?;
        if answer.status != 200 {
            return Err(self.refused(&answer));
        }
        let answer: Embeddings = serde_json::from_slice(&answer.body)
            .map_err(|_| self.server.wrong("answered something else than embeddings", Fault::Text))?;
        let (found, wanted) = (answer.embeddings.len(), input.len());
        if found != wanted {
            return Err(self.server.wrong(format!("gave {found} vectors for {wanted} texts"), Fault::Text));
        }
        answer.embeddings.into_iter().map(|vector| self.server.unit(vector)).collect()
    }

    fn missing(&self, fault: Fault) -> VectorError {
        let model = &self.model;
        self.server.wrong(format!("has no model {model}: run `ollama pull {model}`"), fault)
    }

    /// Its words are not repeated, only understood: they may hold a text.
    fn refused(&self, answer: &Answer) -> VectorError {
        let model = &self.model;
        let away = Fault::Away(answer.retry_after);
        match (answer.status.as_u16(), serde_json::from_slice::<Refusal>(&answer.body)) {
            (404, Ok(refusal)) if refusal.error.contains("model") => self.missing(away),
            (404 | 405, _) => {
                self.server.wrong("does not know /api/embed: is it Ollama, 0.3 or later?", away)
            }
            (400, Ok(refusal)) if refusal.error.contains("not support embed") => {
                self.server.wrong(format!("cannot embed with {model}: use bge-m3"), away)
            }
            _ => self.server.status(answer),
        }
    }
}

#[async_trait]
impl Embedder for Ollama {
    fn model(&self) -> &str {
        &self.model
    }

    /// The digest of the model's files, from `/api/tags`: the same name is another model after `ollama pull`.
    async fn digest(&self) -> Result<Option<String>, VectorError> {
        let answer = self.server.told(TAGS, LIST).await?;
        match answer.status.as_u16() {
            200 => (),
            // Something else that speaks `/api/embed`.
            404 | 405 => return Ok(None),
            _ => return Err(self.server.status(&answer)),
        }
        let away = Fault::Away(None);
        let list: Models = serde_json::from_slice(&answer.body)
            .map_err(|_| self.server.wrong("answered something else than its models to /api/tags", away))?;
        let name = self.model.rsplit('/').next().unwrap_or_default();
        let tagged = if name.contains(':') { self.model.clone() } else { format!("{}:latest", self.model) };
        let found = list.models.into_iter().find(|listed| listed.name == tagged || listed.name == self.model);
        found.map(|listed| Some(listed.digest)).ok_or_else(|| self.missing(away))
    }

    async fn answers(&self) -> Result<(), VectorError> {
        self.server.told(TAGS, LIST).await.map(drop)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in batches(texts) {
            vectors.extend(self.ask(&batch).await?);
        }
        same_length(&self.server, vectors)
    }
}

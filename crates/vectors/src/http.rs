//! What the embedders that speak HTTP share: bounded answers, and what a failure is of.

use std::{error::Error as _, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{Client, RequestBuilder, StatusCode, header::RETRY_AFTER};
use url::{Host, Url};

use crate::{
    VectorError,
    error::{Fault, UNTRUSTED, is_of_a_certificate, shown},
};

/// Longest wait for a connection: the server is near, or it is not there.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for a batch: a slow machine embeds a long text in five seconds, and may first have to load the model.
const TIMEOUT: Duration = Duration::from_mins(4);
/// Longest pause that a server may ask for. What asks for more is asked after this.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// Texts sent at once: few enough that a slow machine is done in time, and what the smallest of these servers takes (TEI: 32).
const BATCH: usize = 32;
/// Characters sent at once: some 16,000 tokens, which TEI takes at once by default.
const CHARACTERS: usize = 48_000;
/// Characters of a text sent: bge-m3 reads 8,192 tokens of some three to four characters. Some servers refuse what is longer than their
/// model reads, Ollama cuts it.
const LONGEST: usize = 24_000;
/// Bytes of an answer read: 4,096 numbers for each text, the longest vectors that models have, at 64 bytes each.
pub(crate) const ANSWER: usize = BATCH * 4_096 * 64;

/// A server that embeds.
#[derive(Clone)]
pub(crate) struct Server {
    client: Client,
    pub(crate) url: Url,
    /// Its name in errors, before the address.
    pub(crate) name: &'static str,
}

/// An answer: the status, and a body of bounded length.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    pub(crate) retry_after: Option<Duration>,
}

impl Server {
    /// A server at `url`. Nothing is sent yet.
    pub(crate) fn new(name: &'static str, url: Url) -> Result<Self, VectorError> {
        // One TLS provider a process; a second installation is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder().connect_timeout(CONNECT).timeout(TIMEOUT);
        // A proxy of the company's network cannot know this machine.
        let builder = if is_here(&url) { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|source| VectorError::Embedder {
            embedder: format!("{name} at {}", shown(&url)),
            reason: "needs an HTTP client, which could not be made".to_owned(),
            source: Some(source),
            fault: Fault::Away(None),
        })?;
        Ok(Self { client, url, name })
    }

    /// A request to a path below the one that the server is behind.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.below(path))
    }

    /// The answer to a question about the server itself. It answers at once, or not at all.
    pub(crate) async fn told(&self, path: &str, longest: usize) -> Result<Answer, VectorError> {
        let asked = self.answer(self.client.get(self.below(path)).timeout(CONNECT), longest).await;
        let is_late = |error: &Option<reqwest::Error>| error.as_ref().is_some_and(reqwest::Error::is_timeout);
        asked.map_err(|error| match error {
            VectorError::Embedder { source, .. } if is_late(&source) => {
                let reason = format!("accepts a question and does not answer it in {} s", CONNECT.as_secs());
                VectorError::Embedder { embedder: self.named(), reason, source, fault: Fault::Away(None) }
            }
            other => other,
        })
    }

    fn below(&self, path: &str) -> Url {
        let mut address = self.url.clone();
        address.set_path(&format!("{}{path}", self.url.path().trim_end_matches('/')));
        address
    }

    /// The answer to a request, whose body may have `longest` bytes.
    pub(crate) async fn answer(
        &self,
        request: RequestBuilder,
        longest: usize,
    ) -> Result<Answer, VectorError> {
        let mut answer = request.send().await.map_err(|error| self.silent(error))?;
        let status = answer.status();
        let retry_after =
            answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(pause);
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.silent(error))? {
            body.extend_from_slice(&chunk);
            if body.len() > longest {
                return Err(self.wrong("answered more than vectors can take", Fault::Text));
            }
        }
        Ok(Answer { status, body, retry_after })
    }

    /// An error of this server.
    pub(crate) fn wrong(&self, reason: impl Into<String>, fault: Fault) -> VectorError {
        VectorError::Embedder { embedder: self.named(), reason: reason.into(), source: None, fault }
    }

    /// An error of a status that the embedder itself has no words for.
    pub(crate) fn status(&self, answer: &Answer) -> VectorError {
        let status = answer.status.as_u16();
        let fault = match status {
            401 | 403 | 404 | 405 | 429 | 502 | 503 | 504 => Fault::Away(answer.retry_after),
            _ if answer.retry_after.is_some() => Fault::Away(answer.retry_after),
            _ => Fault::Text,
        };
        self.wrong(format!("answered {status}"), fault)
    }

    fn silent(&self, error: reqwest::Error) -> VectorError {
        let (reason, fault) = if error.is_timeout() && !error.is_connect() {
            (format!("did not embed a batch in {} minutes", TIMEOUT.as_secs() / 60), Fault::Text)
        } else if is_untrusted(&error) {
            (UNTRUSTED.to_owned(), Fault::Away(None))
        } else if error.is_connect() {
            ("does not answer; is it running?".to_owned(), Fault::Away(None))
        } else {
            // It may have died of a text.
            ("broke off; is it running?".to_owned(), Fault::Text)
        };
        let source = Some(error.without_url());
        VectorError::Embedder { embedder: self.named(), reason, source, fault }
    }

    /// The server, for people.
    pub(crate) fn named(&self) -> String {
        format!("{} at {}", self.name, shown(&self.url))
    }

    /// The vector at length one, if it has `dimensions` numbers and a direction.
    pub(crate) fn unit(&self, vector: Vec<f32>) -> Result<Vec<f32>, VectorError> {
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !length.is_finite() || length <= f32::EPSILON {
            return Err(self.wrong("gave a vector without a direction", Fault::Text));
        }
        Ok(vector.into_iter().map(|v| v / length).collect())
    }
}

/// The vectors, if all have the same length.
pub(crate) fn same_length(server: &Server, vectors: Vec<Vec<f32>>) -> Result<Vec<Vec<f32>>, VectorError> {
    let length = vectors.first().map_or(0, Vec::len);
    if vectors.iter().all(|vector| vector.len() == length) {
        return Ok(vectors);
    }
    Err(server.wrong("gave vectors of different lengths", Fault::Text))
}

/// Texts as they are sent: in parts of at most [`BATCH`] texts and [`CHARACTERS`] characters, each text cut to what a model reads.
pub(crate) fn batches(texts: &[String]) -> Vec<Vec<&str>> {
    let mut batches: Vec<Vec<&str>> = Vec::new();
    let mut room = 0;
    for text in texts.iter().map(|text| cut(text, LONGEST)) {
        let length = text.chars().count();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && length <= room => {
                room -= length;
                batch.push(text);
            }
            _ => {
                room = CHARACTERS.saturating_sub(length);
                batches.push(vec![text]);
            }
        }
    }
    batches
}

/// The beginning of a text, of at most so many characters: to the end of its last sentence or line, where one ends in the second half of
/// it, else to the end of a word.
fn cut(text: &str, longest: usize) -> &str {
    let Some((end, _)) = text.char_indices().nth(longest) else { return text };
    let (begin, _) = text.split_at(end);
    let half = begin.len() / 2;
    let after = |found: &dyn Fn(char) -> bool| {
        let mut chars = begin.char_indices().rev();
        chars.find(|(_, c)| found(*c)).map(|(at, c)| at + c.len_utf8()).filter(|at| *at > half)
    };
    let whole = after(&|c| matches!(c, '.' | '!' | '?' | '…' | '\n')).or_else(|| after(&char::is_whitespace));
    begin.split_at(whole.unwrap_or(end)).0.trim_end()
}

/// Whether a request failed because of the server's certificate.
fn is_untrusted(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(found) = cause {
        if is_of_a_certificate(&found.to_string()) {
            return true;
        }
        cause = found.source();
    }
    false
}

/// The pause that a header asks for: seconds, or a date.
fn pause(value: &str) -> Option<Duration> {
    let value = value.trim();
    let seconds = value.parse::<u64>().ok().map(Duration::from_secs);
    let until = || {
        let date = DateTime::parse_from_rfc2822(value).ok()?;
        date.signed_duration_since(Utc::now()).to_std().ok()
    };
    seconds.or_else(until).map(|pause| pause.min(LONGEST_PAUSE))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_after_a_sentence_or_a_word() {
        assert_eq!(cut("Un. Deux.", 9), "Un. Deux.");
        assert_eq!(cut("Soudeur à Douala. Contrat de six mois", 30), "Soudeur à Douala.");
        assert_eq!(cut("Une. phrase bien trop longue", 20), "Une. phrase bien");
        assert_eq!(cut(&"é".repeat(50), 10), "é".repeat(10));
    }

    #[test]
    fn batches_hold_few_texts_and_few_characters() {
        let sizes = |texts: &[String]| batches(texts).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(&vec!["x".to_owned(); 70]), [32, 32, 6]);
        assert_eq!(sizes(&vec!["x".repeat(20_000); 5]), [2, 2, 1]);
        assert_eq!(sizes(&vec!["x".repeat(90_000); 3]), [2, 1]);
        assert!(batches(&[]).is_empty());
    }

    #[test]
    fn a_pause_is_seconds_or_a_date_and_is_bounded() {
        assert_eq!(pause(" 120 "), Some(Duration::from_mins(2)));
        assert_eq!(pause("999999999999"), Some(LONGEST_PAUSE));
        assert_eq!(pause("Wed, 21 Oct 2015 07:28:00 GMT"), None, "it has passed");
        assert_eq!(pause("Fri, 01 Jan 2100 00:00:00 GMT"), Some(LONGEST_PAUSE));
        assert_eq!(pause("soon"), None);
        assert_eq!(pause("-5"), None);
    }
}

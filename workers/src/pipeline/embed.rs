//! Embeds texts, and finds those that the embedder refuses among others that it takes.

use vectors::{Embedder, VectorError};

use crate::vector::{LOADING_PATIENCE, silent};

/// A text that every embedder takes: where it fails too, the embedder is down, and no text is to blame.
const PROBE: &str = "emploi";

/// Texts that are refused one by one, before any is taken, until the embedder counts as down.
const ENOUGH: usize = 8;

/// Asks the embedder for the vector of one harmless text. It may first have to load its model.
pub(crate) async fn probe(embedder: &dyn Embedder) -> Result<(), VectorError> {
    let text = [PROBE.to_owned()];
    let asked = tokio::time::timeout(LOADING_PATIENCE, embedder.embed(&text)).await;
    asked.map_err(|_| silent(embedder, LOADING_PATIENCE))?.map(drop)
}

/// Returns the vector of each text, or why the embedder refuses it. Fails if the embedder is down: it then was asked once, or as often
/// as it takes to tell that no text is to blame.
pub(crate) async fn each(
    embedder: &dyn Embedder,
    texts: &[String],
) -> Result<Vec<Result<Vec<f32>, String>>, VectorError> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    match embedder.embed(texts).await {
        Ok(vectors) => Ok(vectors.into_iter().map(Ok).collect()),
        Err(error) if !error.may_be_of_a_text() => Err(error),
        Err(_) => {
            probe(embedder).await?;
            bisect(embedder, texts).await
        }
    }
}

/// Halves what fails until single texts do.
async fn bisect(
    embedder: &dyn Embedder,
    texts: &[String],
) -> Result<Vec<Result<Vec<f32>, String>>, VectorError> {
    let mut found: Vec<Option<Result<Vec<f32>, String>>> = vec![None; texts.len()];
    let mut open = halves(0, texts.len());
    let (mut refused, mut taken) = (0, 0);
    while let Some((from, to)) = open.pop() {
        let part = texts.get(from..to).unwrap_or_default();
        match embedder.embed(part).await {
            Ok(vectors) => {
                taken += vectors.len();
                found.iter_mut().skip(from).zip(vectors).for_each(|(slot, vector)| *slot = Some(Ok(vector)));
            }
            Err(error) if to - from == 1 => {
                // An embedder that went down meanwhile refuses everything.
                probe(embedder).await?;
                refused += 1;
                if taken == 0 && refused >= ENOUGH {
                    return Err(error);
                }
                let reason = crate::observe::error_chain(&anyhow::Error::new(error));
                found.iter_mut().skip(from).take(1).for_each(|slot| *slot = Some(Err(reason.clone())));
            }
            Err(_) => open.extend(halves(from, to)),
        }
    }
    Ok(found.into_iter().map(|one| one.unwrap_or_else(|| Err("it was not embedded".to_owned()))).collect())
}

/// The two halves of a range, the first one on top. A range of one is its own half.
fn halves(from: usize, to: usize) -> Vec<(usize, usize)> {
    if to - from < 2 {
        return vec![(from, to)];
    }
    let middle = from.midpoint(to);
    vec![(middle, to), (from, middle)]
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;

    /// An embedder that refuses texts with a word in them, and goes down after so many calls.
    struct Picky {
        word: &'static str,
        lasts: usize,
        calls: AtomicUsize,
    }

    impl Picky {
        fn new(word: &'static str, lasts: usize) -> Self {
            Self { word, lasts, calls: AtomicUsize::new(0) }
        }
    }

    #[async_trait]
    impl Embedder for Picky {
        fn model(&self) -> &'static str {
            "picky"
        }

        async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, VectorError> {
            let call = self.calls.fetch_add(1, Ordering::Relaxed);
            let embedder = "Picky".to_owned();
            if call >= self.lasts {
                let reason = "is down".to_owned();
                return Err(VectorError::Embedder {
                    embedder,
                    reason,
                    source: None,
                    fault: vectors::Fault::Away(None),
                });
            }
            if texts.iter().any(|text| text.contains(self.word)) {
                let reason = "refuses".to_owned();
                return Err(VectorError::Embedder {
                    embedder,
                    reason,
                    source: None,
                    fault: vectors::Fault::Text,
                });
            }
            Ok(texts.iter().map(|_| vec![1.0]).collect())
        }
    }

    fn texts(bad: &[usize]) -> Vec<String> {
        (0..64).map(|at| if bad.contains(&at) { "poison".to_owned() } else { format!("text {at}") }).collect()
    }

    fn refused(each: &[Result<Vec<f32>, String>]) -> Vec<usize> {
        each.iter().enumerate().filter(|(_, one)| one.is_err()).map(|(at, _)| at).collect()
    }

    #[tokio::test]
    async fn bad_texts_are_found_in_few_calls_wherever_they_are() {
        for bad in [vec![0], vec![63], vec![31, 32], vec![5, 17, 40]] {
            let embedder = Picky::new("poison", usize::MAX);
            assert_eq!(refused(&each(&embedder, &texts(&bad)).await.unwrap()), bad);
            let calls = embedder.calls.load(Ordering::Relaxed);
            assert!(calls <= 2 + 14 * bad.len(), "{calls} calls for {bad:?}");
        }
    }

    #[tokio::test]
    async fn an_outage_blames_no_text_and_costs_few_calls() {
        for lasts in 0..12 {
            let embedder = Picky::new("poison", lasts);
            assert!(each(&embedder, &texts(&[20])).await.is_err(), "{lasts}");
            assert!(embedder.calls.load(Ordering::Relaxed) <= lasts + 8);
        }
        let down = Picky::new("poison", 0);
        assert!(each(&down, &texts(&[])).await.is_err());
        assert_eq!(down.calls.load(Ordering::Relaxed), 1, "one call tells");
    }

    #[tokio::test]
    async fn an_embedder_that_refuses_every_text_is_not_taken_for_one_with_bad_texts() {
        let embedder = Picky::new("text", usize::MAX);
        assert!(each(&embedder, &texts(&[])).await.is_err());
        assert!(embedder.calls.load(Ordering::Relaxed) < 40);
    }
}

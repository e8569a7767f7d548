//! What many jobs ask of the database at the same time becomes one statement.
//!
//! Nothing waits for others. While one batch is under way, the next one gathers, so batches grow with the load: a single
//! request is served at once, and under load a dozen share a round trip, a transaction and a write to disk.

use std::panic::AssertUnwindSafe;

use futures::{FutureExt as _, future::BoxFuture};
use store::StoreError;
use tokio::sync::{mpsc, oneshot};

/// Most requests of a batch: from here on their work, not the round trip, is what they cost.
const MOST: usize = store::GROUP;

/// The action that failed, for errors of many requests.
const WHAT: &str = "answer";

/// A request, and the channel to the job that waits for its answer.
type Waiting<A, R> = (A, oneshot::Sender<Result<R, StoreError>>);

/// Serves requests of this process in batches.
pub(crate) struct Batcher<A, R> {
    waiting: mpsc::Sender<Waiting<A, R>>,
}

impl<A: Send + 'static, R: Send + 'static> Batcher<A, R> {
    /// Starts the task that serves. It ends once this value is dropped and all requests are served. `serve` returns one answer
    /// for each request, in their order.
    pub(crate) fn start<F>(serve: impl Fn(Vec<A>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Vec<Result<R, StoreError>>> + Send + 'static,
    {
        let (waiting, ready) = mpsc::channel(MOST);
        tokio::spawn(serve_all(serve, ready));
        Self { waiting }
    }

    /// Returns the answer to a request. Fails with the error of its statement, or because the batch broke off.
    pub(crate) async fn ask(&self, request: A) -> Result<R, StoreError> {
        let (done, told) = oneshot::channel();
        self.waiting.send((request, done)).await.map_err(|_| StoreError::broke_off())?;
        told.await.map_err(|_| StoreError::broke_off())?
    }
}

async fn serve_all<A, R, F>(serve: impl Fn(Vec<A>) -> F, mut ready: mpsc::Receiver<Waiting<A, R>>)
where
    F: Future<Output = Vec<Result<R, StoreError>>>,
{
    let mut batch = Vec::with_capacity(MOST);
    while ready.recv_many(&mut batch, MOST).await > 0 {
        let (requests, told): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        // A panic costs this batch an attempt, but the task continues.
        let Ok(answers) = AssertUnwindSafe(serve(requests)).catch_unwind().await else { continue };
        for (answer, told) in answers.into_iter().zip(told) {
            // A job that stopped waiting finds what was done at its next attempt.
            let _ = told.send(answer);
        }
    }
}

/// Serves requests by one statement for all. Where it fails, each is tried alone, so that a request fails by its own fault only. If the
/// database is away, all fail at once.
pub(crate) async fn each<A, R>(
    requests: Vec<A>,
    serve: impl for<'a> Fn(&'a [A]) -> BoxFuture<'a, Result<Vec<R>, StoreError>>,
) -> Vec<Result<R, StoreError>> {
    let error = match serve(&requests).await {
        Ok(answers) => return answers.into_iter().map(Ok).collect(),
        Err(error) => error,
    };
    if requests.len() < 2 {
        return vec![Err(error)];
    }
    if error.is_away() {
        return requests.iter().map(|_| Err(error.shared(WHAT))).collect();
    }
    let mut answers = Vec::with_capacity(requests.len());
    for request in &requests {
        let alone = serve(std::slice::from_ref(request)).await;
        answers.push(alone.and_then(|mut answers| answers.pop().ok_or_else(StoreError::broke_off)));
    }
    answers
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn what_comes_while_a_batch_is_under_way_is_the_next_one() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let (seen, opens) = (sizes.clone(), gate.clone());
        let batcher = Batcher::start(move |requests: Vec<u32>| {
            let (seen, opens) = (seen.clone(), opens.clone());
            async move {
                seen.lock().unwrap().push(requests.len());
                opens.acquire().await.unwrap().forget();
                requests.into_iter().map(|request| Ok(request * 2)).collect()
            }
        });
        let mut asked: Vec<_> =
            (0..MOST + 5).map(|n| Box::pin(batcher.ask(u32::try_from(n).unwrap()))).collect();
        let mut first = asked.remove(0);
        // The first is under way before the others come.
        assert!(futures::poll!(&mut first).is_pending());
        tokio::task::yield_now().await;
        let rest = futures::future::join_all(asked);
        tokio::pin!(rest);
        assert!(futures::poll!(&mut rest).is_pending());
        gate.add_permits(9);
        assert_eq!(first.await.unwrap(), 0);
        let answers: Vec<u32> = rest.await.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (1..MOST + 5).map(|n| u32::try_from(n).unwrap() * 2).collect::<Vec<_>>());
        assert_eq!(*sizes.lock().unwrap(), [1, MOST, 4]);
    }

    #[tokio::test]
    async fn a_request_that_fails_fails_alone() {
        let served = each(vec![1, 3, 5], |requests: &[u32]| {
            let is_wrong = requests.contains(&3);
            let answers =
                if is_wrong { Err(StoreError::Missing("three".to_owned())) } else { Ok(requests.to_vec()) };
            Box::pin(async { answers })
        })
        .await;
        assert!(matches!(served.as_slice(), [Ok(1), Err(StoreError::Missing(_)), Ok(5)]), "{served:?}");
    }

    #[tokio::test]
    async fn a_batch_that_panics_leaves_the_next_one_alone() {
        let batcher = Batcher::start(|requests: Vec<u32>| async move {
            assert!(!requests.contains(&3), "three");
            requests.into_iter().map(Ok).collect()
        });
        assert!(batcher.ask(3).await.is_err());
        assert_eq!(batcher.ask(4).await.unwrap(), 4);
    }
}

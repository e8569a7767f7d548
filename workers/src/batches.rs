//! What jobs of this process ask of the database together: one statement for all that ask at the same time.

use std::{fmt, sync::Arc};

use domain::SourceSlug;
use futures::future::BoxFuture;
use store::{AnswerNoted, PageRow, ParsedPage, Slot, SlotWanted, Store, StoreError, Tally, Validator};

use crate::batcher::{Batcher, each};

/// The batchers of a process.
pub(crate) struct Batches {
    /// Commits parsed pages.
    pub(crate) commits: Batcher<ParsedPage, Tally>,
    /// Reads pages by their ids.
    pub(crate) pages: Batcher<i64, PageRow>,
    /// Reads the validators that an earlier request to an address left.
    pub(crate) validators: Batcher<(SourceSlug, String), Option<Validator>>,
    /// Looks whether hosts failed lately.
    pub(crate) hosts: Batcher<String, bool>,
    /// Reserves requests to sources.
    pub(crate) slots: Batcher<SlotWanted, Slot>,
    /// Notes how sources answer.
    pub(crate) answers: Batcher<AnswerNoted, ()>,
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}

impl Batches {
    /// Starts them.
    pub(crate) fn start(store: &Store) -> Arc<Self> {
        let committing = store.clone();
        let commits = Batcher::start(move |pages: Vec<ParsedPage>| {
            let store = committing.clone();
            async move { store.commit_pages(&pages).await }
        });
        Arc::new(Self {
            commits,
            pages: over(store, |store, ids| Box::pin(pages(store, ids))),
            validators: over(store, |store, asked| Box::pin(async move { store.validators(asked).await })),
            hosts: over(store, |store, hosts| Box::pin(are_watched(store, hosts))),
            slots: over(store, |store, wanted| Box::pin(async move { store.reserve_slots(wanted).await })),
            answers: over(store, |store, answers| Box::pin(noted(store, answers))),
        })
    }
}

/// One answer for each request, in their order.
type Answers<'a, R> = BoxFuture<'a, Result<Vec<R>, StoreError>>;

/// Starts a batcher of one statement, which returns an answer for each request in their order.
fn over<A: Send + Sync + 'static, R: Send + 'static>(
    store: &Store,
    ask: for<'a> fn(Store, &'a [A]) -> Answers<'a, R>,
) -> Batcher<A, R> {
    let store = store.clone();
    Batcher::start(move |requests| {
        let store = store.clone();
        async move { each(requests, |requests| ask(store.clone(), requests)).await }
    })
}

async fn pages(store: Store, ids: &[i64]) -> Result<Vec<PageRow>, StoreError> {
    let found = store.pages(ids).await?;
    let of = |id: &i64| {
        let page = found.iter().find(|page| page.id == *id).cloned();
        page.ok_or_else(|| StoreError::Missing(format!("page {id}")))
    };
    ids.iter().map(of).collect()
}

async fn are_watched(store: Store, hosts: &[String]) -> Result<Vec<bool>, StoreError> {
    let watched = store.watched_hosts(hosts).await?;
    Ok(hosts.iter().map(|host| watched.contains(host)).collect())
}

async fn noted(store: Store, answers: &[AnswerNoted]) -> Result<Vec<()>, StoreError> {
    store.note_answers(answers).await?;
    Ok(vec![(); answers.len()])
}

//! A Qdrant server, by gRPC.

mod collection;
mod convert;
mod failure;
mod options;

use std::time::Duration;

use async_trait::async_trait;
use domain::OpportunityId;
use qdrant_client::{
    Qdrant, QdrantError,
    qdrant::{
        CountPointsBuilder, CreateAliasBuilder, DeletePointsBuilder, GetPointsBuilder, PointStruct,
        PointsOperationResponse, Query as ServerQuery, QueryBatchPointsBuilder, QueryPoints,
        QueryPointsBuilder, ScrollPointsBuilder, UpdateStatus, UpsertPointsBuilder, VectorInput,
    },
};
use url::Url;

use crate::{
    BM25, CHUNK, DENSE, Depth, Filter, Held, Hit, Index, Key, Page, Point, Query, VectorError,
    error::shown,
    fuse::{Candidate, share_of},
    index::{checked, measured},
    index_name,
    look::{self, Look, Looks, Near},
};
pub use options::{Options, Quantization};

/// Longest wait for an answer: a server that is optimizing takes seconds for a batch.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Longest wait for what a server knows at once. It finds one that accepts questions and answers none.
const AT_ONCE: Duration = Duration::from_secs(3);

/// What an upsert does, for errors.
const KEEP: &str = "keep points";

/// A collection on a Qdrant server.
pub struct ServerIndex {
    client: Qdrant,
    collection: String,
    url: String,
    model: String,
    dimensions: usize,
    options: Options,
    /// The share of the model in scores.
    share: f32,
    /// Longest wait for an answer.
    patience: Duration,
}

// By hand, because the client would print its key.
impl std::fmt::Debug for ServerIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerIndex")
            .field("url", &self.url)
            .field("collection", &self.collection)
            .finish_non_exhaustive()
    }
}

impl ServerIndex {
    /// Connects, and makes the collection where it is not there. It is named by [`crate::index_name`]: another model fills another
    /// one beside it, and the old one can serve until that is done. A collection of that name that holds something else is refused.
    pub async fn connect(
        url: &Url,
        api_key: Option<&str>,
        collection: &str,
        model: &str,
        dimensions: usize,
    ) -> Result<Self, VectorError> {
        Self::connect_with(Options::default(), url, api_key, collection, model, dimensions).await
    }

    /// Does the same, and makes the collection with these options.
    pub async fn connect_with(
        options: Options,
        url: &Url,
        api_key: Option<&str>,
        collection: &str,
        model: &str,
        dimensions: usize,
    ) -> Result<Self, VectorError> {
        let (client, url) = client(url, api_key)?;
        let collection = index_name(collection, model, dimensions);
        let (model, share) = (model.to_owned(), share_of(model));
        let index = Self { client, collection, url, model, dimensions, options, share, patience: TIMEOUT };
        index.make().await?;
        Ok(index)
    }

    /// Waits so long for an answer, instead of a minute.
    #[must_use]
    pub fn answering_within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Removes a collection from a server, whatever is in it. It is not an error if there is none.
    pub async fn remove(url: &Url, api_key: Option<&str>, collection: &str) -> Result<(), VectorError> {
        let (client, url) = client(url, api_key)?;
        within(TIMEOUT, &url, "remove a collection", client.delete_collection(collection)).await.map(drop)
    }

    /// The answer of the server to what takes it some work.
    async fn asked<T>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, QdrantError>>,
    ) -> Result<T, VectorError> {
        within(self.patience, &self.url, what, call).await
    }

    /// The answer of the server to what it knows.
    async fn at_once<T>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, QdrantError>>,
    ) -> Result<T, VectorError> {
        within(AT_ONCE.min(self.patience), &self.url, what, call).await
    }

    /// Whether the server has the collection.
    async fn is_there(&self, what: &'static str) -> Result<bool, VectorError> {
        self.at_once(what, self.client.collection_exists(&self.collection)).await
    }

    fn nearest(&self, query: VectorInput, using: &str, filter: &Filter, limit: usize) -> QueryPoints {
        let request = QueryPointsBuilder::new(&self.collection)
            .query(ServerQuery::new_nearest(query))
            .using(using)
            .limit(u64::try_from(limit).unwrap_or(u64::MAX))
            .with_payload(true);
        match convert::filter(filter) {
            Some(filter) => request.filter(filter).build(),
            None => request.build(),
        }
    }

    /// Keeps points. `None`: they are too many for one message, because their texts are long.
    async fn keep(
        &self,
        points: Vec<PointStruct>,
        version: i64,
    ) -> Result<Option<PointsOperationResponse>, VectorError> {
        let can_be_fewer = points.len() > 1;
        let request = UpsertPointsBuilder::new(&self.collection, points)
            .update_filter(convert::not_after(version))
            .wait(true);
        let call = async {
            match self.client.upsert_points(request).await {
                Err(error) if can_be_fewer && failure::too_large(&error) => Ok(None),
                kept => kept.map(Some),
            }
        };
        self.asked(KEEP, call).await
    }

    /// Whether an update is on disk: a server may also answer that it will be some time, or that it was refused.
    fn applied(&self, done: &PointsOperationResponse, what: &'static str) -> Result<(), VectorError> {
        let status = done.result.as_ref().map(qdrant_client::qdrant::UpdateResult::status);
        if status == Some(UpdateStatus::Completed) {
            return Ok(());
        }
        let said = status.map_or("nothing", |status| status.as_str_name());
        Err(VectorError::NotApplied { url: self.url.clone(), what, said })
    }
}

/// The answer to a call, within a bounded time. The client's own limit ends where an answer begins: one that never ends passes it.
async fn within<T>(
    limit: Duration,
    url: &str,
    what: &'static str,
    call: impl Future<Output = Result<T, QdrantError>>,
) -> Result<T, VectorError> {
    if let Ok(answer) = tokio::time::timeout(limit, call).await {
        return answer.map_err(|error| failure::of(error, what, url.to_owned()));
    }
    let source = format!("it was asked to {what}, and did not in {} s", limit.as_secs()).into();
    Err(VectorError::Unreachable { url: url.to_owned(), source })
}

/// A client of a server, and its address for people.
fn client(url: &Url, api_key: Option<&str>) -> Result<(Qdrant, String), VectorError> {
    let url = if url.path() == "/" { url.as_str().trim_end_matches('/') } else { url.as_str() };
    let shown = url.parse().map_or_else(|_| String::new(), |url| shown(&url));
    let wrong = |what| VectorError::Setup { what, url: shown.clone() };
    // The client itself would repeat a key it cannot send in its error.
    if api_key.is_some_and(|key| key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(wrong("the API key (it has characters that cannot be sent)"));
    }
    // Its check of versions would print to the standard output.
    let mut settings = Qdrant::from_url(url).timeout(TIMEOUT).skip_compatibility_check();
    settings.api_key = api_key.map(ToOwned::to_owned);
    let client = settings.build().map_err(|_| wrong("the address"))?;
    Ok((client, shown))
}

#[async_trait]
impl Looks for ServerIndex {
    /// All in one request.
    async fn look(&self, looks: Vec<Look>) -> Result<Vec<Vec<Candidate>>, VectorError> {
        let mut found: Vec<Vec<Candidate>> = looks.iter().map(|_| Vec::new()).collect();
        let (mut places, mut queries) = (Vec::new(), Vec::new());
        for (place, Look { near, filter, limit }) in looks.into_iter().enumerate() {
            let (vector, using) = match near {
                // The server refuses a vector without a number in it.
                Near::Words(words) if words.is_empty() => continue,
                Near::Words(words) => (VectorInput::new_sparse(words.indices, words.values), BM25),
                Near::Dense(vector) => (VectorInput::new_dense(vector), DENSE),
            };
            places.push(place);
            queries.push(self.nearest(vector, using, &filter, limit));
        }
        if queries.is_empty() {
            return Ok(found);
        }
        let request = QueryBatchPointsBuilder::new(&self.collection, queries);
        let answers = self.asked("search", self.client.query_batch(request)).await?.result;
        for (place, answer) in places.into_iter().zip(answers) {
            if let Some(found) = found.get_mut(place) {
                found.extend(answer.result.into_iter().filter_map(convert::candidate));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Index for ServerIndex {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), VectorError> {
        checked(&points, self.dimensions)?;
        let mut points = points.into_iter().peekable();
        while let Some(version) = points.peek().map(|point| point.version) {
            let mut chunk = Vec::new();
            while chunk.len() < CHUNK
                && let Some(next) = points.next_if(|next| next.version == version)
            {
                chunk.push(convert::point(next)?);
            }
            let mut chunks = vec![chunk];
            while let Some(mut chunk) = chunks.pop() {
                if let Some(kept) = self.keep(chunk.clone(), version).await? {
                    self.applied(&kept, KEEP)?;
                } else {
                    let half = chunk.split_off(chunk.len() / 2);
                    chunks.extend([half, chunk]);
                }
            }
        }
        Ok(())
    }

    async fn withdraw(&self, points: &[Key], version: i64) -> Result<(), VectorError> {
        if points.is_empty() {
            return Ok(());
        }
        let what = "withdraw points";
        let filter = convert::these_not_after(points, version);
        let request = DeletePointsBuilder::new(&self.collection).points(filter).wait(true);
        let done = self.asked(what, self.client.delete_points(request)).await?;
        self.applied(&done, what)
    }

    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError> {
        query.dense.iter().try_for_each(|dense| measured(dense, self.dimensions))?;
        look::search(self, self.share, query).await
    }

    async fn count(&self) -> Result<u64, VectorError> {
        let request = CountPointsBuilder::new(&self.collection).exact(true);
        let counted = self.asked("count its points", self.client.count(request)).await?;
        Ok(counted.result.map_or(0, |result| result.count))
    }

    async fn page(&self, from: Option<Key>, limit: usize, depth: Depth) -> Result<Page, VectorError> {
        let mut request = ScrollPointsBuilder::new(&self.collection)
            .limit(u32::try_from(limit).unwrap_or(u32::MAX))
            .with_payload(true)
            .with_vectors(depth == Depth::Vectors)
            .build();
        request.offset = from.map(convert::point_id);
        let page = self.asked("list its points", self.client.scroll(request)).await?;
        let points = page.result.into_iter().filter_map(|point| convert::held(point, depth)).collect();
        Ok(Page { points, next: page.next_page_offset.as_ref().and_then(convert::key) })
    }

    async fn held(&self, ids: &[OpportunityId], depth: Depth) -> Result<Vec<Held>, VectorError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = ids.iter().map(|id| convert::point_id(Key::Opportunity(*id))).collect();
        let request = GetPointsBuilder::new(&self.collection, ids)
            .with_payload(true)
            .with_vectors(depth == Depth::Vectors);
        let found = self.asked("read its points", self.client.get_points(request)).await?;
        Ok(found.result.into_iter().filter_map(|point| convert::held(point, depth)).collect())
    }

    /// Whether the server answers and has the collection still.
    async fn ready(&self) -> Result<(), VectorError> {
        self.is_there("answer").await?.then_some(()).ok_or_else(|| VectorError::Index {
            what: "find its collection, which was there; `oim-etl vectors repair` makes and fills it again",
            source: self.collection.clone().into(),
        })
    }

    async fn restore(&self) -> Result<bool, VectorError> {
        let is_there = self.is_there("answer").await?;
        if !is_there {
            self.make().await?;
        }
        Ok(!is_there)
    }

    /// One action: the server puts the other name in the place of the first under the lock that readers take, and saves it at once.
    /// To remove the alias and make it again would be two: a server that dies between them has none.
    async fn serve(&self, alias: &str) -> Result<(), VectorError> {
        let what = "let its alias name the collection (is there a collection of that very name?)";
        let found = self.at_once(what, self.client.list_aliases()).await?.aliases;
        let is_done =
            found.iter().any(|one| one.alias_name == alias && one.collection_name == self.collection);
        if is_done {
            return Ok(());
        }
        let create = CreateAliasBuilder::new(&self.collection, alias);
        self.asked(what, self.client.create_alias(create)).await.map(drop)
    }

    fn describe(&self) -> String {
        format!("Qdrant at {}, collection {}", self.url, self.collection)
    }

    fn identity(&self) -> String {
        self.collection.clone()
    }
}

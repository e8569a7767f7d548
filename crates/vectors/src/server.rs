//! A Qdrant server, by gRPC.

mod collection;
mod convert;
mod failure;

use std::time::Duration;

use async_trait::async_trait;
use domain::OpportunityId;
use qdrant_client::{
    Qdrant, QdrantError,
    qdrant::{
        CountPointsBuilder, DeletePointsBuilder, PointId, PointsIdsList, Query as ServerQuery,
        QueryBatchPointsBuilder, QueryPoints, QueryPointsBuilder, ScrollPointsBuilder, UpsertPointsBuilder,
        VectorInput,
    },
};
use url::Url;

use crate::{
    BM25, CHUNK, DENSE, Document, Filter, Hit, Index, Query, SCROLL, Sparse, VectorError,
    error::shown,
    fuse::{Candidate, candidates, fuse},
    index::{checked, measured},
    words::Words,
};

/// Longest wait for an answer: a server that is optimizing takes seconds for a batch.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A collection on a Qdrant server.
pub struct ServerIndex {
    client: Qdrant,
    collection: String,
    url: String,
    dimensions: usize,
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
    /// Connects, and makes the collection where it is not there. It is named `{collection}-{model}`: another model fills another
    /// one beside it, and the old one can serve until that is done. A collection of that name in another shape is refused.
    pub async fn connect(
        url: &Url,
        api_key: Option<&str>,
        collection: &str,
        model: &str,
        dimensions: usize,
    ) -> Result<Self, VectorError> {
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
        let collection = format!("{collection}-{}", plain(model));
        let index = Self { client, collection, url: shown, dimensions };
        index.make(model).await?;
        Ok(index)
    }

    /// Tells failures of the way to the server from failures of what was asked.
    fn failing(&self, what: &'static str) -> impl FnOnce(QdrantError) -> VectorError {
        let url = self.url.clone();
        move |error| failure::of(error, what, url)
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

    async fn page(
        &self,
        from: Option<PointId>,
    ) -> Result<(Vec<OpportunityId>, Option<PointId>), VectorError> {
        let mut request = ScrollPointsBuilder::new(&self.collection)
            .limit(SCROLL)
            .with_payload(false)
            .with_vectors(false)
            .build();
        request.offset = from;
        let page = self.client.scroll(request).await.map_err(self.failing("list its points"))?;
        let ids = page.result.iter().filter_map(|point| convert::id(point.id.as_ref()?)).collect();
        Ok((ids, page.next_page_offset))
    }
}

#[async_trait]
impl Index for ServerIndex {
    async fn upsert(&self, documents: &[Document], dense: Vec<Vec<f32>>) -> Result<(), VectorError> {
        checked(documents, &dense, self.dimensions)?;
        let mut dense = dense.into_iter();
        for chunk in documents.chunks(CHUNK) {
            let points = {
                let mut words = Words::new();
                let points = chunk.iter().zip(dense.by_ref());
                let points = points.map(|(document, dense)| convert::point(&mut words, document, dense));
                points.collect::<Result<Vec<_>, _>>()?
            };
            let request = UpsertPointsBuilder::new(&self.collection, points).wait(true);
            self.client.upsert_points(request).await.map_err(self.failing("keep points"))?;
        }
        Ok(())
    }

    async fn withdraw(&self, ids: &[OpportunityId]) -> Result<(), VectorError> {
        let ids = PointsIdsList { ids: ids.iter().map(|id| id.to_string().into()).collect() };
        let request = DeletePointsBuilder::new(&self.collection).points(ids).wait(true);
        self.client.delete_points(request).await.map(drop).map_err(self.failing("withdraw points"))
    }

    /// Both sides in one request.
    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError> {
        measured(&query.dense, self.dimensions)?;
        let Query { text, dense, filter, limit } = query;
        let mut sides = vec![self.nearest(VectorInput::new_dense(dense), DENSE, &filter, candidates(limit))];
        let words = Sparse::of_query(&text);
        if !words.is_empty() {
            let words = VectorInput::new_sparse(words.indices, words.values);
            sides.push(self.nearest(words, BM25, &filter, candidates(limit)));
        }
        let request = QueryBatchPointsBuilder::new(&self.collection, sides);
        let found = self.client.query_batch(request).await.map_err(self.failing("search"))?;
        let mut sides = found
            .result
            .into_iter()
            .map(|side| side.result.into_iter().filter_map(convert::candidate).collect::<Vec<Candidate>>());
        let (dense, sparse) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
        Ok(fuse(dense, sparse, limit))
    }

    async fn count(&self) -> Result<u64, VectorError> {
        let request = CountPointsBuilder::new(&self.collection).exact(true);
        let counted = self.client.count(request).await.map_err(self.failing("count its points"))?;
        Ok(counted.result.map_or(0, |result| result.count))
    }

    async fn ids(&self) -> Result<Vec<OpportunityId>, VectorError> {
        let (mut ids, mut next) = self.page(None).await?;
        while let Some(from) = next {
            let (more, after) = self.page(Some(from)).await?;
            ids.extend(more);
            next = after;
        }
        Ok(ids)
    }

    /// Whether the server answers and has the collection still.
    async fn ready(&self) -> Result<(), VectorError> {
        let found = self.client.collection_exists(&self.collection).await.map_err(self.failing("answer"))?;
        found.then_some(()).ok_or_else(|| VectorError::Index {
            what: "find its collection, which was there; start again to have it made",
            source: self.collection.clone().into(),
        })
    }

    fn describe(&self) -> String {
        format!("Qdrant at {}, collection {}", self.url, self.collection)
    }
}

/// A model's name as a part of a collection's: `bge-m3:latest` has a character that an address cannot have.
fn plain(model: &str) -> String {
    model.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

//! A Qdrant server, by gRPC.

mod convert;

use async_trait::async_trait;
use opportunity::OpportunityId;
use qdrant_client::{
    Qdrant,
    qdrant::{
        CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, DeletePointsBuilder, Distance, FieldType,
        Modifier, PointsIdsList, Query as ServerQuery, QueryPointsBuilder, ScrollPointsBuilder,
        SparseVectorParamsBuilder, SparseVectorsConfigBuilder, UpsertPointsBuilder, VectorInput,
        VectorParamsBuilder, VectorsConfigBuilder,
    },
};
use url::Url;

use crate::{Document, Filter, Hit, Index, Query, Sparse, VectorError, fuse};

const DENSE: &str = "dense";
const BM25: &str = "bm25";
/// Points read at once when all ids are listed.
const SCROLL: u32 = 10_000;

/// A collection on a Qdrant server.
pub struct ServerIndex {
    client: Qdrant,
    collection: String,
    url: Url,
}

impl std::fmt::Debug for ServerIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerIndex")
            .field("url", &self.url.as_str())
            .field("collection", &self.collection)
            .finish_non_exhaustive()
    }
}

fn boxed(error: qdrant_client::QdrantError) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}

impl ServerIndex {
    /// Connects and makes the collection where it is not there. The model is part of its name: another model fills another.
    pub async fn connect(
        url: &Url,
        api_key: Option<&str>,
        collection: &str,
        model: &str,
        dimensions: usize,
    ) -> Result<Self, VectorError> {
        let made = Qdrant::from_url(url.as_str().trim_end_matches('/')).skip_compatibility_check();
        let made = api_key.map_or(made.clone(), |key| made.api_key(key));
        let client =
            made.build().map_err(|error| VectorError::doing("be reached at its address")(boxed(error)))?;
        let name: String =
            model.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        let index = Self { client, collection: format!("{collection}-{name}"), url: url.clone() };
        index.make(dimensions).await?;
        Ok(index)
    }

    async fn make(&self, dimensions: usize) -> Result<(), VectorError> {
        let failed = |error| {
            VectorError::doing(
                "be reached: is QDRANT_URL its gRPC address (port 6334), and is it running? It",
            )(boxed(error))
        };
        if self.client.collection_exists(&self.collection).await.map_err(failed)? {
            return Ok(());
        }
        let mut dense = VectorsConfigBuilder::default();
        let size = u64::try_from(dimensions).unwrap_or(0);
        dense.add_named_vector_params(DENSE, VectorParamsBuilder::new(size, Distance::Cosine));
        let mut sparse = SparseVectorsConfigBuilder::default();
        sparse.add_named_vector_params(BM25, SparseVectorParamsBuilder::default().modifier(Modifier::Idf));
        let create = CreateCollectionBuilder::new(&self.collection)
            .vectors_config(dense)
            .sparse_vectors_config(sparse);
        self.client
            .create_collection(create)
            .await
            .map_err(|error| VectorError::doing("make its collection")(boxed(error)))?;
        for (key, kind) in [
            ("kind", FieldType::Keyword),
            ("source", FieldType::Keyword),
            ("regions", FieldType::Keyword),
            ("closes_by", FieldType::Integer),
        ] {
            let create = CreateFieldIndexCollectionBuilder::new(&self.collection, key, kind).wait(true);
            self.client
                .create_field_index(create)
                .await
                .map_err(|error| VectorError::doing("index its payload")(boxed(error)))?;
        }
        Ok(())
    }

    async fn nearest(
        &self,
        query: VectorInput,
        using: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<fuse::Candidate>, VectorError> {
        let mut request = QueryPointsBuilder::new(&self.collection)
            .query(ServerQuery::new_nearest(query))
            .using(using)
            .limit(u64::try_from(limit).unwrap_or(10))
            .with_payload(true);
        if let Some(filter) = convert::filter(filter) {
            request = request.filter(filter);
        }
        let found =
            self.client.query(request).await.map_err(|error| VectorError::doing("search")(boxed(error)))?;
        Ok(found.result.into_iter().filter_map(convert::candidate).collect())
    }
}

#[async_trait]
impl Index for ServerIndex {
    async fn upsert(&self, documents: &[Document], dense: Vec<Vec<f32>>) -> Result<(), VectorError> {
        let points = documents
            .iter()
            .zip(dense)
            .map(|(document, dense)| convert::point(document, dense))
            .collect::<Result<Vec<_>, _>>()?;
        let request = UpsertPointsBuilder::new(&self.collection, points).wait(true);
        self.client
            .upsert_points(request)
            .await
            .map(drop)
            .map_err(|error| VectorError::doing("keep points")(boxed(error)))
    }

    async fn withdraw(&self, ids: &[OpportunityId]) -> Result<(), VectorError> {
        let ids = PointsIdsList { ids: ids.iter().map(|id| id.to_string().into()).collect() };
        let request = DeletePointsBuilder::new(&self.collection).points(ids).wait(true);
        self.client
            .delete_points(request)
            .await
            .map(drop)
            .map_err(|error| VectorError::doing("withdraw points")(boxed(error)))
    }

    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError> {
        let limit = fuse::CANDIDATES.max(query.limit);
        let dense = self.nearest(VectorInput::new_dense(query.dense), DENSE, &query.filter, limit).await?;
        let words = Sparse::of_query(&query.text);
        let sparse = if words.is_empty() {
            Vec::new()
        } else {
            self.nearest(VectorInput::new_sparse(words.indices, words.values), BM25, &query.filter, limit)
                .await?
        };
        Ok(fuse::fuse(dense, sparse, query.limit))
    }

    async fn ids(&self) -> Result<Vec<OpportunityId>, VectorError> {
        let (mut ids, mut offset) = (Vec::new(), None);
        loop {
            let mut request = ScrollPointsBuilder::new(&self.collection)
                .limit(SCROLL)
                .with_payload(false)
                .with_vectors(false);
            if let Some(from) = offset {
                request = request.offset::<qdrant_client::qdrant::PointId>(from);
            }
            let page = self
                .client
                .scroll(request)
                .await
                .map_err(|error| VectorError::doing("list its points")(boxed(error)))?;
            ids.extend(page.result.iter().filter_map(|point| convert::id(point.id.as_ref()?)));
            match page.next_page_offset {
                Some(next) => offset = Some(next),
                None => return Ok(ids),
            }
        }
    }

    async fn ready(&self) -> Result<(), VectorError> {
        self.client.health_check().await.map(drop).map_err(|error| VectorError::doing("answer")(boxed(error)))
    }

    fn describe(&self) -> String {
        format!("Qdrant at {}, collection {}", self.url, self.collection)
    }
}

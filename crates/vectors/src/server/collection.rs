//! The collection: made where it is not there, refused where it is another.

use std::collections::HashMap;

use qdrant_client::qdrant::{
    CollectionInfo, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder, Distance, FieldType,
    HnswConfigDiffBuilder, Modifier, SparseVectorParamsBuilder, SparseVectorsConfigBuilder,
    VectorParamsBuilder, VectorsConfigBuilder, vectors_config::Config,
};
use serde_json::Value;

use super::{ServerIndex, failure};
use crate::{
    BM25, DENSE, SHAPE, VectorError,
    document::{FLAGS, KEYWORDS, NUMBERS},
};

impl ServerIndex {
    /// Makes the collection unless it is there, and sees that it is as it should be.
    pub(super) async fn make(&self) -> Result<(), VectorError> {
        if !self.is_there("look for its collection").await? {
            self.create().await?;
        }
        let info =
            self.asked("look at its collection", self.client.collection_info(&self.collection)).await?;
        let info = info.result.unwrap_or_default();
        self.check(&info)?;
        self.index_payload(&info).await
    }

    async fn create(&self) -> Result<(), VectorError> {
        let size = u64::try_from(self.dimensions).unwrap_or(u64::MAX);
        let mut dense = VectorsConfigBuilder::default();
        if size > 0 {
            let params = VectorParamsBuilder::new(size, Distance::Cosine).on_disk(self.options.on_disk);
            let graph = HnswConfigDiffBuilder::default().on_disk(self.options.on_disk);
            dense.add_named_vector_params(DENSE, params.hnsw_config(graph));
        }
        let mut sparse = SparseVectorsConfigBuilder::default();
        sparse.add_named_vector_params(BM25, SparseVectorParamsBuilder::default().modifier(Modifier::Idf));
        let made_by = HashMap::from([
            ("model".to_owned(), Value::from(self.model.as_str())),
            ("shape".to_owned(), Value::from(SHAPE)),
        ]);
        let create = CreateCollectionBuilder::new(&self.collection)
            .vectors_config(dense)
            .sparse_vectors_config(sparse)
            .metadata(made_by);
        let create = self.options.of(create);
        // Boxed: the request alone is 30 kB.
        let call = Box::pin(async {
            match self.client.create_collection(create).await {
                // Two workers started at once; the other one made it.
                Err(error) if failure::exists_already(&error) => Ok(()),
                made => made.map(drop),
            }
        });
        self.asked("make its collection", call).await
    }

    /// Refuses a collection whose points could not be compared with ours, or not be found. Servers before 1.16 keep no model and
    /// shape; there the name alone tells the model.
    fn check(&self, info: &CollectionInfo) -> Result<(), VectorError> {
        let config = info.config.clone().unwrap_or_default();
        let params = config.params.unwrap_or_default();
        let dense = match params.vectors_config.and_then(|vectors| vectors.config) {
            Some(Config::ParamsMap(named)) => named.map.get(DENSE).copied(),
            _ => None,
        };
        let size =
            dense.filter(|params| params.distance == i32::from(Distance::Cosine)).map(|params| params.size);
        let sparse = params.sparse_vectors_config.and_then(|sparse| sparse.map.get(BM25).copied());
        let weighted = sparse.is_some_and(|params| params.modifier == Some(i32::from(Modifier::Idf)));
        let kept = |key: &str| config.metadata.get(key).cloned().map(qdrant_client::qdrant::Value::into_json);
        let same = |key: &str, wanted: Value| kept(key).is_none_or(|found| found == wanted);
        let fits = size.map_or(Ok(0), usize::try_from) == Ok(self.dimensions) && weighted;
        if fits && same("model", self.model.as_str().into()) && same("shape", SHAPE.into()) {
            return Ok(());
        }
        let said = |key: &str| kept(key).map_or_else(|| "unknown".to_owned(), |value| value.to_string());
        let numbers = size.map_or_else(|| "other".to_owned(), |size| size.to_string());
        let bm25 = if weighted { "" } else { ", without bm25" };
        Err(VectorError::OtherModel {
            place: format!("{} at {}", self.collection, self.url),
            found: format!("model {} ({numbers} numbers, shape {}{bm25})", said("model"), said("shape")),
            wanted: format!("{} ({} numbers, shape {SHAPE})", self.model, self.dimensions),
        })
    }

    /// Indexes the payload that filters ask for, as far as that is not done: whoever made the collection may have died on it.
    async fn index_payload(&self, info: &CollectionInfo) -> Result<(), VectorError> {
        let keywords = KEYWORDS.iter().map(|key| (*key, FieldType::Keyword));
        let numbers = NUMBERS.iter().map(|key| (*key, FieldType::Integer));
        let flags = FLAGS.iter().map(|key| (*key, FieldType::Bool));
        for (key, kind) in keywords.chain(numbers).chain(flags) {
            if info.payload_schema.contains_key(key) {
                continue;
            }
            let create = CreateFieldIndexCollectionBuilder::new(&self.collection, key, kind).wait(true);
            self.asked("index its payload", self.client.create_field_index(create)).await?;
        }
        Ok(())
    }
}

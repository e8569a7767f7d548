//! The shard itself. Its calls block.

use std::{collections::HashMap, path::Path};

use opportunity::OpportunityId;
use qdrant_edge::{
    AnyVariants, Condition, CreateIndex, Distance, EdgeConfig, EdgeShard, EdgeSparseVectorParams,
    EdgeVectorParams, FieldCondition, FieldIndexOperations, Filter as EdgeFilter, Match, MatchAny, Modifier,
    NamedQuery, PayloadFieldSchema, PayloadSchemaType, PointId, PointInsertOperations, PointOperations,
    PointStruct, QueryEnum, QueryRequest, Range, ScoringQuery, ScrollRequest, SparseVector, UpdateOperation,
    Vector, VectorInternal, Vectors, WithPayloadInterface, WithVector, external::ordered_float::OrderedFloat,
};

use crate::{Document, Filter, Payload, Sparse, VectorError, document::NEVER, fuse::Candidate};

const DENSE: &str = "dense";
const BM25: &str = "bm25";
/// Points read at once when all ids are listed.
const SCROLL: usize = 10_000;
/// Payload keys that filters ask for.
const KEYWORDS: [&str; 3] = ["kind", "source", "regions"];

/// An open shard.
pub(super) struct Shard(EdgeShard);

impl Shard {
    pub(super) fn open(folder: &Path, dimensions: usize) -> Result<Self, VectorError> {
        let fresh = !folder.join("segments").exists();
        let opened =
            if fresh { EdgeShard::new(folder, config(dimensions)) } else { EdgeShard::load(folder, None) };
        let shard = opened.map_err(|error| {
            let said = error.to_string();
            if said.contains("WouldBlock")
                || said.contains("lock")
                || said.contains("temporarily unavailable")
            {
                VectorError::Locked { folder: folder.display().to_string() }
            } else {
                VectorError::Index { what: "open its folder", source: said.into() }
            }
        })?;
        let shard = Self(shard);
        if fresh {
            shard.index_payload()?;
        }
        Ok(shard)
    }

    fn index_payload(&self) -> Result<(), VectorError> {
        let keywords = KEYWORDS.iter().map(|key| (*key, PayloadSchemaType::Keyword));
        for (key, kind) in keywords.chain([("closes_by", PayloadSchemaType::Integer)]) {
            let field_name = key
                .try_into()
                .map_err(|()| VectorError::Index { what: "index its payload", source: key.into() })?;
            let create = CreateIndex { field_name, field_schema: Some(PayloadFieldSchema::FieldType(kind)) };
            self.update(
                UpdateOperation::FieldIndexOperation(FieldIndexOperations::CreateIndex(create)),
                "index its payload",
            )?;
        }
        self.0.flush();
        Ok(())
    }

    fn update(&self, operation: UpdateOperation, what: &'static str) -> Result<(), VectorError> {
        self.0
            .update(operation)
            .map(drop)
            .map_err(|error| VectorError::Index { what, source: error.to_string().into() })
    }

    /// Keeps documents; they are on disk when this returns, which `flush` alone makes sure of.
    pub(super) fn upsert(&self, documents: &[Document], dense: Vec<Vec<f32>>) -> Result<(), VectorError> {
        let points = documents
            .iter()
            .zip(dense)
            .map(|(document, dense)| point(document, dense))
            .collect::<Result<_, _>>()?;
        let insert = PointOperations::UpsertPoints(PointInsertOperations::PointsList(points));
        self.update(UpdateOperation::PointOperation(insert), "keep points")?;
        self.0.flush();
        Ok(())
    }

    pub(super) fn withdraw(&self, ids: &[OpportunityId]) -> Result<(), VectorError> {
        let ids = ids.iter().map(|id| PointId::Uuid(id.uuid())).collect();
        self.update(
            UpdateOperation::PointOperation(PointOperations::DeletePoints { ids }),
            "withdraw points",
        )?;
        self.0.flush();
        Ok(())
    }

    pub(super) fn nearest_dense(
        &self,
        vector: Vec<f32>,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>, VectorError> {
        self.nearest(VectorInternal::from(vector), DENSE, filter, limit)
    }

    pub(super) fn nearest_sparse(
        &self,
        words: Sparse,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>, VectorError> {
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let vector = SparseVector { indices: words.indices, values: words.values };
        self.nearest(VectorInternal::from(vector), BM25, filter, limit)
    }

    fn nearest(
        &self,
        query: VectorInternal,
        using: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Candidate>, VectorError> {
        let nearest = QueryEnum::Nearest(NamedQuery { query, using: Some(using.into()) });
        let request = QueryRequest {
            prefetches: Vec::new(),
            query: Some(ScoringQuery::Vector(nearest)),
            filter: condition(filter)?,
            score_threshold: None,
            limit,
            offset: 0,
            params: None,
            with_vector: WithVector::Bool(false),
            with_payload: WithPayloadInterface::Bool(true),
        };
        let found = self
            .0
            .query(request)
            .map_err(|error| VectorError::Index { what: "search", source: error.to_string().into() })?;
        Ok(found.into_iter().filter_map(|point| candidate(&point.id, point.score, point.payload)).collect())
    }

    pub(super) fn ids(&self) -> Result<Vec<OpportunityId>, VectorError> {
        let (mut ids, mut offset) = (Vec::new(), None);
        loop {
            let request = ScrollRequest {
                offset,
                limit: Some(SCROLL),
                filter: None,
                with_payload: Some(WithPayloadInterface::Bool(false)),
                with_vector: WithVector::Bool(false),
                order_by: None,
            };
            let page = self.0.scroll(request).map_err(|error| VectorError::Index {
                what: "list its points",
                source: error.to_string().into(),
            })?;
            ids.extend(page.0.iter().filter_map(|record| opportunity(&record.id)));
            offset = page.1;
            if offset.is_none() {
                return Ok(ids);
            }
        }
    }
}

fn config(dimensions: usize) -> EdgeConfig {
    EdgeConfig {
        on_disk_payload: true,
        vectors: HashMap::from([(
            DENSE.into(),
            EdgeVectorParams::builder(dimensions, Distance::Cosine).build(),
        )]),
        sparse_vectors: HashMap::from([(
            BM25.into(),
            EdgeSparseVectorParams { modifier: Some(Modifier::Idf), ..Default::default() },
        )]),
        ..Default::default()
    }
}

fn point(document: &Document, dense: Vec<f32>) -> Result<qdrant_edge::PointStructPersisted, VectorError> {
    let words = Sparse::of_document(&document.text);
    let sparse = Vector::new_sparse(words.indices, words.values).map_err(|error| VectorError::Index {
        what: "take a text's words",
        source: error.to_string().into(),
    })?;
    let vectors = Vectors::new_named([(DENSE, Vector::from(dense)), (BM25, sparse)]);
    let mut payload =
        serde_json::to_value(&document.payload).map_err(VectorError::doing("keep a payload"))?;
    if let Some(map) = payload.as_object_mut() {
        map.insert("closes_by".to_owned(), document.payload.closes_on.unwrap_or(NEVER).into());
    }
    Ok(PointStruct::new(PointId::Uuid(document.id.uuid()), vectors, payload).into())
}

fn condition(filter: &Filter) -> Result<Option<EdgeFilter>, VectorError> {
    let key = |name: &str| {
        name.try_into().map_err(|()| VectorError::Index { what: "filter", source: name.to_owned().into() })
    };
    let mut must = Vec::new();
    for (name, values) in filter.lists() {
        let any = AnyVariants::Strings(values.iter().cloned().collect());
        must.push(Condition::Field(FieldCondition::new_match(key(name)?, Match::Any(MatchAny { any }))));
    }
    if let Some(day) = filter.closes_from() {
        #[allow(clippy::cast_precision_loss, reason = "days are far below 2^52")]
        let range = Range { gte: Some(OrderedFloat(day as f64)), lt: None, gt: None, lte: None };
        must.push(Condition::Field(FieldCondition::new_range(key("closes_by")?, range)));
    }
    Ok((!must.is_empty()).then(|| EdgeFilter { must: Some(must), ..EdgeFilter::default() }))
}

fn opportunity(id: &PointId) -> Option<OpportunityId> {
    match id {
        PointId::Uuid(id) => Some(OpportunityId::from(*id)),
        PointId::NumId(_) => None,
    }
}

fn candidate(id: &PointId, score: f32, payload: Option<qdrant_edge::Payload>) -> Option<Candidate> {
    let payload: Payload = serde_json::from_value(serde_json::Value::Object(payload?.0)).ok()?;
    Some(Candidate { id: opportunity(id)?, score, payload })
}

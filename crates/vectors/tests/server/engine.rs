//! A collection on the engine of Qdrant itself, and what its requests mean to that.

use std::collections::HashMap;

use qdrant_client::qdrant::{
    self as q, condition::ConditionOneOf, r#match::MatchValue, point_id::PointIdOptions, vector,
    vector_input, vectors::VectorsOptions, vectors_config::Config,
};
use qdrant_edge as edge;
use tonic::Status;

/// A collection: a shard in a folder, and what its maker said of it.
pub(crate) struct Collection {
    pub(crate) shard: edge::EdgeShard,
    pub(crate) info: q::CollectionInfo,
    // Removed after the shard is closed.
    _folder: tempfile::TempDir,
}

fn failed(error: impl std::fmt::Display) -> Status {
    Status::internal(error.to_string())
}

impl Collection {
    pub(crate) fn make(asked: q::CreateCollection) -> Self {
        let Some(Config::ParamsMap(dense)) = asked.vectors_config.clone().unwrap().config else {
            panic!("the dense vector has no name")
        };
        let dense = dense.map.into_iter().map(|(name, params)| {
            assert_eq!(params.distance(), q::Distance::Cosine);
            let size = usize::try_from(params.size).unwrap();
            (name, edge::EdgeVectorParams::builder(size, edge::Distance::Cosine).build())
        });
        let sparse = asked.sparse_vectors_config.clone().unwrap_or_default().map.into_iter();
        let sparse = sparse.map(|(name, params)| {
            let modifier = (params.modifier() == q::Modifier::Idf).then_some(edge::Modifier::Idf);
            (name, edge::EdgeSparseVectorParams { modifier, ..Default::default() })
        });
        let config = edge::EdgeConfig {
            vectors: dense.collect(),
            sparse_vectors: sparse.collect(),
            ..Default::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let params = q::CollectionParams {
            vectors_config: asked.vectors_config,
            sparse_vectors_config: asked.sparse_vectors_config,
            ..Default::default()
        };
        let config_said =
            q::CollectionConfig { params: Some(params), metadata: asked.metadata, ..Default::default() };
        let info = q::CollectionInfo { config: Some(config_said), ..Default::default() };
        Self { shard: edge::EdgeShard::new(folder.path(), config).unwrap(), info, _folder: folder }
    }

    pub(crate) fn index(&mut self, field: String, kind: q::FieldType) {
        let (schema, said) = match kind {
            q::FieldType::Keyword => (edge::PayloadSchemaType::Keyword, q::PayloadSchemaType::Keyword),
            q::FieldType::Integer => (edge::PayloadSchemaType::Integer, q::PayloadSchemaType::Integer),
            other => panic!("{other:?}"),
        };
        let create = edge::CreateIndex {
            field_name: field.as_str().try_into().unwrap(),
            field_schema: Some(edge::PayloadFieldSchema::FieldType(schema)),
        };
        let create = edge::FieldIndexOperations::CreateIndex(create);
        self.shard.update(edge::UpdateOperation::FieldIndexOperation(create)).unwrap();
        let said = q::PayloadSchemaInfo { data_type: said.into(), ..Default::default() };
        self.info.payload_schema.insert(field, said);
    }

    pub(crate) fn change(&self, operation: edge::PointOperations) -> Result<(), Status> {
        self.shard.update(edge::UpdateOperation::PointOperation(operation)).map_err(failed)
    }

    pub(crate) fn nearest(&self, asked: q::QueryPoints) -> Result<q::BatchResult, Status> {
        let Some(q::query::Variant::Nearest(wanted)) = asked.query.and_then(|query| query.variant) else {
            return Err(Status::invalid_argument("nearest"));
        };
        let query = match wanted.variant {
            Some(vector_input::Variant::Dense(dense)) => edge::VectorInternal::from(dense.data),
            Some(vector_input::Variant::Sparse(sparse)) => edge::VectorInternal::from(edge::SparseVector {
                indices: sparse.indices,
                values: sparse.values,
            }),
            other => return Err(Status::invalid_argument(format!("{other:?}"))),
        };
        let nearest = edge::QueryEnum::Nearest(edge::NamedQuery { query, using: asked.using });
        let request = edge::QueryRequest {
            prefetches: Vec::new(),
            query: Some(edge::ScoringQuery::Vector(nearest)),
            filter: asked.filter.map(filter),
            score_threshold: asked.score_threshold.map(Into::into),
            limit: usize::try_from(asked.limit.unwrap()).unwrap(),
            offset: 0,
            params: None,
            with_vector: edge::WithVector::Bool(false),
            with_payload: edge::WithPayloadInterface::Bool(asked.with_payload.is_some()),
        };
        let found = self.shard.query(request).map_err(failed)?.into_iter().map(|point| q::ScoredPoint {
            id: Some(said(&point.id)),
            payload: point
                .payload
                .map(|payload| payload.0.into_iter().map(kept))
                .into_iter()
                .flatten()
                .collect(),
            score: point.score,
            ..Default::default()
        });
        Ok(q::BatchResult { result: found.collect() })
    }

    pub(crate) fn page(&self, from: Option<q::PointId>, limit: usize) -> Result<q::ScrollResponse, Status> {
        let request = edge::ScrollRequest {
            offset: from.map(id),
            limit: Some(limit),
            filter: None,
            with_payload: Some(edge::WithPayloadInterface::Bool(false)),
            with_vector: edge::WithVector::Bool(false),
            order_by: None,
        };
        let (page, next) = self.shard.scroll(request).map_err(failed)?;
        let result =
            page.iter().map(|record| q::RetrievedPoint { id: Some(said(&record.id)), ..Default::default() });
        Ok(q::ScrollResponse {
            result: result.collect(),
            next_page_offset: next.as_ref().map(said),
            ..Default::default()
        })
    }

    pub(crate) fn count(&self) -> Result<u64, Status> {
        let counted = self.shard.count(edge::CountRequest { filter: None, exact: true });
        Ok(counted.map_err(failed)? as u64)
    }
}

fn kept((key, value): (String, serde_json::Value)) -> (String, q::Value) {
    (key, value.into())
}

fn said(id: &edge::PointId) -> q::PointId {
    q::PointId::from(id.to_string())
}

pub(crate) fn id(id: q::PointId) -> edge::PointId {
    match id.point_id_options {
        Some(PointIdOptions::Uuid(id)) => edge::PointId::Uuid(id.parse().unwrap()),
        other => panic!("not a UUID: {other:?}"),
    }
}

pub(crate) fn point(point: q::PointStruct) -> edge::PointStructPersisted {
    let Some(VectorsOptions::Vectors(named)) = point.vectors.unwrap().vectors_options else {
        panic!("vectors without names")
    };
    let vectors = named.vectors.into_iter().map(|(name, vector)| {
        let vector = match vector.vector {
            Some(vector::Vector::Dense(dense)) => edge::Vector::from(dense.data),
            Some(vector::Vector::Sparse(sparse)) => {
                edge::Vector::new_sparse(sparse.indices, sparse.values).unwrap()
            }
            other => panic!("{other:?}"),
        };
        (name, vector)
    });
    let payload: serde_json::Map<_, _> =
        point.payload.into_iter().map(|(key, value)| (key, value.into_json())).collect();
    let vectors = edge::Vectors::new_named(vectors.collect::<HashMap<String, _>>());
    edge::PointStruct::new(id(point.id.unwrap()), vectors, payload.into()).into()
}

fn filter(filter: q::Filter) -> edge::Filter {
    assert!(filter.should.is_empty() && filter.must_not.is_empty() && filter.min_should.is_none());
    let must = filter.must.into_iter().map(|condition| {
        let Some(ConditionOneOf::Field(field)) = condition.condition_one_of else { panic!("{condition:?}") };
        let key = field.key.as_str().try_into().unwrap();
        let condition = match (field.r#match.and_then(|one| one.match_value), field.range) {
            (Some(MatchValue::Keywords(any)), None) => {
                let any = edge::AnyVariants::Strings(any.strings.into_iter().collect());
                edge::FieldCondition::new_match(key, edge::Match::Any(edge::MatchAny { any }))
            }
            (None, Some(range)) => {
                let range = edge::Range { gte: range.gte.map(Into::into), gt: None, lt: None, lte: None };
                edge::FieldCondition::new_range(key, range)
            }
            other => panic!("{other:?}"),
        };
        edge::Condition::Field(condition)
    });
    edge::Filter { must: Some(must.collect()), ..Default::default() }
}

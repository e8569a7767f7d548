//! A collection on the engine of Qdrant itself, and what its requests mean to that.

use std::collections::HashMap;

use qdrant_client::qdrant::{
    self as q, condition::ConditionOneOf, r#match::MatchValue, point_id::PointIdOptions, vector,
    vector_input, vector_output, vectors::VectorsOptions, vectors_config::Config, vectors_output,
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
        // Without a model there is none.
        let dense = match asked.vectors_config.clone().and_then(|vectors| vectors.config) {
            Some(Config::ParamsMap(dense)) => dense.map,
            None => HashMap::new(),
            Some(other) => panic!("the dense vector has no name: {other:?}"),
        };
        let dense = dense.into_iter().map(|(name, params)| {
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
            q::FieldType::Bool => (edge::PayloadSchemaType::Bool, q::PayloadSchemaType::Bool),
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

    pub(crate) fn page(
        &self,
        from: Option<q::PointId>,
        limit: usize,
        vectors: bool,
    ) -> Result<q::ScrollResponse, Status> {
        let request = edge::ScrollRequest {
            offset: from.map(id),
            limit: Some(limit),
            filter: None,
            with_payload: Some(edge::WithPayloadInterface::Bool(true)),
            with_vector: edge::WithVector::Bool(vectors),
            order_by: None,
        };
        let (page, next) = self.shard.scroll(request).map_err(failed)?;
        let result = page.into_iter().map(retrieved).collect();
        Ok(q::ScrollResponse { result, next_page_offset: next.as_ref().map(said), ..Default::default() })
    }

    pub(crate) fn get(&self, ids: Vec<q::PointId>, vectors: bool) -> Result<Vec<q::RetrievedPoint>, Status> {
        let ids: Vec<edge::PointId> = ids.into_iter().map(id).collect();
        let payload = Some(edge::WithPayloadInterface::Bool(true));
        let found = self.shard.retrieve(&ids, payload, Some(edge::WithVector::Bool(vectors)));
        Ok(found.map_err(failed)?.into_iter().map(retrieved).collect())
    }

    pub(crate) fn count(&self) -> Result<u64, Status> {
        let counted = self.shard.count(edge::CountRequest { filter: None, exact: true });
        Ok(counted.map_err(failed)? as u64)
    }
}

fn retrieved(record: edge::Record) -> q::RetrievedPoint {
    let vectors = match record.vector {
        Some(edge::VectorStructInternal::Named(named)) => {
            let named = named.into_iter().map(|(name, vector)| {
                let vector = match vector {
                    edge::VectorInternal::Dense(data) => {
                        vector_output::Vector::Dense(q::DenseVector { data })
                    }
                    edge::VectorInternal::Sparse(words) => vector_output::Vector::Sparse(q::SparseVector {
                        indices: words.indices,
                        values: words.values,
                    }),
                    edge::VectorInternal::MultiDense(other) => panic!("{other:?}"),
                };
                (name.clone(), q::VectorOutput { vector: Some(vector), ..Default::default() })
            });
            let named = q::NamedVectorsOutput { vectors: named.collect() };
            Some(q::VectorsOutput { vectors_options: Some(vectors_output::VectorsOptions::Vectors(named)) })
        }
        _ => None,
    };
    q::RetrievedPoint {
        id: Some(said(&record.id)),
        payload: record
            .payload
            .map(|payload| payload.0.into_iter().map(kept))
            .into_iter()
            .flatten()
            .collect(),
        vectors,
        ..Default::default()
    }
}

/// Whether a request wants the vectors.
pub(crate) fn wants_vectors(selector: Option<q::WithVectorsSelector>) -> bool {
    match selector.and_then(|selector| selector.selector_options) {
        Some(q::with_vectors_selector::SelectorOptions::Enable(wanted)) => wanted,
        None => false,
        Some(other) => panic!("{other:?}"),
    }
}

fn kept((key, value): (String, serde_json::Value)) -> (String, q::Value) {
    (key, value.into())
}

fn said(id: &edge::PointId) -> q::PointId {
    match id {
        edge::PointId::NumId(number) => (*number).into(),
        edge::PointId::Uuid(id) => id.to_string().into(),
    }
}

pub(crate) fn id(id: q::PointId) -> edge::PointId {
    match id.point_id_options {
        Some(PointIdOptions::Uuid(id)) => edge::PointId::Uuid(id.parse().unwrap()),
        Some(PointIdOptions::Num(number)) => edge::PointId::NumId(number),
        None => panic!("no id"),
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

pub(crate) fn filter(filter: q::Filter) -> edge::Filter {
    assert!(filter.should.is_empty() && filter.min_should.is_none());
    let all = |conditions: Vec<q::Condition>| {
        (!conditions.is_empty()).then(|| conditions.into_iter().map(condition).collect())
    };
    edge::Filter { must: all(filter.must), must_not: all(filter.must_not), ..Default::default() }
}

fn condition(condition: q::Condition) -> edge::Condition {
    let field = match condition.condition_one_of {
        Some(ConditionOneOf::Field(field)) => field,
        Some(ConditionOneOf::HasId(has)) => {
            return edge::Condition::HasId(has.has_id.into_iter().map(id).collect::<edge::HasIdCondition>());
        }
        other => panic!("{other:?}"),
    };
    let key = field.key.as_str().try_into().unwrap();
    edge::Condition::Field(match (field.r#match.and_then(|one| one.match_value), field.range) {
        (Some(MatchValue::Keywords(any)), None) => {
            let any = edge::AnyVariants::Strings(any.strings.into_iter().collect());
            edge::FieldCondition::new_match(key, edge::Match::Any(edge::MatchAny { any }))
        }
        (Some(MatchValue::Boolean(wanted)), None) => {
            edge::FieldCondition::new_match(key, edge::Match::from(wanted))
        }
        (None, Some(range)) => {
            let range = edge::Range {
                gte: range.gte.map(Into::into),
                gt: range.gt.map(Into::into),
                lt: range.lt.map(Into::into),
                lte: range.lte.map(Into::into),
            };
            edge::FieldCondition::new_range(key, range)
        }
        other => panic!("{other:?}"),
    })
}

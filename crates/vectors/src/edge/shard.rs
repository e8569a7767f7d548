//! The shard itself. Its calls block.

use std::sync::{Mutex, PoisonError};

use domain::OpportunityId;
use qdrant_edge::{
    CountRequest, CreateIndex, EdgeShard, FieldIndexOperations, NamedQuery, OperationError,
    PayloadFieldSchema, PayloadSchemaType, PointId, PointInsertOperations, PointOperations, QueryEnum,
    QueryRequest, ScoringQuery, ScrollRequest, SparseVector, UpdateOperation, VectorInternal,
    WithPayloadInterface, WithVector,
};

use super::{
    convert::{candidate, condition, config, field, opportunity, point},
    folder::Folder,
    marker::Marker,
};
use crate::{
    BM25, CHUNK, DENSE, Document, Filter, SCROLL, Sparse, VectorError,
    document::{CLOSES_BY, KEYWORDS},
    fuse::Candidate,
    words::Words,
};

/// An open shard, in the folder it is in.
pub(super) struct Shard {
    // Closed before the folder is given up.
    engine: EdgeShard,
    /// One writer at a time: the engine panics where a flush meets an update.
    writing: Mutex<()>,
    _folder: Folder,
}

/// Wraps an error of the engine.
fn failing(what: &'static str) -> impl FnOnce(OperationError) -> VectorError {
    move |error| VectorError::Index { what, source: error.to_string().into() }
}

impl Shard {
    /// Opens the shard, making it where there is none.
    pub(super) fn open(folder: Folder, marker: &Marker) -> Result<Self, VectorError> {
        if folder.shard().exists() {
            marker.check(&folder.shard(), folder.path())?;
        } else {
            folder.publish(|making| {
                let engine = EdgeShard::new(making, config(marker.dimensions)).map_err(failing("be made"))?;
                index_payload(&engine)?;
                engine.flush();
                marker.write(making)
            })?;
        }
        folder.prune()?;
        let engine = EdgeShard::load(&folder.shard(), None).map_err(failing("be opened"))?;
        Ok(Self { engine, writing: Mutex::default(), _folder: folder })
    }

    /// Applies operations and makes them durable, which `flush` alone does.
    fn update(
        &self,
        what: &'static str,
        operations: impl Iterator<Item = Result<PointOperations, VectorError>>,
    ) -> Result<(), VectorError> {
        // It guards no value that a panic could have left half changed.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        for operation in operations {
            self.engine.update(UpdateOperation::PointOperation(operation?)).map_err(failing(what))?;
        }
        self.engine.flush();
        Ok(())
    }

    pub(super) fn upsert(&self, documents: &[Document], dense: Vec<Vec<f32>>) -> Result<(), VectorError> {
        let mut words = Words::new();
        let mut dense = dense.into_iter();
        let chunks = documents.chunks(CHUNK).map(|chunk| {
            let points = chunk.iter().zip(dense.by_ref());
            let points = points.map(|(document, dense)| point(&mut words, document, dense));
            let list = PointInsertOperations::PointsList(points.collect::<Result<_, _>>()?);
            Ok(PointOperations::UpsertPoints(list))
        });
        self.update("keep points", chunks)
    }

    pub(super) fn withdraw(&self, ids: &[OpportunityId]) -> Result<(), VectorError> {
        let ids = ids.iter().map(|id| PointId::Uuid(id.uuid())).collect();
        self.update("withdraw points", std::iter::once(Ok(PointOperations::DeletePoints { ids })))
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
        let found = self.engine.query(request).map_err(failing("search"))?;
        Ok(found.into_iter().filter_map(candidate).collect())
    }

    pub(super) fn count(&self) -> Result<u64, VectorError> {
        let counted = self.engine.count(CountRequest { filter: None, exact: true });
        Ok(u64::try_from(counted.map_err(failing("count its points"))?).unwrap_or(u64::MAX))
    }

    pub(super) fn ids(&self) -> Result<Vec<OpportunityId>, VectorError> {
        let (mut ids, mut offset) = (Vec::new(), None);
        loop {
            let request = ScrollRequest {
                offset,
                limit: Some(SCROLL as usize),
                filter: None,
                with_payload: Some(WithPayloadInterface::Bool(false)),
                with_vector: WithVector::Bool(false),
                order_by: None,
            };
            let (page, next) = self.engine.scroll(request).map_err(failing("list its points"))?;
            ids.extend(page.iter().filter_map(|record| opportunity(&record.id)));
            offset = next;
            if offset.is_none() {
                return Ok(ids);
            }
        }
    }
}

/// Indexes the payload that filters ask for.
fn index_payload(engine: &EdgeShard) -> Result<(), VectorError> {
    let keywords = KEYWORDS.iter().map(|key| (*key, PayloadSchemaType::Keyword));
    for (key, kind) in keywords.chain([(CLOSES_BY, PayloadSchemaType::Integer)]) {
        let field_schema = Some(PayloadFieldSchema::FieldType(kind));
        let create = FieldIndexOperations::CreateIndex(CreateIndex { field_name: field(key)?, field_schema });
        engine.update(UpdateOperation::FieldIndexOperation(create)).map_err(failing("index its payload"))?;
    }
    Ok(())
}

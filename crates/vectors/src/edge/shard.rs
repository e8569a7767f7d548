//! The shard itself. Its calls block.

use std::sync::{Mutex, PoisonError};

use domain::OpportunityId;
use qdrant_edge::{
    ConditionalInsertOperation, CountRequest, CreateIndex, EdgeShard, FieldIndexOperations, NamedQuery,
    OperationError, PayloadFieldSchema, PayloadSchemaType, PointInsertOperations, PointOperations, QueryEnum,
    QueryRequest, ScoringQuery, ScrollRequest, SparseVector, UpdateOperation, VectorInternal,
    WithPayloadInterface, WithVector,
};

use super::{
    convert::{self, candidate, condition, config, field, not_after, point, these_not_after},
    folder::Folder,
    marker::Marker,
};
use crate::{
    BM25, CHUNK, DENSE, Depth, Filter, Held, Key, Page, Point, VectorError,
    document::{KEYWORDS, NUMBERS},
    fuse::Candidate,
    look::{Look, Near},
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

    pub(super) fn upsert(&self, points: Vec<Point>) -> Result<(), VectorError> {
        let mut points = points.into_iter().peekable();
        let chunks = std::iter::from_fn(move || {
            let version = points.peek()?.version;
            let mut chunk = Vec::new();
            while chunk.len() < CHUNK
                && let Some(next) = points.next_if(|next| next.version == version)
            {
                chunk.push(next);
            }
            Some(upserting(chunk, version))
        });
        self.update("keep points", chunks)
    }

    pub(super) fn withdraw(&self, keys: &[Key], version: i64) -> Result<(), VectorError> {
        if keys.is_empty() {
            return Ok(());
        }
        let filter = these_not_after(keys, version)?;
        self.update("withdraw points", std::iter::once(Ok(PointOperations::DeletePointsByFilter(filter))))
    }

    pub(super) fn look(&self, look: Look) -> Result<Vec<Candidate>, VectorError> {
        let Look { near, filter, limit } = look;
        let (vector, using) = match near {
            Near::Words(words) if words.is_empty() => return Ok(Vec::new()),
            Near::Words(words) => {
                let vector = SparseVector { indices: words.indices, values: words.values };
                (VectorInternal::from(vector), BM25)
            }
            Near::Dense(vector) => (VectorInternal::from(vector), DENSE),
        };
        self.nearest(vector, using, &filter, limit)
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

    pub(super) fn page(&self, from: Option<Key>, limit: usize, depth: Depth) -> Result<Page, VectorError> {
        let request = ScrollRequest {
            offset: from.map(convert::id),
            limit: Some(limit),
            filter: None,
            with_payload: Some(WithPayloadInterface::Bool(true)),
            with_vector: WithVector::Bool(depth == Depth::Vectors),
            order_by: None,
        };
        let (page, next) = self.engine.scroll(request).map_err(failing("list its points"))?;
        let points = page.into_iter().map(|record| convert::held(record, depth)).collect();
        Ok(Page { points, next: next.as_ref().map(convert::key) })
    }

    pub(super) fn held(&self, ids: &[OpportunityId], depth: Depth) -> Result<Vec<Held>, VectorError> {
        let ids: Vec<_> = ids.iter().map(|id| convert::id(Key::Opportunity(*id))).collect();
        let vectors = Some(WithVector::Bool(depth == Depth::Vectors));
        let found = self.engine.retrieve(&ids, Some(WithPayloadInterface::Bool(true)), vectors);
        let found = found.map_err(failing("read its points"))?;
        Ok(found.into_iter().map(|record| convert::held(record, depth)).collect())
    }
}

/// Keeps points of one write, except where a later one was here.
fn upserting(points: Vec<Point>, version: i64) -> Result<PointOperations, VectorError> {
    let list = points.into_iter().map(point).collect::<Result<_, _>>()?;
    Ok(PointOperations::UpsertPointsConditional(ConditionalInsertOperation {
        points_op: PointInsertOperations::PointsList(list),
        condition: not_after(version)?,
        update_mode: None,
    }))
}

/// Indexes the payload that filters ask for.
fn index_payload(engine: &EdgeShard) -> Result<(), VectorError> {
    let keywords = KEYWORDS.iter().map(|key| (*key, PayloadSchemaType::Keyword));
    let numbers = NUMBERS.iter().map(|key| (*key, PayloadSchemaType::Integer));
    for (key, kind) in keywords.chain(numbers) {
        let field_schema = Some(PayloadFieldSchema::FieldType(kind));
        let create = FieldIndexOperations::CreateIndex(CreateIndex { field_name: field(key)?, field_schema });
        engine.update(UpdateOperation::FieldIndexOperation(create)).map_err(failing("index its payload"))?;
    }
    Ok(())
}

//! The shard itself. Its calls block.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::OpportunityId;
use qdrant_edge::{
    CountRequest, CreateIndex, EdgeShard, FieldIndexOperations, NamedQuery, OperationError,
    PayloadFieldSchema, PayloadSchemaType, PointInsertOperations, PointOperations, QueryEnum, QueryRequest,
    Record, ScoringQuery, ScrollRequest, SparseVector, UpdateOperation, VectorInternal, WithPayloadInterface,
    WithVector,
};

use super::{
    convert::{self, candidate, condition, config, field, point},
    folder::Folder,
    marker::Marker,
};
use crate::{
    BM25, CHUNK, DENSE, Depth, Filter, Held, Key, Page, Point, VectorError,
    document::{FLAGS, KEYWORDS, NUMBERS},
    fuse::Candidate,
    look::{Look, Near},
    point::VERSION,
};

/// Points written after which the engine builds its indexes again, at the next pause: fewer are looked at one by one.
const BUILD_AFTER: usize = 2_000;
/// Parts of the journal, of 32 MB each, from which on the shard is opened again without them.
const JOURNAL: usize = 4;

/// An open shard, in the folder it is in.
pub(super) struct Shard {
    // Closed before the folder is given up. Empty while it is opened again, and after that failed.
    engine: RwLock<Option<EdgeShard>>,
    /// One writer at a time: the engine panics where a flush meets an update.
    writing: Mutex<()>,
    /// Points written since the indexes were built.
    written: AtomicUsize,
    folder: Folder,
}

/// The engine, while it is used.
struct Engine<'a>(RwLockReadGuard<'a, Option<EdgeShard>>);

impl Engine<'_> {
    fn shard(&self) -> Result<&EdgeShard, VectorError> {
        self.0.as_ref().ok_or_else(|| VectorError::doing("be used")("it could not be opened again"))
    }
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
            folder.has_room(0)?;
            folder.publish(|making| {
                let engine = EdgeShard::new(making, config(marker.dimensions)).map_err(failing("be made"))?;
                index_payload(&engine)?;
                engine.flush();
                marker.write(making)
            })?;
        }
        folder.prune()?;
        let engine = RwLock::new(Some(loaded(&folder)?));
        // Whatever an earlier process has left to build.
        let written = AtomicUsize::new(BUILD_AFTER);
        Ok(Self { engine, writing: Mutex::default(), written, folder })
    }

    fn engine(&self) -> Engine<'_> {
        // It guards no value that a panic could have left half changed.
        Engine(self.engine.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Fails if it could not be opened again.
    pub(super) fn is_open(&self) -> Result<(), VectorError> {
        self.engine().shard().map(drop)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Builds what makes lookups fast for what was written: the graph of the vectors, and one segment of many. Lookups continue
    /// meanwhile, writes wait. The engine would take them, beside what it builds. But tried so, a removal that was flushed meanwhile was
    /// undone where the process died before the end.
    pub(super) fn settle(&self) -> Result<(), VectorError> {
        if self.written.load(Ordering::Relaxed) < BUILD_AFTER {
            return Ok(());
        }
        let _turn = self.turn();
        // What is built stands beside what it replaces.
        self.folder.has_room(self.folder.size())?;
        let engine = self.engine();
        engine.shard()?.optimize().map_err(failing("build its indexes"))?;
        engine.shard()?.flush();
        self.written.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Opens the shard again without the journal that is behind it, if that has grown: the engine frees none of it.
    fn shorten(&self) -> Result<(), VectorError> {
        if self.folder.journal()?.len() < JOURNAL {
            return Ok(());
        }
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        // Closed first: two of them would write into one journal.
        drop(engine.take());
        self.folder.prune()?;
        *engine = Some(loaded(&self.folder)?);
        Ok(())
    }

    /// Applies operations and makes them durable, which `flush` alone does.
    fn update(&self, work: impl FnOnce(&EdgeShard) -> Result<(), VectorError>) -> Result<(), VectorError> {
        let _turn = self.turn();
        // The engine writes through memory that stands for files. Where a disk is full, the system ends the process.
        self.folder.has_room(0)?;
        self.shorten()?;
        let engine = self.engine();
        work(engine.shard()?)?;
        engine.shard()?.flush();
        Ok(())
    }

    pub(super) fn upsert(&self, points: Vec<Point>) -> Result<(), VectorError> {
        self.written.fetch_add(points.len(), Ordering::Relaxed);
        self.update(|engine| {
            let mut points = points.into_iter().peekable();
            while let Some(version) = points.peek().map(|point| point.version) {
                let mut chunk: Vec<Point> = Vec::new();
                while chunk.len() < CHUNK
                    && let Some(next) = points.next_if(|next| next.version == version)
                {
                    chunk.push(next);
                }
                let found = writes(engine, chunk.iter().map(|point| Key::Opportunity(point.id)))?;
                chunk.retain(|point| is_not_after(&found, Key::Opportunity(point.id), version));
                let list = chunk.into_iter().map(point).collect::<Result<_, _>>()?;
                let list = PointInsertOperations::PointsList(list);
                apply(engine, "keep points", PointOperations::UpsertPoints(list))?;
            }
            Ok(())
        })
    }

    pub(super) fn withdraw(&self, keys: &[Key], version: i64) -> Result<(), VectorError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.update(|engine| {
            let found = writes(engine, keys.iter().copied())?;
            let gone = keys.iter().filter(|key| is_not_after(&found, **key, version));
            let ids = gone.map(|key| convert::id(*key)).collect();
            apply(engine, "withdraw points", PointOperations::DeletePoints { ids })
        })
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
        let found = self.engine().shard()?.query(request).map_err(failing("search"))?;
        Ok(found.into_iter().filter_map(candidate).collect())
    }

    pub(super) fn count(&self) -> Result<u64, VectorError> {
        let counted = self.engine().shard()?.count(CountRequest { filter: None, exact: true });
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
        let (page, next) = self.engine().shard()?.scroll(request).map_err(failing("list its points"))?;
        let points = page.into_iter().map(|record| convert::held(record, depth)).collect();
        Ok(Page { points, next: next.as_ref().map(convert::key) })
    }

    pub(super) fn held(&self, ids: &[OpportunityId], depth: Depth) -> Result<Vec<Held>, VectorError> {
        let ids: Vec<_> = ids.iter().map(|id| convert::id(Key::Opportunity(*id))).collect();
        let vectors = Some(WithVector::Bool(depth == Depth::Vectors));
        let found = self.engine().shard()?.retrieve(&ids, Some(WithPayloadInterface::Bool(true)), vectors);
        let found = found.map_err(failing("read its points"))?;
        Ok(found.into_iter().map(|record| convert::held(record, depth)).collect())
    }
}

fn loaded(folder: &Folder) -> Result<EdgeShard, VectorError> {
    EdgeShard::load(&folder.shard(), None).map_err(failing("be opened"))
}

fn apply(engine: &EdgeShard, what: &'static str, operation: PointOperations) -> Result<(), VectorError> {
    engine.update(UpdateOperation::PointOperation(operation)).map_err(failing(what))
}

/// The numbers of the writes that made these points, as far as they have one. There is one writer, so they stay until its turn ends. The
/// engine's own conditions, which a server needs, look at every point: at 20,000 points that took most of the time of a write.
fn writes(engine: &EdgeShard, keys: impl Iterator<Item = Key>) -> Result<HashMap<Key, i64>, VectorError> {
    let ids: Vec<_> = keys.map(convert::id).collect();
    let version = WithPayloadInterface::Fields(vec![field(VERSION)?]);
    let found = engine.retrieve(&ids, Some(version), Some(WithVector::Bool(false)));
    let found = found.map_err(failing("read its points"))?;
    let number = |record: Record| {
        let version = record.payload?.0.get(VERSION)?.as_i64()?;
        Some((convert::key(&record.id), version))
    };
    Ok(found.into_iter().filter_map(number).collect())
}

/// Whether a write with this number may replace a point: it is of an earlier one, or names none.
fn is_not_after(found: &HashMap<Key, i64>, key: Key, version: i64) -> bool {
    found.get(&key).is_none_or(|found| *found <= version)
}

/// Indexes the payload that filters ask for.
fn index_payload(engine: &EdgeShard) -> Result<(), VectorError> {
    let keywords = KEYWORDS.iter().map(|key| (*key, PayloadSchemaType::Keyword));
    let numbers = NUMBERS.iter().map(|key| (*key, PayloadSchemaType::Integer));
    let flags = FLAGS.iter().map(|key| (*key, PayloadSchemaType::Bool));
    for (key, kind) in keywords.chain(numbers).chain(flags) {
        let field_schema = Some(PayloadFieldSchema::FieldType(kind));
        let create = FieldIndexOperations::CreateIndex(CreateIndex { field_name: field(key)?, field_schema });
        engine.update(UpdateOperation::FieldIndexOperation(create)).map_err(failing("index its payload"))?;
    }
    Ok(())
}

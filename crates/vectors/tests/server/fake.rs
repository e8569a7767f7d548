//! A Qdrant endpoint in this process: qdrant-client's own server stubs over the engine of the embedded index.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

#[allow(clippy::wildcard_imports, reason = "nearly all messages of the protocol")]
use ::qdrant_client::qdrant::{points_selector::PointsSelectorOneOf, *};
use tonic::{Request, Response, Status, async_trait};

use super::engine::{Collection, filter, point, wants_vectors};

type Answer<T> = Result<Response<T>, Status>;

/// Ids of a page at most, so that a few points take several.
const PAGE: usize = 5;

/// The endpoint. A clone is the same one.
#[derive(Default, Clone)]
pub(crate) struct Fake {
    collections: Arc<Mutex<HashMap<String, Collection>>>,
    requests: Arc<Mutex<Vec<&'static str>>>,
    answers: Arc<Mutex<Option<UpdateStatus>>>,
    aliases: Arc<Mutex<HashMap<String, String>>>,
    most: Arc<Mutex<Option<usize>>>,
    made: Arc<Mutex<Vec<CreateCollection>>>,
    failing: Arc<Mutex<Option<tonic::Code>>>,
    is_sieve: Arc<AtomicBool>,
    is_old: Arc<AtomicBool>,
    sent: Arc<Mutex<Vec<PointStruct>>>,
}

impl Fake {
    /// Starts it on a free port. With a key it refuses requests that do not have it.
    pub(crate) async fn start(key: Option<&'static str>) -> (Self, url::Url) {
        Self::serve("http", key, tonic::transport::Server::builder()).await
    }

    /// Starts it behind a certificate.
    pub(crate) async fn start_with_tls(identity: tonic::transport::Identity) -> (Self, url::Url) {
        let tls = tonic::transport::ServerTlsConfig::new().identity(identity);
        Self::serve("https", None, tonic::transport::Server::builder().tls_config(tls).unwrap()).await
    }

    async fn serve(
        scheme: &str,
        key: Option<&'static str>,
        mut server: tonic::transport::Server,
    ) -> (Self, url::Url) {
        let fake = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap()).parse().unwrap();
        let checked = move |request: Request<()>| {
            let given = request.metadata().get("api-key").map(|value| value.to_str().unwrap().to_owned());
            let refused = key.is_some() && given.as_deref() != key;
            if refused { Err(Status::unauthenticated("Must provide an API key")) } else { Ok(request) }
        };
        let server = server
            .add_service(collections_server::CollectionsServer::with_interceptor(fake.clone(), checked))
            .add_service(points_server::PointsServer::with_interceptor(fake.clone(), checked));
        tokio::spawn(server.serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener)));
        (fake, url)
    }

    /// Names of its collections, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.all().keys().cloned().collect();
        names.sort();
        names
    }

    /// Loses a collection, as when somebody removes it.
    pub(crate) fn lose(&self, name: &str) {
        self.all().remove(name).unwrap();
    }

    /// Changes what a collection says of itself.
    pub(crate) fn alter(&self, name: &str, change: impl FnOnce(&mut CollectionInfo)) {
        change(&mut self.all().get_mut(name).unwrap().info);
    }

    /// Answers updates with this status from now on.
    pub(crate) fn answer_updates_with(&self, status: UpdateStatus) {
        *self.answers.lock().unwrap() = Some(status);
    }

    /// Refuses messages of more points from now on, as a server does that limits their bytes.
    pub(crate) fn takes_at_most(&self, points: usize) {
        *self.most.lock().unwrap() = Some(points);
    }

    /// Takes points from now on and keeps none.
    pub(crate) fn keeps_nothing(&self) {
        self.is_sieve.store(true, Ordering::Relaxed);
    }

    /// Knows no conditions of updates from now on, as servers before 1.16.
    pub(crate) fn is_old(&self) {
        self.is_old.store(true, Ordering::Relaxed);
    }

    /// Does something to a collection behind everybody's back.
    pub(crate) fn with_points(&self, name: &str, work: impl FnOnce(&Collection)) {
        work(self.all().get(name).unwrap());
    }

    /// The points that it was sent last, and did not keep.
    pub(crate) fn last_sent(&self) -> Vec<PointStruct> {
        self.sent.lock().unwrap().clone()
    }

    /// Fails whatever is asked of a collection from now on, or nothing any more.
    pub(crate) fn fails_with(&self, code: Option<tonic::Code>) {
        *self.failing.lock().unwrap() = code;
    }

    /// What collections it was asked to make.
    pub(crate) fn made(&self) -> Vec<CreateCollection> {
        self.made.lock().unwrap().clone()
    }

    /// The collection that an alias names.
    pub(crate) fn alias(&self, name: &str) -> Option<String> {
        self.aliases.lock().unwrap().get(name).cloned()
    }

    fn fails(&self) -> Result<(), Status> {
        let code = *self.failing.lock().unwrap();
        code.map_or(Ok(()), |code| Err(Status::new(code, "as the test wants it")))
    }

    fn done(&self) -> Response<PointsOperationResponse> {
        let status = self.answers.lock().unwrap().unwrap_or(UpdateStatus::Completed);
        let result = UpdateResult { status: status.into(), ..Default::default() };
        Response::new(PointsOperationResponse { result: Some(result), ..Default::default() })
    }

    /// What was asked of it since the last time.
    pub(crate) fn requests(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Collection>> {
        self.collections.lock().unwrap()
    }

    fn with<T>(
        &self,
        request: &'static str,
        name: &str,
        work: impl FnOnce(&mut Collection) -> Result<T, Status>,
    ) -> Result<T, Status> {
        self.requests.lock().unwrap().push(request);
        self.fails()?;
        let alias = self.alias(name);
        let name = alias.as_deref().unwrap_or(name);
        let mut all = self.all();
        work(
            all.get_mut(name)
                .ok_or_else(|| Status::not_found(format!("Collection `{name}` doesn't exist!")))?,
        )
    }
}

macro_rules! not_asked_for {
    ($($name:ident($in:ty) -> $out:ty;)*) => {$(
        fn $name<'s, 'f>(&'s self, _: Request<$in>) -> std::pin::Pin<Box<dyn Future<Output = Answer<$out>> + Send + 'f>>
        where 's: 'f, Self: 'f {
            Box::pin(async { Err(Status::unimplemented(stringify!($name))) })
        }
    )*};
}

#[async_trait]
impl collections_server::Collections for Fake {
    async fn create(&self, asked: Request<CreateCollection>) -> Answer<CollectionOperationResponse> {
        let asked = asked.into_inner();
        let name = asked.collection_name.clone();
        if self.all().contains_key(&name) {
            return Err(Status::already_exists(format!("Collection `{name}` already exists!")));
        }
        self.made.lock().unwrap().push(asked.clone());
        self.all().insert(name, Collection::make(asked));
        Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
    }

    async fn collection_exists(
        &self,
        asked: Request<CollectionExistsRequest>,
    ) -> Answer<CollectionExistsResponse> {
        self.fails()?;
        let exists = self.all().contains_key(&asked.into_inner().collection_name);
        Ok(Response::new(CollectionExistsResponse { result: Some(CollectionExists { exists }), time: 0.0 }))
    }

    async fn get(&self, asked: Request<GetCollectionInfoRequest>) -> Answer<GetCollectionInfoResponse> {
        let info = self.with("info", &asked.into_inner().collection_name, |it| Ok(it.info.clone()))?;
        Ok(Response::new(GetCollectionInfoResponse { result: Some(info), time: 0.0 }))
    }

    async fn delete(&self, asked: Request<DeleteCollection>) -> Answer<CollectionOperationResponse> {
        let result = self.all().remove(&asked.into_inner().collection_name).is_some();
        Ok(Response::new(CollectionOperationResponse { result, time: 0.0 }))
    }

    /// As Qdrant does: an alias that is there names the other collection from then on, and none has the name of a collection.
    async fn update_aliases(&self, asked: Request<ChangeAliases>) -> Answer<CollectionOperationResponse> {
        for action in asked.into_inner().actions {
            let Some(alias_operations::Action::CreateAlias(create)) = action.action else {
                return Err(Status::unimplemented("an alias is only made"));
            };
            let all = self.all();
            if all.contains_key(&create.alias_name) || !all.contains_key(&create.collection_name) {
                return Err(Status::invalid_argument(format!("Collection `{}` ...", create.alias_name)));
            }
            self.aliases.lock().unwrap().insert(create.alias_name, create.collection_name);
        }
        Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
    }

    async fn list_aliases(&self, _: Request<ListAliasesRequest>) -> Answer<ListAliasesResponse> {
        let aliases = self.aliases.lock().unwrap().clone().into_iter();
        let aliases = aliases
            .map(|(alias_name, collection_name)| AliasDescription { alias_name, collection_name })
            .collect();
        Ok(Response::new(ListAliasesResponse { aliases, time: 0.0 }))
    }

    not_asked_for! {
        list(ListCollectionsRequest) -> ListCollectionsResponse;
        update(UpdateCollection) -> CollectionOperationResponse;
        list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
        update_collection_cluster_setup(UpdateCollectionClusterSetupRequest) -> UpdateCollectionClusterSetupResponse;
        create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
        delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
        list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
    }
}

#[async_trait]
impl points_server::Points for Fake {
    async fn upsert(&self, asked: Request<UpsertPoints>) -> Answer<PointsOperationResponse> {
        let asked = asked.into_inner();
        assert_eq!(asked.wait, Some(true), "an upsert must be on disk when it returns");
        if self.is_sieve.load(Ordering::Relaxed) {
            *self.sent.lock().unwrap() = asked.points;
            return Ok(self.done());
        }
        if self.most.lock().unwrap().is_some_and(|most| asked.points.len() > most) {
            let said =
                "Error, decoded message length too large: found 33554433 bytes, the limit is: 33554432 bytes";
            return Err(Status::out_of_range(said));
        }
        let points = asked.points.into_iter().map(point).collect();
        let list = qdrant_edge::PointInsertOperations::PointsList(points);
        let condition = filter(asked.update_filter.unwrap());
        let insert =
            if self.is_old.load(Ordering::Relaxed) {
                qdrant_edge::PointOperations::UpsertPoints(list)
            } else {
                qdrant_edge::PointOperations::UpsertPointsConditional(
                    qdrant_edge::ConditionalInsertOperation { points_op: list, condition, update_mode: None },
                )
            };
        self.with("upsert", &asked.collection_name, |it| it.change(insert))?;
        Ok(self.done())
    }

    async fn delete(&self, asked: Request<DeletePoints>) -> Answer<PointsOperationResponse> {
        let asked = asked.into_inner();
        assert_eq!(asked.wait, Some(true), "a deletion must be on disk when it returns");
        let selector = asked.points.and_then(|points| points.points_selector_one_of);
        let Some(PointsSelectorOneOf::Filter(which)) = selector else {
            return Err(Status::invalid_argument("a filter"));
        };
        let delete = qdrant_edge::PointOperations::DeletePointsByFilter(filter(which));
        self.with("delete", &asked.collection_name, |it| it.change(delete))?;
        Ok(self.done())
    }

    async fn query_batch(&self, asked: Request<QueryBatchPoints>) -> Answer<QueryBatchResponse> {
        let asked = asked.into_inner();
        let result = self.with("query_batch", &asked.collection_name, |it| {
            asked.query_points.into_iter().map(|query| it.nearest(query)).collect()
        })?;
        Ok(Response::new(QueryBatchResponse { result, ..Default::default() }))
    }

    async fn scroll(&self, asked: Request<ScrollPoints>) -> Answer<ScrollResponse> {
        let asked = asked.into_inner();
        let limit = PAGE.min(asked.limit.unwrap() as usize);
        let vectors = wants_vectors(asked.with_vectors);
        self.with("scroll", &asked.collection_name, |it| it.page(asked.offset, limit, vectors))
            .map(Response::new)
    }

    async fn get(&self, asked: Request<GetPoints>) -> Answer<GetResponse> {
        let asked = asked.into_inner();
        let vectors = wants_vectors(asked.with_vectors);
        let result = self.with("get", &asked.collection_name, |it| it.get(asked.ids, vectors))?;
        Ok(Response::new(GetResponse { result, ..Default::default() }))
    }

    async fn count(&self, asked: Request<CountPoints>) -> Answer<CountResponse> {
        let count = self.with("count", &asked.into_inner().collection_name, |it| it.count())?;
        Ok(Response::new(CountResponse { result: Some(CountResult { count }), ..Default::default() }))
    }

    async fn create_field_index(
        &self,
        asked: Request<CreateFieldIndexCollection>,
    ) -> Answer<PointsOperationResponse> {
        let asked = asked.into_inner();
        let kind = asked.field_type();
        self.with("index", &asked.collection_name, |it| {
            it.index(asked.field_name, kind);
            Ok(())
        })?;
        Ok(self.done())
    }

    not_asked_for! {
        query(QueryPoints) -> QueryResponse;
        update_vectors(UpdatePointVectors) -> PointsOperationResponse;
        delete_vectors(DeletePointVectors) -> PointsOperationResponse;
        set_payload(SetPayloadPoints) -> PointsOperationResponse;
        overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
        delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
        clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
        delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse;
        create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
        delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
        search(SearchPoints) -> SearchResponse;
        search_batch(SearchBatchPoints) -> SearchBatchResponse;
        search_groups(SearchPointGroups) -> SearchGroupsResponse;
        recommend(RecommendPoints) -> RecommendResponse;
        recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
        recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
        discover(DiscoverPoints) -> DiscoverResponse;
        discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
        update_batch(UpdateBatchPoints) -> UpdateBatchResponse;
        query_groups(QueryPointGroups) -> QueryGroupsResponse;
        facet(FacetCounts) -> FacetResponse;
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}

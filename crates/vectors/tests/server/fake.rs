//! A Qdrant endpoint that keeps points in a map and compares them one by one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use ::qdrant_client::qdrant::{
    condition::ConditionOneOf, r#match::MatchValue, point_id::PointIdOptions,
    points_selector::PointsSelectorOneOf, query, vector, vector_input, vectors::VectorsOptions, *,
};
use tonic::{Request, Response, Status, async_trait};

type Answer<T> = Result<Response<T>, Status>;

#[derive(Default, Clone)]
struct Fake(Arc<Mutex<HashMap<String, BTreeMap<String, PointStruct>>>>);

/// Starts it on a free port.
pub(crate) async fn serve() -> url::Url {
    let fake = Fake::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let server = tonic::transport::Server::builder()
        .add_service(qdrant_server::QdrantServer::new(fake.clone()))
        .add_service(collections_server::CollectionsServer::new(fake.clone()))
        .add_service(points_server::PointsServer::new(fake));
    tokio::spawn(server.serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener)));
    url
}

fn key(id: Option<&PointId>) -> String {
    match id.and_then(|id| id.point_id_options.as_ref()) {
        Some(PointIdOptions::Uuid(id)) => id.clone(),
        other => panic!("not a UUID: {other:?}"),
    }
}

fn named(point: &PointStruct, name: &str) -> vector::Vector {
    match point.vectors.as_ref().unwrap().vectors_options.as_ref().unwrap() {
        VectorsOptions::Vectors(named) => named.vectors[name].vector.clone().unwrap(),
        VectorsOptions::Vector(one) => panic!("not named: {one:?}"),
    }
}

fn likeness(point: &PointStruct, using: &str, wanted: &vector_input::Variant) -> f32 {
    match (named(point, using), wanted) {
        (vector::Vector::Dense(kept), vector_input::Variant::Dense(wanted)) => {
            kept.data.iter().zip(&wanted.data).map(|(a, b)| a * b).sum()
        }
        (vector::Vector::Sparse(kept), vector_input::Variant::Sparse(wanted)) => {
            let kept: HashMap<u32, f32> = kept.indices.into_iter().zip(kept.values).collect();
            wanted.indices.iter().zip(&wanted.values).map(|(at, b)| kept.get(at).map_or(0.0, |a| a * b)).sum()
        }
        other => panic!("{using} is asked with another kind of vector: {other:?}"),
    }
}

fn passes(point: &PointStruct, filter: Option<&Filter>) -> bool {
    filter.is_none_or(|filter| {
        filter.must.iter().all(|condition| {
            let Some(ConditionOneOf::Field(field)) = &condition.condition_one_of else {
                panic!("{condition:?}")
            };
            let kept = point.payload[&field.key].clone().into_json();
            match (&field.r#match, &field.range) {
                (Some(Match { match_value: Some(MatchValue::Keywords(any)) }), None) => {
                    let holds = |value: &serde_json::Value| {
                        value.as_str().is_some_and(|text| any.strings.iter().any(|one| one == text))
                    };
                    kept.as_array().map_or_else(|| holds(&kept), |all| all.iter().any(holds))
                }
                (None, Some(range)) => kept.as_f64() >= range.gte,
                other => panic!("{other:?}"),
            }
        })
    })
}

fn done() -> PointsOperationResponse {
    let result = UpdateResult { status: UpdateStatus::Completed.into(), ..UpdateResult::default() };
    PointsOperationResponse { result: Some(result), ..PointsOperationResponse::default() }
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
impl qdrant_server::Qdrant for Fake {
    async fn health_check(&self, _: Request<HealthCheckRequest>) -> Answer<HealthCheckReply> {
        Ok(Response::new(HealthCheckReply {
            title: "in this process".into(),
            version: "1.20.0".into(),
            commit: None,
        }))
    }
}

#[async_trait]
impl collections_server::Collections for Fake {
    async fn create(&self, asked: Request<CreateCollection>) -> Answer<CollectionOperationResponse> {
        let asked = asked.into_inner();
        let before = self.0.lock().unwrap().insert(asked.collection_name, BTreeMap::new());
        assert!(before.is_none(), "a collection was made over another");
        Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
    }
    async fn collection_exists(
        &self,
        asked: Request<CollectionExistsRequest>,
    ) -> Answer<CollectionExistsResponse> {
        let exists = self.0.lock().unwrap().contains_key(&asked.into_inner().collection_name);
        Ok(Response::new(CollectionExistsResponse { result: Some(CollectionExists { exists }), time: 0.0 }))
    }
    not_asked_for! {
        get(GetCollectionInfoRequest) -> GetCollectionInfoResponse;
        list(ListCollectionsRequest) -> ListCollectionsResponse;
        update(UpdateCollection) -> CollectionOperationResponse;
        delete(DeleteCollection) -> CollectionOperationResponse;
        update_aliases(ChangeAliases) -> CollectionOperationResponse;
        list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        list_aliases(ListAliasesRequest) -> ListAliasesResponse;
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
        let mut all = self.0.lock().unwrap();
        let points = all.get_mut(&asked.collection_name).ok_or_else(|| Status::not_found("collection"))?;
        points.extend(asked.points.into_iter().map(|point| (key(point.id.as_ref()), point)));
        Ok(Response::new(done()))
    }
    async fn delete(&self, asked: Request<DeletePoints>) -> Answer<PointsOperationResponse> {
        let asked = asked.into_inner();
        let Some(PointsSelectorOneOf::Points(ids)) =
            asked.points.and_then(|points| points.points_selector_one_of)
        else {
            return Err(Status::invalid_argument("ids"));
        };
        let mut all = self.0.lock().unwrap();
        let points = all.get_mut(&asked.collection_name).ok_or_else(|| Status::not_found("collection"))?;
        for id in &ids.ids {
            points.remove(&key(Some(id)));
        }
        Ok(Response::new(done()))
    }
    async fn query(&self, asked: Request<QueryPoints>) -> Answer<QueryResponse> {
        let asked = asked.into_inner();
        let Some(query::Variant::Nearest(wanted)) = asked.query.and_then(|query| query.variant) else {
            return Err(Status::invalid_argument("nearest"));
        };
        let (wanted, using) = (wanted.variant.unwrap(), asked.using.unwrap());
        let all = self.0.lock().unwrap();
        let points = &all[&asked.collection_name];
        let mut found: Vec<ScoredPoint> = points
            .values()
            .filter(|point| passes(point, asked.filter.as_ref()))
            .map(|point| ScoredPoint {
                id: point.id.clone(),
                payload: point.payload.clone(),
                score: likeness(point, &using, &wanted),
                ..ScoredPoint::default()
            })
            .filter(|point| using == "dense" || point.score > 0.0)
            .collect();
        found.sort_by(|left, right| right.score.total_cmp(&left.score));
        found.truncate(usize::try_from(asked.limit.unwrap()).unwrap());
        Ok(Response::new(QueryResponse { result: found, ..QueryResponse::default() }))
    }
    async fn scroll(&self, asked: Request<ScrollPoints>) -> Answer<ScrollResponse> {
        let all = self.0.lock().unwrap();
        let points = all[&asked.into_inner().collection_name].values();
        let result = points
            .map(|point| RetrievedPoint { id: point.id.clone(), ..RetrievedPoint::default() })
            .collect();
        Ok(Response::new(ScrollResponse { result, ..ScrollResponse::default() }))
    }
    async fn create_field_index(
        &self,
        _: Request<CreateFieldIndexCollection>,
    ) -> Answer<PointsOperationResponse> {
        Ok(Response::new(done()))
    }
    not_asked_for! {
        count(CountPoints) -> CountResponse;
        get(GetPoints) -> GetResponse;
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
        query_batch(QueryBatchPoints) -> QueryBatchResponse;
        query_groups(QueryPointGroups) -> QueryGroupsResponse;
        facet(FacetCounts) -> FacetResponse;
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}

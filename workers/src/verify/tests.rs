//! Database and index, both real, and somebody between them.

use chrono::{DateTime, Utc};
use domain::{Draft, Kind, Opportunity, RunId, SourceSlug, StreamName};
use local_postgres::{Cluster, Durability, create_database};
use normalize::{Context, normalize};
use queue::{Lease, WorkerId};
use serde_json::json;
use store::{Origin, SourceRow};
use vectors::{ByWords, EdgeIndex, Embedder as _, Model, Point};

use super::*;
use std::sync::Arc;

use crate::{
    config::{Given, load},
    pipeline::index::{Trouble, empty},
    search::{Ask, search},
    vector::Vectors,
};

/// No drift.
const NONE: [(Drift, u64); 0] = [];

/// A database and an index that last as long as the test.
struct World {
    store: Store,
    vectors: Arc<Vectors>,
    target: store::TargetId,
    _cluster: Cluster,
    _folders: [tempfile::TempDir; 2],
}

fn noon() -> DateTime<Utc> {
    "2026-11-20T11:00:00Z".parse().unwrap()
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("oim-verify-").tempdir().unwrap();
        // Its own folder: the user postgres may be unable to enter one of ours.
        let data = tempfile::Builder::new().prefix("oim-verify-").tempdir().unwrap();
        let cluster = Cluster::start(data.path(), Durability::Throwaway).await.unwrap();
        create_database(&cluster.url("postgres"), "verify").await.unwrap();
        let store = Store::connect(&cluster.url("verify"), 4).await.unwrap();
        store.migrate().await.unwrap();
        let source = SourceRow {
            slug: SourceSlug::new("fne").unwrap(),
            name: "fne".to_owned(),
            spec_version: "0".repeat(64),
            offers_itself: false,
            quiet_hours: Vec::new(),
            daily_requests: None,
            rate: "1/s".parse().unwrap(),
            enabled: true,
            streams: vec!["offres".to_owned()],
            fetch_at_once: 4,
            read_at_once: 8,
        };
        store.register_sources(&[source]).await.unwrap();
        let index = EdgeIndex::open(&folder.path().join("vectors"), ByWords.model(), ByWords::DIMENSIONS)
            .await
            .unwrap();
        let model = Model::named(ByWords::MODEL, ByWords::DIMENSIONS);
        let vectors = Arc::new(Vectors::new(Box::new(ByWords), Box::new(index), model));
        let config = load(&Given::default()).unwrap().config;
        let target = store.register_target(&vectors.target(&config)).await.unwrap();
        Self { store, vectors, target, _cluster: cluster, _folders: [data, folder] }
    }

    fn kept(&self) -> Kept {
        Kept { vectors: Arc::clone(&self.vectors), target: self.target }
    }

    /// Publishes opportunities with these titles; the number of each is its place.
    async fn publish(&self, titles: &[&str]) -> Vec<Opportunity> {
        let rows: Vec<Opportunity> =
            titles.iter().enumerate().map(|(at, title)| opportunity(at, title)).collect();
        let run = RunId::from(uuid::Uuid::now_v7());
        let origin = Origin { run, page: None, fetched_at: noon(), replaces_newer: true };
        self.store.load(&origin, &rows).await.unwrap();
        rows
    }

    /// Claims the job that empties the outbox.
    async fn job(&self) -> Lease {
        self.store.retry_now(self.target).await.unwrap();
        let kinds = ["embed_opportunities".to_owned()];
        let hold = std::time::Duration::from_mins(1);
        self.store.queue().claim(WorkerId::new(), &kinds, None, 1, None, hold).await.unwrap().remove(0).lease
    }

    /// Empties the outbox.
    async fn embed(&self) {
        let lease = self.job().await;
        empty(&self.store, &self.kept(), lease, 2).await.unwrap();
        self.store.end_embedding(lease, self.target).await.unwrap();
    }

    async fn compare(&self, repairs: bool) -> Vec<(Drift, u64)> {
        let report = compare(&self.store, &self.kept(), Depth::Vectors, repairs).await.unwrap();
        report.drift.into_iter().map(|(drift, found)| (drift, found.count)).collect()
    }

    /// Writes to the point of a row as somebody else might, `ahead` of the write that the ledger knows.
    async fn tamper(&self, row: &Opportunity, change: impl FnOnce(&mut vectors::Document), ahead: i64) {
        let compared = self.store.compared(self.target, &[row.id]).await.unwrap().remove(0);
        let mut other = document(&compared.row);
        change(&mut other);
        let dense = ByWords.embed(&[other.text.clone()]).await.unwrap();
        let version = compared.written.map_or(0, |(version, _)| version) + ahead;
        let points = Point::all(&[other], dense, version).unwrap();
        self.vectors.index.upsert(points).await.unwrap();
    }

    async fn titles(&self, text: &str) -> Vec<String> {
        let found = search(&self.vectors, &self.store, &Ask::of(text, 9)).await.unwrap();
        found.hits.into_iter().map(|hit| hit.payload.title).collect()
    }
}

fn opportunity(at: usize, title: &str) -> Opportunity {
    let context = Context {
        source: "fne".parse().unwrap(),
        stream: StreamName::new("offres").unwrap(),
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: noon(),
    };
    let mut draft = Draft::new(Kind::Job, json!({ "id": at }));
    draft.external_id = Some(at.to_string());
    draft.title = Some(title.to_owned());
    draft.place = Some("Douala".to_owned());
    normalize(draft, &context).unwrap()
}

#[tokio::test]
async fn what_differs_in_either_direction_is_found_and_healed_once() {
    let world = World::new().await;
    let rows = world.publish(&["Soudeur", "Maçon", "Comptable", "Infirmière", "Chauffeur", "Plombier"]).await;
    world.embed().await;
    assert_eq!(world.compare(false).await, NONE);
    world.tamper(&rows[0], |other| other.payload.title = "Ministre".to_owned(), 0).await;
    world.tamper(&rows[1], |_| (), 1_000).await;
    world.vectors.index.withdraw(&[Key::Opportunity(rows[2].id)], i64::MAX).await.unwrap();
    let stranger = opportunity(99, "Étranger");
    world.tamper(&rows[3], |other| other.id = stranger.id, 0).await;
    let wanted = vec![(Drift::Missing, 1), (Drift::Payload, 1), (Drift::Orphaned, 1), (Drift::Newer, 1)];
    assert_eq!(world.compare(false).await, wanted);
    assert_eq!(world.compare(false).await, wanted, "looking changes nothing");
    assert_eq!(world.compare(true).await, wanted);
    assert_eq!(world.compare(true).await, NONE, "what is requested waits, and is not requested again");
    world.embed().await;
    assert_eq!(world.compare(false).await, NONE);
    assert_eq!(world.vectors.index.count().await.unwrap(), 6);
    assert_eq!(world.titles("soudeur").await[0], "Soudeur");
}

#[tokio::test]
async fn a_point_that_is_being_changed_is_no_drift() {
    let world = World::new().await;
    world.publish(&["Soudeur", "Maçon"]).await;
    assert_eq!(world.compare(false).await, NONE, "all of them wait");
    world.embed().await;
    world.publish(&["Soudeur TIG", "Maçon"]).await;
    assert_eq!(world.compare(true).await, NONE);
    world.embed().await;
    assert_eq!(world.compare(false).await, NONE);
}

/// It slept through its lease; another worker has embedded newer texts; then it wakes up and writes what it had read.
#[tokio::test]
async fn a_worker_that_wakes_up_late_puts_no_old_text_over_a_newer_one() {
    let world = World::new().await;
    let old = world.publish(&["Soudeur", "Maçon"]).await;
    let asleep = world.job().await;
    let claimed = world.store.claim_outbox(asleep, world.target, 9, &[]).await.unwrap();
    let documents: Vec<_> = claimed.iter().map(|one| document(&one.row)).collect();
    let texts: Vec<String> = documents.iter().map(|document| document.text.clone()).collect();
    let dense = ByWords.embed(&texts).await.unwrap();
    let late = Point::all(&documents, dense, claimed[0].write).unwrap();
    world.store.queue().job_done(asleep).await.unwrap();
    world.publish(&["Soudeur TIG", "Maçon carreleur"]).await;
    world.embed().await;

    assert!(!world.store.holds(asleep).await.unwrap(), "it is asked before it writes");
    world.vectors.index.upsert(late).await.unwrap();
    assert_eq!(world.compare(false).await, NONE, "the index kept the later write");
    assert_eq!(world.titles("soudeur").await[0], "Soudeur TIG");
    let fenced = empty(&world.store, &world.kept(), asleep, 2).await;
    assert!(fenced.is_ok(), "nothing is left for it: {fenced:?}");
    world.store.request_points(world.target, &[old[0].id]).await.unwrap();
    let fenced = empty(&world.store, &world.kept(), asleep, 2).await;
    assert!(matches!(&fenced, Err(Trouble::Store(error)) if error.is_fenced()), "{fenced:?}");
}

/// The index holds points of writes that the restored database has never counted to.
#[tokio::test]
async fn a_write_that_the_index_refuses_is_made_again_with_a_greater_number() {
    let world = World::new().await;
    let rows = world.publish(&["Soudeur", "Maçon"]).await;
    world.tamper(&rows[0], |other| other.payload.title = "Soudeur de demain".to_owned(), 7_000_000).await;
    world.embed().await;
    assert_eq!(world.compare(false).await, NONE);
    assert!(world.store.newest_write().await.unwrap() > 7_000_000);
    assert_eq!(world.titles("soudeur").await[0], "Soudeur");
}

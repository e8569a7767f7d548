//! `kill -9` at random events: requests that arrive, rows that are written, jobs that are enqueued.
//!
//! `OIM_KILLS=200 cargo test -p it --test it kills` kills more often, `OIM_CRASH_SEED=7` elsewhere.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    time::Duration,
};

use fastrand::Rng;
use store::RunState;

use super::{
    state::{assert_same, bodies},
    work::{Work, is_done},
};
use crate::support::{
    Database, label_of, points_of,
    portals::{
        Portals,
        site::Day,
        world::{Format, Shape, World},
    },
};

/// The number of kills if `OIM_KILLS` does not set it. Each change waits for them.
const KILLS: u64 = 40;
/// The days over which the kills are spread.
const DAYS: u64 = 4;
/// Deaths after which a job is spared. After the twenty-first it would rightly be given up.
const SPARED: i16 = 12;
/// A real partner with a cursor. Its incremental runs request less.
const WITH_CURSOR: &str = "fne";

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |number| number.parse().unwrap())
}

/// Small sources of several pages in each format, one of them with a page for each record.
fn shapes() -> Vec<Shape> {
    [(Format::Html, 12), (Format::Json, 35), (Format::Csv, 35), (Format::Xml, 30)]
        .into_iter()
        .zip(81..)
        .map(|((format, size), number)| Shape::new(format, size, number % 2 == 0, number))
        .collect()
}

/// What the sources offer, day by day. Both pipelines see the same.
struct Days {
    worlds: Vec<World>,
    day: u64,
}

async fn portals() -> Portals {
    let portals = Portals::on(Database::new().await, &shapes(), None).await;
    portals.road.bin(&["migrate"]).run().await.expect(0);
    portals
}

impl Days {
    fn new() -> Self {
        Self { worlds: shapes().iter().map(|shape| World::new(shape, 9)).collect(), day: 0 }
    }

    /// Shows the next day and requests its runs: full and incremental ones in turn, and once a replay.
    async fn begin(&mut self, work: &Work<'_>) {
        self.day += 1;
        let shapes = &work.portals.shapes;
        for (shape, world) in shapes.iter().zip(&mut self.worlds) {
            if self.day > 1 {
                world.edit();
                world.pass(1, 2);
            }
            work.portals.show(shape, &Day::of(world.rows()));
        }
        let mode = if self.day.is_multiple_of(2) { "incremental" } else { "full" };
        for source in shapes.iter().map(|shape| shape.slug.as_str()).chain([WITH_CURSOR]) {
            work.request(source, mode).await;
            if self.day == 3 {
                work.request(source, "replay").await;
            }
        }
    }
}

/// Returns the requests so far, by host and target, in their order.
fn requests(portals: &Portals) -> Vec<(String, String)> {
    let all = portals.replay.arrivals().into_iter().chain(portals.road.replay.arrivals());
    all.filter(|arrival| arrival.path != "/robots.txt").map(|arrival| (arrival.host, arrival.path)).collect()
}

/// Counts events: requests, and numbers drawn from sequences, which include those of open transactions.
async fn events(work: &Work<'_>) -> u64 {
    let rows: i64 = sqlx::query_scalar(
        "SELECT (SELECT last_value FROM ingest.pages_id_seq) + (SELECT last_value FROM queue.jobs_id_seq)
              + (SELECT last_value FROM ingest.changes_id_seq) + (SELECT last_value FROM ingest.outbox_version)
              + (SELECT last_value FROM ingest.rejections_id_seq)",
    )
    .fetch_one(work.store.pool())
    .await
    .unwrap();
    let arrivals = work.portals.replay.arrivals().len() + work.portals.road.replay.arrivals().len();
    u64::try_from(rows).unwrap() + u64::try_from(arrivals).unwrap()
}

/// Answers that were archived when a worker was killed, with the number of requests that the server had received.
#[derive(Default)]
struct Kept(HashMap<(String, String), usize>);

impl Kept {
    fn look(&mut self, work: &Work<'_>, archive: &Path, earlier: &[PathBuf]) {
        for body in bodies(archive).into_iter().filter(|body| !earlier.contains(body)) {
            let label = label_of(&body);
            let url: url::Url = label["url"].as_str().unwrap().parse().unwrap();
            let host = url.host_str().unwrap().to_owned();
            let so_far = requests_of(work.portals, &host).len();
            self.0.entry((host, url[url::Position::BeforePath..].to_owned())).or_insert(so_far);
        }
    }

    /// Returns which of them were requested again since.
    fn requested_again(&self, portals: &Portals) -> Vec<&(String, String)> {
        let again = |(key, before): &(&(String, String), &usize)| {
            requests_of(portals, &key.0).iter().skip(**before).any(|target| *target == key.1)
        };
        self.0.iter().filter(again).map(|(key, _)| key).collect()
    }
}

fn requests_of(portals: &Portals, host: &str) -> Vec<String> {
    requests(portals).into_iter().filter(|(known, _)| known == host).map(|(_, target)| target).collect()
}

/// Returns how often workers died while they ran the same job.
async fn most_deaths(work: &Work<'_>) -> i16 {
    sqlx::query_scalar("SELECT coalesce(max(losses), 0)::smallint FROM queue.jobs")
        .fetch_one(work.store.pool())
        .await
        .unwrap()
}

/// Returns what a killed worker was doing.
async fn at_work(work: &Work<'_>) -> Vec<String> {
    sqlx::query_scalar("SELECT DISTINCT kind FROM queue.jobs WHERE state = 'running' ORDER BY kind")
        .fetch_all(work.store.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_and_repeat_nothing() {
    let (kills, seed) = (setting("OIM_KILLS", KILLS), setting("OIM_CRASH_SEED", 20_261_127));
    println!("OIM_KILLS={kills} OIM_CRASH_SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let (wild, mut days) = (portals().await, Days::new());
    let archive = wild.archive.clone();
    let mut work = Work::on(&wild).await;
    let (mut killed, mut landed) = (0, BTreeMap::<Vec<String>, u32>::new());
    while killed < kills {
        // Answers of earlier days belong to other runs.
        let earlier: Vec<_> = bodies(&archive);
        days.begin(&work).await;
        let mut kept = Kept::default();
        let end = if days.day < DAYS { kills * days.day / DAYS } else { kills };
        while killed < end && !is_done(&work.store).await {
            // From one event to hundreds, equally often, so that kills hit small steps and large ones can finish.
            let gap = (rng.f64() * 250_f64.ln()).exp().round();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to 250")]
            let target = events(&work).await + gap as u64;
            work.start(None);
            loop {
                let is_spared = most_deaths(&work).await >= SPARED;
                if !is_spared && events(&work).await >= target || is_done(&work.store).await {
                    break;
                }
                assert!(!work.has_died(), "a worker ended by itself");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            work.kill();
            *landed.entry(at_work(&work).await).or_default() += 1;
            killed += 1;
            kept.look(&work, &archive, &earlier);
            work.let_time_pass().await;
        }
        work.finish().await;
        let again = kept.requested_again(&wild);
        assert!(again.is_empty(), "day {}: archived, and requested again: {again:?}", days.day);
    }
    // The audit holds the same runs in both pipelines. No death makes a run failed or partial.
    let runs = work.store.runs(None, 1_000).await.unwrap();
    let lacking: Vec<_> =
        runs.iter().filter(|run| matches!(run.state, RunState::Failed | RunState::Partial)).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
    let found = (work.state().await, points_of(&wild.road).await);

    let (calm, mut calm_days) = (portals().await, Days::new());
    let mut work = Work::on(&calm).await;
    while calm_days.day < days.day {
        calm_days.begin(&work).await;
        work.finish().await;
    }
    let expected = (work.state().await, points_of(&calm.road).await);
    let note = format!("{killed} kills, seed {seed}");
    assert_same(&expected.0, &found.0, &note);
    assert_eq!(found.1, expected.1, "points, {note}");
    let (wild, calm) = (requests(&wild).len(), requests(&calm).len());
    println!("{note}: {} days; {wild} requests, {calm} undisturbed; workers died at {landed:?}", days.day);
    // The answers of requests under way are lost. A worker has a few of them at a time.
    assert!(wild - calm <= usize::try_from(killed).unwrap() * 5, "{wild} requests, {calm} undisturbed");
}

//! A worker is stopped (SIGSTOP, a laptop lid, a paused machine) for longer than its lease lasts. Another one does its work; then it wakes up,
//! with answers, rows and points in its hands that are late.

use std::collections::BTreeSet;

use fastrand::Rng;
use rustix::process::Signal;

use super::{
    state::{State, assert_same},
    work::{Work, is_done},
};
use crate::support::{
    Database, points_of,
    portals::{
        Portals,
        site::Day,
        world::{Format, Shape, World},
    },
    wait_until,
};

/// Days, on each of which a worker is stopped once.
const DAYS: u64 = 6;

fn shapes() -> [Shape; 3] {
    [
        Shape::new(Format::Html, 12, true, 96),
        Shape::new(Format::Json, 35, false, 97),
        Shape::new(Format::Csv, 35, true, 98),
    ]
}

/// Counts requests and what was written, open transactions included.
async fn events(work: &Work<'_>) -> i64 {
    let written: i64 = sqlx::query_scalar(
        "SELECT (SELECT last_value FROM ingest.pages_id_seq) + (SELECT last_value FROM queue.jobs_id_seq) + (SELECT last_value FROM ingest.outbox_version)",
    )
    .fetch_one(work.store.pool())
    .await
    .unwrap();
    written + i64::try_from(work.portals.replay.arrivals().len()).unwrap()
}

async fn runs_left(work: &Work<'_>) -> i64 {
    let left = sqlx::query_scalar("SELECT count(*) FROM ingest.runs WHERE finished_at IS NULL");
    left.fetch_one(work.store.pool()).await.unwrap()
}

/// Plays all days, with or without stops. Returns what they leave.
async fn days(mut stops: Option<Rng>) -> (State, BTreeSet<String>) {
    let shapes = shapes();
    let portals = Portals::on(Database::new().await, &shapes, None).await;
    portals.road.bin(&["migrate"]).run().await.expect(0);
    let mut worlds = shapes.each_ref().map(|shape| World::new(shape, 11));
    let mut work = Work::on(&portals).await;
    for day in 0..DAYS {
        for (shape, world) in shapes.iter().zip(&mut worlds) {
            if day > 0 {
                world.edit();
                world.pass(1, 2);
            }
            portals.show(shape, &Day::of(world.rows()));
            work.request(&shape.slug, "full").await;
        }
        match &mut stops {
            Some(rng) => stopped_day(&mut work, rng.i64(1..90)).await,
            None => work.finish().await,
        }
    }
    (work.state().await, points_of(&portals.road).await)
}

/// Stops a worker after so many events, lets another one end the runs, and wakes the first.
async fn stopped_day(work: &mut Work<'_>, after: i64) {
    let target = events(work).await + after;
    let mut first = work.portals.road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("it is in the middle of its work", async || {
        events(work).await >= target || is_done(&work.store).await
    })
    .await;
    first.signal(Signal::STOP);
    work.let_time_pass().await;
    work.start(None);
    // The index is in the hands of the one that sleeps: its points wait.
    wait_until("the second has ended the runs", async || {
        work.hurry().await;
        work.store.reap().await.unwrap();
        runs_left(work).await == 0
    })
    .await;
    first.signal(Signal::CONT);
    wait_until("all is done", async || {
        work.hurry().await;
        is_done(&work.store).await
    })
    .await;
    work.kill();
    first.kill();
    work.let_time_pass().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wakes_up_late_changes_nothing() {
    let seed = std::env::var("OIM_CRASH_SEED").ok().map_or(5, |seed| seed.parse().unwrap());
    let ((found, points), (expected, calm)) = (days(Some(Rng::with_seed(seed))).await, days(None).await);
    assert_same(&expected, &found, &format!("workers stopped, seed {seed}"));
    assert_eq!(calm, points, "points, seed {seed}");
}

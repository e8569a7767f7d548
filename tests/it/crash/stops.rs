//! A worker is stopped (SIGSTOP: a paused machine, a laptop lid) for longer than its lease lasts. Another one does its work; then it wakes up,
//! with answers, rows and points in its hands that are late.

use std::collections::BTreeSet;

use fastrand::Rng;
use futures::StreamExt as _;
use rustix::process::Signal;
use store::failpoint::Step;

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

/// The steps before and after which a worker is stopped.
const STEPS: [Step; 9] = [
    Step::ArchiveAnswer,
    Step::EnterListPage,
    Step::EndCrawl,
    Step::StageRows,
    Step::CommitPage,
    Step::StartClosing,
    Step::PublishRows,
    Step::CloseMissing,
    Step::MoveCursors,
];
/// Days of a pipeline. On each, a worker is stopped once.
const DAYS: usize = 7;
/// Pipelines that run in parallel. Each waits most of its time.
const AT_ONCE: usize = 3;

/// When a worker is stopped.
#[derive(Debug, Clone)]
enum Moment {
    /// At a step.
    Step(String),
    /// After so many requests and writes.
    Events(i64),
}

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

/// Plays all days, and stops a worker at one of the moments on each. Returns what they leave.
async fn days(stops: Option<Vec<Moment>>) -> (State, BTreeSet<String>) {
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
        match &stops {
            Some(stops) => stopped_day(&mut work, &stops[day]).await,
            None => work.finish().await,
        }
    }
    (work.state().await, points_of(&portals.road).await)
}

/// Stops a worker, lets another one end the runs, and wakes the first, which ends what is left.
async fn stopped_day(work: &mut Work<'_>, moment: &Moment) {
    let bin = work.portals.road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]);
    let first = match moment {
        Moment::Step(point) => {
            let first = bin.env("OIM_FAILPOINT", &format!("stop:{point}")).start();
            wait_until(&format!("it has stopped {point}"), async || first.is_stopped()).await;
            first
        }
        Moment::Events(count) => {
            let target = events(work).await + count;
            let first = bin.start();
            wait_until("it is in the middle of its work", async || {
                events(work).await >= target || is_done(&work.store).await
            })
            .await;
            first.signal(Signal::STOP);
            first
        }
    };
    work.let_time_pass().await;
    work.start(None);
    // The index is in the hands of the one that sleeps: its points wait.
    let mut left = String::new();
    wait_until(&format!("the second has ended the runs after a stop at {moment:?}"), async || {
        work.hurry().await;
        let now = what_is_left(work).await;
        if now != left {
            println!("{moment:?}: {now}");
            left = now;
        }
        left.is_empty()
    })
    .await;
    wait_until("the one that sleeps is taken for dead", async || {
        let workers = "SELECT count(*) FROM queue.workers";
        sqlx::query_scalar::<_, i64>(workers).fetch_one(work.store.pool()).await.unwrap() == 1
    })
    .await;
    work.kill();
    work.let_time_pass().await;
    first.signal(Signal::CONT);
    wait_until(&format!("the first continues and ends all after a stop at {moment:?}"), async || {
        work.hurry().await;
        is_done(&work.store).await && first.has_said("silent for longer than its lease")
    })
    .await;
    drop(first);
    work.let_time_pass().await;
}

/// Names what keeps the runs from their end.
async fn what_is_left(work: &Work<'_>) -> String {
    let left = "SELECT coalesce(string_agg(source || ' ' || state || coalesce(' ' || message, ''), '; '), '') FROM ingest.runs WHERE finished_at IS NULL";
    let left: String = sqlx::query_scalar(left).fetch_one(work.store.pool()).await.unwrap();
    if left.is_empty() {
        return left;
    }
    let open = "SELECT coalesce(string_agg(format('%s %s %s waits for %s: %s', pid, state, wait_event, pg_blocking_pids(pid), left(query, 60)), '; '), '')
                  FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()";
    let open: String = sqlx::query_scalar(open).fetch_one(work.store.pool()).await.unwrap();
    format!("{left} · {open}")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wakes_up_late_changes_nothing() {
    let seed = std::env::var("OIM_CRASH_SEED").ok().map_or(5, |seed| seed.parse().unwrap());
    let mut rng = Rng::with_seed(seed);
    let steps =
        STEPS.iter().flat_map(|step| ["before", "after"].map(|moment| format!("{moment}:{}", step.name())));
    let only = std::env::var("FAILPOINT").unwrap_or_default();
    let mut moments: Vec<Moment> = steps.filter(|point| point.contains(&only)).map(Moment::Step).collect();
    // The rest of the days, and a pipeline more, at any moment.
    let all = moments.len().div_ceil(DAYS) * DAYS + DAYS;
    moments.extend((moments.len()..all).map(|_| Moment::Events(rng.i64(1..90))));
    let pipelines = std::iter::once(None).chain(moments.chunks(DAYS).map(|part| Some(part.to_vec())));
    let mut pipelines = futures::stream::iter(pipelines.map(days).collect::<Vec<_>>()).buffered(AT_ONCE);
    let (expected, calm) = pipelines.next().await.unwrap();
    let mut parts = moments.chunks(DAYS);
    while let Some((found, points)) = pipelines.next().await {
        let note = format!("seed {seed}, stopped at {:?}", parts.next().unwrap());
        assert_same(&expected, &found, &note);
        assert_eq!(calm, points, "points, {note}");
    }
}

//! `kill -9` at random moments: the road ends in the same rows, points and archive as an undisturbed one.

use std::time::Duration;

use replay::Behavior;
use store::Store;

use crate::support::{Road, archive_of, points_of, rows_of, terminate, wait_until};

/// Times a worker is killed.
const KILLS: u64 = 25;

fn behavior() -> Behavior {
    Behavior { throttle_every: Some(50), crawl_delay: 0.0, ..Behavior::default() }
}

/// A road that takes long enough to be disturbed, with leases short enough to be rescued in a test.
async fn road() -> Road {
    let mut road = Road::with(behavior(), "40/s").await;
    road.settings.push("worker.lease_seconds=2".to_owned());
    road
}

async fn ask(store: &Store) {
    for source in ["fne", "emploicameroun"] {
        sqlx::query("SELECT api.request_ingest($1, 'full')")
            .bind(source)
            .execute(store.pool())
            .await
            .unwrap();
    }
}

async fn settled(store: &Store) -> bool {
    let runs = store.runs(None, 100).await.unwrap();
    let jobs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue.jobs").fetch_one(store.pool()).await.unwrap();
    !runs.is_empty()
        && runs.iter().all(|run| run.state.ended())
        && jobs == 0
        && store.overview(0).await.unwrap().outbox == 0
}

/// The seed is printed on failure; `OIM_CRASH_SEED` repeats it.
fn seed() -> u64 {
    std::env::var("OIM_CRASH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_120)
}

/// A step of a linear congruential generator (Knuth, MMIX): moments need no better randomness.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_five_kills_lose_nothing_and_repeat_nothing() {
    let calm = road().await;
    let store = calm.database.store().await;
    calm.bin(&["migrate"]).run().await.expect(0);
    ask(&store).await;
    let mut worker = calm.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the undisturbed road is done", async || settled(&store).await).await;
    terminate(&mut worker).await;
    let expected = (rows_of(&store).await, points_of(&calm).await, archive_of(calm.data()));

    let wild = road().await;
    let store = wild.database.store().await;
    wild.bin(&["migrate"]).run().await.expect(0);
    let (mut state, mut killed) = (seed(), 0);
    while killed < KILLS {
        if settled(&store).await || store.runs(None, 1).await.unwrap().is_empty() {
            ask(&store).await;
        }
        let mut worker = wild.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
        tokio::time::sleep(Duration::from_millis(60 + next(&mut state) % 900)).await;
        worker.kill();
        killed += 1;
    }
    let mut worker = wild.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the disturbed road is done", async || settled(&store).await).await;
    ask(&store).await;
    wait_until("a last whole run is done", async || settled(&store).await).await;
    terminate(&mut worker).await;

    let note = format!("seed {}", seed());
    let found = (rows_of(&store).await, points_of(&wild).await, archive_of(wild.data()));
    assert_eq!(found.0.len(), expected.0.len(), "rows, {note}");
    assert_eq!(found.0, expected.0, "rows, {note}");
    assert_eq!(found.1, expected.1, "points, {note}");
    assert_eq!(found.2, expected.2, "archive, {note}");
    let dead = store.overview(50).await.unwrap().dead_letters;
    assert!(dead.is_empty(), "{dead:?}, {note}");
}

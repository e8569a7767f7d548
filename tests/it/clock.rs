//! A worker whose clock is wrong: it stamps nothing with it, and takes no work.
//!
//! The clock of the worker alone is set: a library that is loaded before the C library adds the seconds of a file to each reading.

use std::process::Command;

use serde_json::Value;
use store::{RunState, Store};

use crate::support::{Bin, Road, client, terminate, wait_until};

const FORTY_DAYS: i64 = 40 * 24 * 3600;

/// Reads the real clock without the C library, whose function it replaces.
const SHIFTED: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t which, struct timespec *now) {
    long status = syscall(SYS_clock_gettime, which, now);
    const char *name = getenv("TEST_CLOCK_SHIFT");
    if (status == 0 && which == CLOCK_REALTIME && name != 0) {
        char text[32] = {0};
        int file = open(name, O_RDONLY);
        if (file >= 0) {
            if (read(file, text, sizeof text - 1) > 0) now->tv_sec += atol(text);
            close(file);
        }
    }
    return (int) status;
}
"#;

/// A pipeline whose binary runs with a clock that can be set.
struct Shifted {
    road: Road,
    library: String,
    file: String,
}

impl Shifted {
    async fn new() -> Self {
        let road = Road::new().await;
        let source = road.put("shifted.c", SHIFTED);
        let library = road.data().join("shifted.so").to_str().unwrap().to_owned();
        let built = Command::new("cc").args(["-shared", "-fPIC", "-o", &library, &source]).status().unwrap();
        assert!(built.success(), "the C compiler fails");
        let file = road.put("shift", "0");
        Self { road, library, file }
    }

    fn set(&self, seconds: i64) {
        // A rename, because a reader must not see an empty file.
        let fresh = self.road.put("shift.new", seconds.to_string());
        std::fs::rename(fresh, &self.file).unwrap();
    }

    fn bin(&self, args: &[&str]) -> Bin {
        self.road.bin(args).env("LD_PRELOAD", &self.library).env("TEST_CLOCK_SHIFT", &self.file)
    }
}

async fn stamps_are_right(store: &Store) {
    let (pages, wrong): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(*) FILTER (WHERE abs(extract(epoch FROM clock_timestamp() - fetched_at)) > 300)
           FROM ingest.pages WHERE fetched_at IS NOT NULL",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert!(pages > 0 && wrong == 0, "{wrong} of {pages} pages have the time of the worker");
    let closed =
        "SELECT count(*) FROM ingest.opportunities WHERE status = 'closed' AND closed_why IN ('date', 'ended')
                   AND ingest.open_until(kind, closes_on, ends_on) > current_date";
    let closed: i64 = sqlx::query_scalar(closed).fetch_one(store.pool()).await.unwrap();
    assert_eq!(closed, 0, "opportunities are closed that are open today");
}

async fn state(store: &Store) -> RunState {
    store.runs(None, 1).await.unwrap()[0].state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_clock_jumps_says_so_and_takes_no_work_until_it_is_right() {
    let shifted = Shifted::new().await;
    let store = shifted.road.database.store().await;
    let mut worker = shifted
        .bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler", "--set", "worker.lease_seconds=12"])
        .start();
    let only = async || store.queue().workers().await.unwrap().into_iter().next();
    wait_until("the worker is there", async || only().await.is_some()).await;
    shifted.set(-FORTY_DAYS);
    wait_until("it notices", async || only().await.is_some_and(|worker| worker.clock_off.is_some())).await;
    shifted.set(FORTY_DAYS);
    wait_until("it notices", async || {
        only()
            .await
            .and_then(|worker| worker.clock_off)
            .is_some_and(|seconds| (seconds - FORTY_DAYS).abs() < 60)
    })
    .await;
    let status = shifted.road.bin(&["status"]).run().await.expect(0).out;
    assert!(status.contains("takes no work: its clock is 40 days ahead of that of the database"), "{status}");
    let ready = format!("http://{}/health/ready", only().await.unwrap().http_address.unwrap());
    let answer = client().get(&ready).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let said: Value = answer.json().await.unwrap();
    assert_eq!(said["clock"], "the clock of this machine is 40 days ahead of that of the database", "{said}");

    shifted.road.bin(&["ingest", "fne", "--full", "--no-wait"]).run().await.expect(0);
    // It lives on, and sees the job more than once.
    let until = async || -> Option<chrono::DateTime<chrono::Utc>> {
        sqlx::query_scalar("SELECT max(until) FROM queue.leases").fetch_one(store.pool()).await.unwrap()
    };
    for _ in 0..2 {
        let before = until().await;
        wait_until("its lease is extended", async || until().await > before).await;
    }
    assert_eq!(state(&store).await, RunState::Queued, "it has taken work");
    shifted.set(0);
    wait_until("the run ends", async || state(&store).await.ended()).await;
    assert_eq!(state(&store).await, RunState::Complete);
    stamps_are_right(&store).await;
    assert_eq!(only().await.unwrap().clock_off, None);
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_stamps_before_it_notices_is_the_time_of_the_database() {
    let shifted = Shifted::new().await;
    let store = shifted.road.database.store().await;
    // With this lease, the next look at the clock is minutes away.
    let lease = "worker.lease_seconds=3600";
    let mut worker =
        shifted.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler", "--set", lease]).start();
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    let ready = store.queue().workers().await.unwrap()[0].http_address.clone().unwrap();
    let get = async || client().get(format!("http://{ready}/health/ready")).send().await.unwrap().status();
    wait_until("it is ready", async || get().await == 200).await;
    shifted.set(FORTY_DAYS);
    shifted.road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    assert_eq!(get().await, 200, "it has noticed: this test shows nothing");
    stamps_are_right(&store).await;
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_clock_is_wrong_does_not_work_the_queue() {
    let shifted = Shifted::new().await;
    shifted.set(-FORTY_DAYS);
    let refused = shifted.bin(&["ingest", "fne", "--full"]).run().await;
    assert!(
        refused.code > 0 && refused.err.contains("40 days behind that of the database"),
        "{}",
        refused.err
    );
    let store = shifted.road.database.store().await;
    assert_eq!(state(&store).await, RunState::Queued);
}

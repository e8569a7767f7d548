//! Hosts that fail rest for the whole pool, and one request at a time sees whether they answer again.

use std::time::Duration;

use replay::Behavior;
use store::{Failing, HostFailed, HostTurn, LONGEST_REST, RunState, Store};

use crate::support::{
    Database, Road,
    opportunities::{fresh, register},
    runs::request,
    terminate, wait_until,
};

const HOST: &str = "www.emploicameroun.cm";
const LEASE: Duration = Duration::from_secs(50);

async fn fail(store: &Store, is_probe: bool) -> Failing {
    let failed = HostFailed { source: "fne", why: "it answered 503", is_probe, counts: true };
    store.host_failed(HOST, failed, 0.0).await.unwrap()
}

async fn turn(store: &Store) -> HostTurn {
    store.host_turn(HOST, LEASE).await.unwrap()
}

async fn pass_rest(store: &Store) {
    sqlx::query("UPDATE ingest.hosts SET next_try = clock_timestamp()").execute(store.pool()).await.unwrap();
}

#[tokio::test]
async fn a_host_rests_after_some_failures_in_a_row_and_only_its_probes_make_that_longer() {
    let store = Database::new().await.store().await;
    assert_eq!(turn(&store).await, HostTurn::Free);
    assert!(!fail(&store, false).await.rests() && !fail(&store, false).await.rests());
    assert!(matches!(turn(&store).await, HostTurn::Watched(_)), "two failures may be chance");
    let first = fail(&store, false).await;
    assert!(first.rests() && first.rest <= Duration::from_secs(2), "{first:?}");
    for _ in 0..30 {
        assert_eq!(fail(&store, false).await.failures, 3, "it was on its way before");
    }
    assert!(matches!(turn(&store).await, HostTurn::Rests(failing) if failing.rest <= Duration::from_secs(2)));
    let mut rests = Vec::new();
    for failures in 4..20 {
        pass_rest(&store).await;
        assert!(matches!(turn(&store).await, HostTurn::Probe(failing) if failing.failures == failures - 1));
        for _ in 0..3 {
            assert!(matches!(turn(&store).await, HostTurn::Rests(_)), "a second probe");
        }
        rests.push(fail(&store, true).await.rest);
    }
    assert!(rests.windows(2).all(|pair| pair[1] > pair[0] || pair[1] > LONGEST_REST / 2), "{rests:?}");
    assert!(rests.iter().all(|rest| *rest <= LONGEST_REST) && rests[15] > LONGEST_REST / 2, "{rests:?}");
    store.host_answered(HOST, "fne").await.unwrap();
    assert_eq!(turn(&store).await, HostTurn::Free);
    assert_eq!(fail(&store, false).await.failures, 1);
}

#[tokio::test]
async fn an_answer_between_failures_starts_the_count_again_and_a_pause_asked_for_does_not_count() {
    let store = Database::new().await.store().await;
    for _ in 0..5 {
        fail(&store, false).await;
        fail(&store, false).await;
        store.host_answered(HOST, "fne").await.unwrap();
    }
    for _ in 0..5 {
        let asks = HostFailed { source: "fne", why: "it answered 429", is_probe: false, counts: false };
        let asking = store.host_failed(HOST, asks, 0.5).await.unwrap();
        assert_eq!((asking.failures, asking.rests()), (0, false), "its own pause holds");
    }
    assert!(matches!(turn(&store).await, HostTurn::Watched(_)));
    let hosts = store.failing_hosts().await.unwrap();
    assert_eq!((hosts.len(), hosts[0].why.as_str()), (1, "it answered 429"));
}

#[tokio::test]
async fn many_askers_send_one_probe_and_a_lost_one_is_sent_again() {
    let store = Database::new().await.store().await;
    for _ in 0..3 {
        fail(&store, false).await;
    }
    pass_rest(&store).await;
    let asked = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.host_turn(HOST, LEASE).await.unwrap() })
    });
    let turns = futures::future::join_all(asked).await;
    let probes = turns.iter().filter(|turn| matches!(turn.as_ref().unwrap(), HostTurn::Probe(_))).count();
    assert_eq!(probes, 1);
    // Whoever sent it died: nothing is known of it when its time is over.
    pass_rest(&store).await;
    assert!(matches!(turn(&store).await, HostTurn::Probe(_)));
}

#[tokio::test]
async fn an_answer_lets_the_jobs_of_the_source_begin() {
    let store = fresh().await;
    let slug = register(&store, "fne").await;
    store.request_run(&request(&slug, store::Mode::Full)).await.unwrap();
    let later = "UPDATE queue.jobs SET run_at = now() + interval '10 minutes'";
    let due = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM queue.jobs WHERE run_at <= now()")
            .fetch_one(store.pool())
            .await
            .unwrap()
    };
    sqlx::query(later).execute(store.pool()).await.unwrap();
    fail(&store, false).await;
    store.host_answered(HOST, "fne").await.unwrap();
    assert_eq!(due().await, 0, "nobody waited for a host that did not rest");
    for _ in 0..3 {
        fail(&store, false).await;
    }
    store.host_answered(HOST, "mc2").await.unwrap();
    assert_eq!(due().await, 0, "the jobs of another source");
    for _ in 0..3 {
        fail(&store, false).await;
    }
    store.host_answered(HOST, "fne").await.unwrap();
    assert_eq!(due().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn queued_pages_do_not_probe_a_host_that_is_down_and_all_of_them_come_when_it_is_back() {
    let behavior = Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() };
    let road = Road::with(behavior, "40/s").await;
    let store = road.database.store().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.bin(&["ingest", "emploicameroun", "--full", "--no-wait"]).run().await.expect(0);
    let queued = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM queue.jobs WHERE kind = 'fetch_page'")
            .fetch_one(store.pool())
            .await
            .unwrap()
    };
    wait_until("pages are queued", async || queued().await > 10).await;
    road.replay.down(HOST, true);
    let failing = async || store.host_failing(HOST).await.unwrap().map_or(0, |failing| failing.failures);
    wait_until("it rests", async || failing().await >= 3).await;
    // Those that were on their way fail too. Then, each rest ends with one request, however many pages wait.
    let idle = "SELECT count(*) FROM queue.jobs WHERE state = 'running'";
    let visits = || road.replay.arrivals().iter().filter(|arrival| arrival.host == HOST).count();
    for _ in 0..4 {
        wait_until("nobody asks", async || {
            sqlx::query_scalar::<_, i64>(idle).fetch_one(store.pool()).await.unwrap() == 0
        })
        .await;
        let (before, failures) = (visits(), failing().await);
        sqlx::query("UPDATE ingest.hosts SET next_try = now() + interval '1 hour'")
            .execute(store.pool())
            .await
            .unwrap();
        sqlx::query("UPDATE queue.jobs SET run_at = now()").execute(store.pool()).await.unwrap();
        wait_until("all of them were refused", async || {
            let due = "SELECT count(*) FROM queue.jobs WHERE run_at <= now()";
            sqlx::query_scalar::<_, i64>(due).fetch_one(store.pool()).await.unwrap() == 0
        })
        .await;
        assert_eq!((visits(), failing().await), (before, failures), "a host that rests was asked");
        pass_rest(&store).await;
        sqlx::query("UPDATE queue.jobs SET run_at = now()").execute(store.pool()).await.unwrap();
        wait_until("the probe fails", async || failing().await > failures).await;
        assert_eq!((visits(), failing().await), (before + 1, failures + 1), "more than one request");
    }
    let given_up: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue.dead_letters").fetch_one(store.pool()).await.unwrap();
    assert!(given_up == 0 && queued().await > 10, "{given_up} pages were given up");
    let status = road.bin(&["status"]).run().await.expect(0).out;
    assert!(
        status.contains(&format!("host           {HOST}: has not answered since"))
            && status.contains("next try at"),
        "{status}"
    );
    road.replay.down(HOST, false);
    pass_rest(&store).await;
    sqlx::query("UPDATE queue.jobs SET run_at = now() WHERE id = (SELECT min(id) FROM queue.jobs WHERE kind = 'fetch_page')")
        .execute(store.pool())
        .await
        .unwrap();
    // The first answer releases the others, whose pauses are long.
    wait_until("the run ends", async || store.runs(None, 1).await.unwrap()[0].state.ended()).await;
    assert_eq!(store.runs(None, 1).await.unwrap()[0].state, RunState::Complete);
    assert!(store.failing_hosts().await.unwrap().is_empty());
    terminate(&mut worker).await;
}

//! Sources that hang, fail or lie cost the others nothing.

use crate::support::{
    Road, rows_of,
    tarpit::{POSTS, Tarpit},
    wait_until,
};

/// Sources that hang.
const HANGING: usize = 16;
/// `worker.fetch_at_once`
const AT_ONCE: usize = 4;

fn spec(host: &str) -> String {
    format!(
        "name = '{host}'
base_url = 'https://{host}'
rate = '200/s'
robots = false
[streams.offres]
kind = 'job'
format = 'html'
request = {{ path = '/liste' }}
records = 'li'
[streams.offres.fields]
external_id = {{ css = 'a', attr = 'href', regex = '/(\\d+)$' }}
[streams.offres.detail]
link = 'a'
[streams.offres.detail.fields]
title = 'h1'
"
    )
}

/// Adds sources that the tarpit serves. Returns their slugs: one half is silent, one sends a byte now and then.
fn hanging(road: &mut Road, tarpit: &Tarpit, count: usize) -> Vec<String> {
    let slugs: Vec<String> =
        (0..count).map(|at| format!("{}{at:02}", if at % 2 == 0 { "lent" } else { "sourd" })).collect();
    for slug in &slugs {
        road.put(&format!("specs/{slug}.toml"), spec(&format!("{slug}.cm")));
        road.settings.push(format!("sources.{slug}.via={}", tarpit.url()));
    }
    road.settings.push(format!("sources_dir={}", road.data().join("specs").display()));
    slugs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_beside_sixteen_that_hang_ends_while_they_still_do() {
    let mut road = Road::new().await;
    let tarpit = Tarpit::start().await;
    let slugs = hanging(&mut road, &tarpit, HANGING);
    // No answer that trickles ends by itself, however slow this machine is; few jobs may work.
    for setting in ["fetch.timeout_seconds=3600", "worker.concurrency=4"] {
        road.settings.push(setting.to_owned());
    }
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    let args: Vec<&str> =
        ["ingest", "--full", "--no-wait"].into_iter().chain(slugs.iter().map(String::as_str)).collect();
    road.bin(&args).run().await.expect(0);
    wait_until("all of them hang", async || {
        let requests = tarpit.requests();
        requests.len() == HANGING && requests.values().all(|host| host.all >= AT_ONCE)
    })
    .await;

    let run = road.bin(&["ingest", "emploicameroun", "--full", "-o", "json"]).run().await.expect(0).json();
    assert_eq!(run[0]["state"], "complete", "{run}");
    assert!(!rows_of(&store).await.is_empty());
    let requests = tarpit.requests();
    for (host, host_requests) in &requests {
        assert!(host_requests.most <= AT_ONCE, "{host}: {host_requests:?}");
        if host.starts_with("lent") {
            assert_eq!(
                (host_requests.open, host_requests.given_up),
                (AT_ONCE, 0),
                "{host}: {host_requests:?}"
            );
        }
    }
    let waiting: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue.jobs WHERE lane = 'fetch:lent00' AND state = 'ready'")
            .fetch_one(store.pool())
            .await
            .unwrap();
    assert_eq!(usize::try_from(waiting).unwrap(), POSTS - AT_ONCE, "its other pages wait unspent");
    worker.kill();
}

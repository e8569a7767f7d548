//! Failures outside: a dead partner, an unreadable page, a challenge page, a full disk. Each gives one clear message and loses nothing.

use replay::CannedResponse;

use crate::support::{Road, archive_of, count, rows_of, wait_until};

fn page(status: u16, content_type: &str, body: &str) -> CannedResponse {
    CannedResponse {
        status,
        headers: vec![("content-type".into(), content_type.into())],
        body: body.as_bytes().to_vec().into(),
    }
}

async fn loaded() -> (Road, usize) {
    let road = Road::new().await;
    road.bin(&["ingest", "--all", "--full"]).run().await.expect(0);
    let open = open(&road).await;
    (road, open)
}

async fn open(road: &Road) -> usize {
    let rows = rows_of(&*road.database.store().await).await;
    rows.iter().filter(|row| row["status"] == "open").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_partner_fails_its_run_at_the_horizon_and_closes_nothing() {
    let (road, before) = loaded().await;
    road.replay.down("api.fnecm.org", true);
    let horizon = ["--set", "fetch.max_attempts=1", "--set", "fetch.give_up_hours=0"];
    let ended =
        road.bin(&[&["ingest", "fne", "--output", "json"][..], &horizon].concat()).run().await.expect(1);
    let runs = ended.json();
    assert_eq!(runs[0]["state"], "failed", "{runs}");
    assert!(runs[0]["message"].as_str().unwrap().contains("api.fnecm.org"), "{runs}");
    assert_eq!(open(&road).await, before);
    let status = road.bin(&["status"]).run().await.expect(0);
    assert!(
        status.out.lines().any(|line| line.starts_with("dead letter ") && line.contains(" fne, after ")),
        "{}",
        status.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_is_down_is_waited_for_and_the_run_says_so() {
    let road = Road::new().await;
    road.replay.down("api.fnecm.org", true);
    let mut worker = road
        .bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler", "--set", "fetch.max_attempts=1"])
        .start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.bin(&["ingest", "fne", "--no-wait"]).run().await.expect(0);
    // Logical time: everything that is due later becomes due now, more often than the six attempts of a job.
    let pass = async || {
        for due in [
            "UPDATE queue.jobs SET run_at = now() WHERE state = 'ready'",
            "UPDATE ingest.rate_budget SET next_slot = now()",
            // It has been down since before the run: the run is not given up for that.
            "UPDATE ingest.hosts SET next_try = now(), failing_since = now() - interval '2 days'",
        ] {
            sqlx::query(due).execute(store.pool()).await.unwrap();
        }
    };
    let host = "api.fnecm.org";
    let failures = async || store.host_failing(host).await.unwrap().map_or(0, |failing| failing.failures);
    wait_until("it failed more often than jobs were tried", async || {
        pass().await;
        failures().await > 8
    })
    .await;
    // A new attempt clears the message of the one before.
    wait_until("the run says what it waits for", async || {
        let run = store.runs(None, 1).await.unwrap().remove(0);
        let said = run.message.unwrap_or_default();
        !run.state.ended() && said.contains("does not answer since") && said.contains("next try at")
    })
    .await;
    let status = road.bin(&["status"]).run().await.expect(0).out;
    assert!(status.contains("next try at") && !status.contains("dead letter"), "{status}");
    assert!(status.contains("host           api.fnecm.org: has not answered since"), "{status}");
    road.replay.down("api.fnecm.org", false);
    wait_until("the run ends", async || {
        pass().await;
        store.runs(None, 1).await.unwrap()[0].state.ended()
    })
    .await;
    assert_eq!(store.runs(None, 1).await.unwrap()[0].state, store::RunState::Complete);
    assert_eq!(failures().await, 0);
    crate::support::terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_page_a_challenge_and_an_empty_list_alarm_and_close_nothing() {
    let (road, before) = loaded().await;
    let cases = [
        ("fne", "api.fnecm.org", "/v2/offres/search", page(200, "application/json", "{\"resultats\": [")),
        (
            "fne",
            "api.fnecm.org",
            "/v2/offres/search",
            page(200, "text/html", "<html><title>502 Bad Gateway</title></html>"),
        ),
        (
            "emploicameroun",
            "www.emploicameroun.cm",
            "/offres",
            page(
                200,
                "text/html",
                "<html><body><div id=app></div><script src=/app.js></script></body></html>",
            ),
        ),
        (
            "emploicameroun",
            "www.emploicameroun.cm",
            "/offres",
            page(
                200,
                "text/html",
                "<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>",
            ),
        ),
    ];
    for (source, host, path, answer) in cases {
        road.replay.replace(host, path, answer);
        let runs = road.bin(&["ingest", source, "--full", "--output", "json"]).run().await.expect(1).json();
        assert_eq!(runs[0]["state"], "partial", "{runs}");
        assert!(runs[0]["message"].as_str().unwrap().contains(path), "the page is not named: {runs}");
        assert_eq!(count(&runs[0], "closed"), 0, "{runs}");
        assert_eq!(open(&road).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_takes_nothing_keeps_the_work_until_it_does() {
    let road = Road::new().await;
    // A file stands where the archive needs a folder, so nothing can be stored, not even by root.
    std::fs::create_dir_all(road.data().join("data/archive")).unwrap();
    std::fs::write(road.data().join("data/archive/fne"), "in the way").unwrap();
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.bin(&["ingest", "fne", "--no-wait"]).run().await.expect(0);
    let message = async || store.runs(None, 1).await.unwrap().first().and_then(|run| run.message.clone());
    wait_until("the run says what is wrong", async || message().await.is_some()).await;
    let said = message().await.unwrap();
    assert!(
        said.contains("Failed to store fne/")
            && said.contains("is its disk full?")
            && said.contains("trying again"),
        "{said}"
    );
    assert!(rows_of(&store).await.is_empty(), "something was read before it was archived");
    std::fs::remove_file(road.data().join("data/archive/fne")).unwrap();
    sqlx::query("UPDATE queue.jobs SET run_at = now()").execute(store.pool()).await.unwrap();
    wait_until("the run is complete", async || store.runs(None, 1).await.unwrap()[0].state.ended()).await;
    assert_eq!(store.runs(None, 1).await.unwrap()[0].state, store::RunState::Complete);
    assert!(!archive_of(road.data()).is_empty());
    crate::support::terminate(&mut worker).await;
}

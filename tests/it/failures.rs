//! What breaks out there: a dead partner, an unreadable page, a challenge, a full disk. One clear message; nothing lost.

use replay::CannedResponse;

use crate::{
    road::count,
    support::{Road, archive_of, rows_of, wait_until},
};

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
async fn a_dead_partner_fails_its_run_after_its_tries_and_closes_nothing() {
    let (road, before) = loaded().await;
    road.replay.down("api.fnecm.org", true);
    // Tries are minutes apart in the end: the test leaves the job its last one.
    road.bin(&["ingest", "fne", "--no-wait"]).run().await.expect(0);
    let store = road.database.store().await;
    sqlx::query("UPDATE queue.jobs SET max_attempts = 1").execute(store.pool()).await.unwrap();
    let ended = road
        .bin(&["ingest", "fne", "--set", "fetch.max_attempts=1", "--output", "json"])
        .run()
        .await
        .expect(1);
    let runs = ended.json();
    assert_eq!(runs[0]["state"], "failed", "{runs}");
    assert!(runs[0]["message"].as_str().unwrap().contains("api.fnecm.org"), "{runs}");
    assert_eq!(open(&road).await, before);
    let status = road.bin(&["status"]).run().await.expect(0);
    assert!(status.out.contains("dead letter    fetch_source"), "{}", status.out);
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
    // A file where the archive's folder of the source would be: nothing can be kept, for root neither.
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
        said.contains("could not keep fne/")
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

//! robots.txt is asked first, once, and obeyed.

use std::time::Duration;

use fetch::{FetchError, Partner, Request, Retry};

use crate::support::{Counting, Server, answer, client, get, serve};

/// A partner with this robots.txt; `/a` leads to `/admin`, anything else is there.
async fn publishing(file: &'static str) -> Server {
    serve(move |asked, _| match asked.uri().path() {
        "/robots.txt" => answer(200, &[], file),
        "/a" => answer(302, &[("location", "/admin")], ""),
        "/b" => answer(302, &[("location", "//www.fnecm.org/offres")], ""),
        _ => answer(200, &[], ""),
    })
    .await
}

#[tokio::test]
async fn it_is_obeyed_and_asked_once() {
    let server = publishing("User-agent: *\nDisallow: /admin\n").await;
    let (client, budget) = (client(), Counting::default());
    let refused = client.fetch(&server.with_robots(), &get("/admin/x"), &budget).await.unwrap_err();
    assert!(
        matches!(refused, FetchError::RobotsDenied { .. }) && refused.retry() == Retry::Never,
        "{refused}"
    );
    client.fetch(&server.with_robots(), &get("/offres"), &budget).await.unwrap();
    assert_eq!(server.asked(), ["GET api.fnecm.org/robots.txt", "GET api.fnecm.org/offres"]);
}

#[tokio::test]
async fn it_is_not_asked_where_the_partner_is_an_api() {
    let server = publishing("User-agent: *\nDisallow: /\n").await;
    client().fetch(&server.partner(), &get("/offres"), &Counting::default()).await.unwrap();
    assert_eq!(server.asked(), ["GET api.fnecm.org/offres"]);
}

#[tokio::test]
async fn a_redirect_does_not_lead_round_it() {
    let server = publishing("User-agent: *\nDisallow: /admin\n").await;
    let refused = client().fetch(&server.with_robots(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::RobotsDenied { .. }), "{refused}");
    assert_eq!(server.count("/admin"), 0);
}

#[tokio::test]
async fn each_host_has_its_own() {
    let server = publishing("User-agent: *\nDisallow: /admin\n").await;
    let got = client().fetch(&server.with_robots(), &get("/b"), &Counting::default()).await.unwrap();
    assert_eq!(got.requests, 4);
    assert_eq!(
        server.asked(),
        [
            "GET api.fnecm.org/robots.txt",
            "GET api.fnecm.org/b",
            "GET www.fnecm.org/robots.txt",
            "GET www.fnecm.org/offres"
        ]
    );
}

#[tokio::test]
async fn its_delay_spaces_the_visits() {
    let server = publishing("User-agent: *\nCrawl-delay: 0.5\n").await;
    let (client, budget) = (client(), Counting::default());
    let partner = server.with_robots();
    let got = client.fetch(&partner, &get("/offres"), &budget).await.unwrap();
    assert_eq!(got.crawl_delay, Some(Duration::from_millis(500)));
    let intervals: Vec<Duration> =
        budget.reserved.lock().unwrap().iter().map(|(_, interval)| *interval).collect();
    assert_eq!(intervals, [partner.rate.interval(), Duration::from_millis(500)]);
    let slower = Partner { rate: "1/min".parse().unwrap(), ..partner };
    client.fetch(&slower, &get("/offres"), &budget).await.unwrap();
    let last = budget.reserved.lock().unwrap().last().unwrap().1;
    assert_eq!(last, slower.rate.interval(), "the longer of the two counts");
}

#[tokio::test]
async fn one_that_cannot_be_had_forbids_for_now_and_a_missing_one_allows() {
    for (status, allowed) in [(503, false), (500, false), (404, true), (403, true), (401, true)] {
        let server = serve(move |asked, _| {
            answer(if asked.uri().path() == "/robots.txt" { status } else { 200 }, &[], "")
        })
        .await;
        let client = client();
        for _ in 0..2 {
            let got = client.fetch(&server.with_robots(), &get("/offres"), &Counting::default()).await;
            assert_eq!(got.is_ok(), allowed, "{status}");
            assert!(got.is_ok() || matches!(got, Err(FetchError::Later { .. })));
        }
        assert_eq!(server.count("/offres"), if allowed { 2 } else { 0 });
        assert_eq!(server.count("/robots.txt"), if allowed { 1 } else { 3 }, "{status} is kept");
    }
}

#[tokio::test]
async fn one_that_stumbles_is_asked_again() {
    let server = serve(|asked, n| match (asked.uri().path(), n) {
        ("/robots.txt", 1) => answer(429, &[("retry-after", "0")], ""),
        ("/robots.txt", _) => answer(200, &[], "User-agent: *\nDisallow: /admin\n"),
        _ => answer(200, &[], ""),
    })
    .await;
    let (client, budget) = (client(), Counting::default());
    client.fetch(&server.with_robots(), &get("/offres"), &budget).await.unwrap();
    let refused = client.fetch(&server.with_robots(), &get("/admin"), &budget).await.unwrap_err();
    assert!(matches!(refused, FetchError::RobotsDenied { .. }), "{refused}");
    assert_eq!((server.count("/robots.txt"), budget.count()), (2, 3));
}

#[tokio::test]
async fn all_who_come_at_once_wait_for_one_answer() {
    let server = publishing("User-agent: *\nDisallow: /admin\n").await;
    let (client, partner, budget) = (client(), server.with_robots(), Counting::default());
    let requests: Vec<Request> = (0..8).map(|n| get(&format!("/{n}"))).collect();
    let all = requests.iter().map(|request| client.fetch(&partner, request, &budget));
    futures::future::try_join_all(all).await.unwrap();
    assert_eq!((server.count("/robots.txt"), server.asked().len(), budget.count()), (1, 9, 9));
}

#[tokio::test]
async fn a_large_one_is_obeyed_as_far_as_it_is_read() {
    let server = serve(|asked, _| match asked.uri().path() {
        "/robots.txt" => {
            answer(200, &[], format!("User-agent: *\nDisallow: /admin\n{}", "# x\n".repeat(1 << 20)))
        }
        _ => answer(200, &[], ""),
    })
    .await;
    let refused =
        client().fetch(&server.with_robots(), &get("/admin"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::RobotsDenied { .. }), "{refused}");
}

#[tokio::test]
async fn one_on_another_host_is_followed_within_the_partner_alone() {
    for (to, obeyed) in
        [("https://www.fnecm.org/robots.txt", true), ("https://evil.example/robots.txt", false)]
    {
        let server =
            serve(move |asked, _| match asked.headers().get("host").map(axum::http::HeaderValue::as_bytes) {
                Some(b"api.fnecm.org") => answer(301, &[("location", to)], ""),
                _ => answer(200, &[], "User-agent: *\nDisallow: /\n"),
            })
            .await;
        let refused =
            client().fetch(&server.with_robots(), &get("/a"), &Counting::default()).await.unwrap_err();
        assert_eq!(matches!(refused, FetchError::RobotsDenied { .. }), obeyed, "{refused}");
        assert_eq!(matches!(refused, FetchError::OffHost { .. }), !obeyed, "{refused}");
        assert_eq!(server.asked().len(), if obeyed { 2 } else { 1 });
    }
}

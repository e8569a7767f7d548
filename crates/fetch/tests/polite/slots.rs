//! Whatever is sent has taken a slot, and who sends it says so.

use std::time::Duration;

use async_trait::async_trait;
use fetch::{Budget, BudgetError, FetchError, LocalBudget, Pace, Partner, Permit, Retry, Validators};

use crate::support::{Counting, answer, client, get, serve};

#[tokio::test]
async fn it_says_who_it_is_and_takes_a_slot_for_everything() {
    let server = serve(|asked, n| match asked.uri().path() {
        "/robots.txt" => answer(200, &[], "User-agent: *\nAllow: /\n"),
        "/token" => answer(200, &[], r#"{"access_token":"abc","token_type":"Bearer","expires_in":300}"#),
        "/a" => answer(302, &[("location", "/b")], ""),
        _ if n < 6 => answer(503, &[], ""),
        _ => answer(200, &[], "here"),
    })
    .await;
    let partner = Partner { robots: true, ..server.with_oauth2() };
    let budget = Counting::default();
    let got = client().fetch(&partner, &get("/a"), &budget).await.unwrap();
    assert_eq!((&got.body[..], got.url.as_str()), (&b"here"[..], "https://api.fnecm.org/b"));
    assert_eq!(
        server.asked(),
        [
            "GET api.fnecm.org/robots.txt",
            "POST api.fnecm.org/token",
            "GET api.fnecm.org/a",
            "GET api.fnecm.org/b",
            "GET api.fnecm.org/b",
            "GET api.fnecm.org/b",
        ]
    );
    assert_eq!((budget.count(), got.requests), (6, 6));
    assert!(budget.reserved.lock().unwrap().iter().all(|(key, _)| key == "fne"));
    for n in 1..=6 {
        assert_eq!(server.header(n, "user-agent").as_deref(), Some("oim-etl/0.1 (+https://oim.example)"));
    }
    for (n, sent) in [(1, None), (2, None), (3, Some("Bearer abc")), (6, Some("Bearer abc"))] {
        assert_eq!(server.header(n, "authorization").as_deref(), sent, "request {n}");
    }
}

/// A budget whose next slot is far away.
struct UsedUp;

#[async_trait]
impl Budget for UsedUp {
    async fn reserve(&self, _: &str, _: Pace, max_wait: Duration) -> Result<Permit, BudgetError> {
        assert!(max_wait <= Duration::from_secs(10));
        Ok(Permit::TooLong(Duration::from_mins(2)))
    }
    async fn hold(&self, _: &str, _: Duration) -> Result<(), BudgetError> {
        Ok(())
    }
}

fn seconds_until(later: &FetchError) -> i64 {
    let Retry::At(at) = later.retry() else { panic!("{later}") };
    (at - chrono::Utc::now()).num_seconds()
}

#[tokio::test]
async fn a_slot_too_far_away_is_the_callers_and_nothing_is_sent() {
    let server = serve(|_, _| answer(200, &[], "")).await;
    let later = client().fetch(&server.with_robots(), &get("/a"), &UsedUp).await.unwrap_err();
    assert!(matches!(later, FetchError::Later { .. }), "{later}");
    assert!((115..=120).contains(&seconds_until(&later)), "{later}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn the_local_budget_keeps_the_rate() {
    let server = serve(|_, _| answer(200, &[], "")).await;
    let partner = Partner { rate: "2/min".parse().unwrap(), ..server.partner() };
    let (client, budget) = (client(), LocalBudget::new());
    client.fetch(&partner, &get("/a"), &budget).await.unwrap();
    let later = client.fetch(&partner, &get("/b"), &budget).await.unwrap_err();
    assert!((25..=31).contains(&seconds_until(&later)), "{later}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_process_holds_the_rate_should_the_budget_not() {
    let server = serve(|_, _| answer(200, &[], "")).await;
    let partner = Partner { rate: "1/h".parse().unwrap(), ..server.partner() };
    let (client, budget) = (client(), Counting::default());
    let mut answers = 0;
    let later = loop {
        match client.fetch(&partner, &get("/a"), &budget).await {
            Ok(_) => answers += 1,
            Err(later) => break later,
        }
    };
    assert!((3_000..=3_700).contains(&seconds_until(&later)), "{later}");
    assert_eq!((answers, server.asked().len()), (8, 8), "a burst, and no more");
}

/// A budget that is down.
struct Down;

#[async_trait]
impl Budget for Down {
    async fn reserve(&self, _: &str, _: Pace, _: Duration) -> Result<Permit, BudgetError> {
        Err(BudgetError::new(std::io::Error::other("no database")))
    }
    async fn hold(&self, _: &str, _: Duration) -> Result<(), BudgetError> {
        Err(BudgetError::new(std::io::Error::other("no database")))
    }
}

#[tokio::test]
async fn without_a_budget_nothing_is_sent() {
    let server = serve(|_, _| answer(200, &[], "")).await;
    let failed = client().fetch(&server.partner(), &get("/a"), &Down).await.unwrap_err();
    assert!(matches!(failed, FetchError::Budget { .. }) && failed.retry() == Retry::Again, "{failed}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn not_modified_is_an_answer_to_whom_asked() {
    let server = serve(|asked, _| {
        let known = asked.headers().get("if-none-match").is_some_and(|tag| tag == "\"v1\"");
        match (known, asked.uri().path()) {
            (true, _) | (_, "/lost") => answer(304, &[], ""),
            _ => {
                answer(200, &[("etag", "\"v1\""), ("last-modified", "Tue, 01 Sep 2026 08:00:00 GMT")], "body")
            }
        }
    })
    .await;
    let (client, budget) = (client(), Counting::default());
    let first = client.fetch(&server.partner(), &get("/a"), &budget).await.unwrap();
    assert_eq!(first.validators.etag.as_deref(), Some("\"v1\""));
    let again = fetch::Request { validators: Some(first.validators), ..get("/a") };
    let second = client.fetch(&server.partner(), &again, &budget).await.unwrap();
    assert_eq!((second.status, second.body.len()), (304, 0));
    assert_eq!(server.header(2, "if-modified-since").as_deref(), Some("Tue, 01 Sep 2026 08:00:00 GMT"));
    let lost = client.fetch(&server.partner(), &get("/lost"), &budget).await.unwrap_err();
    assert!(matches!(lost, FetchError::Status { status: 304, .. }), "nobody asked for a version: {lost}");
}

#[tokio::test]
async fn a_validator_too_long_to_be_sent_back_is_not_kept() {
    let server = serve(|_, _| answer(200, &[("etag", &format!("\"{}\"", "v".repeat(4_000)))], "")).await;
    let got = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap();
    assert_eq!(got.validators, Validators::default());
}

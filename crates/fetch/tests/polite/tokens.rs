//! One access token for all requests, renewed when it ends and once when it is refused.

use fetch::{FetchError, Request, Retry};

use crate::support::{Asked, Counting, answer, client, get, serve};

fn bears(asked: &Asked, token: &str) -> bool {
    let expected = format!("Bearer {token}");
    asked.headers().get("authorization").is_some_and(|sent| sent.as_bytes() == expected.as_bytes())
}

#[tokio::test]
async fn all_who_come_at_once_wait_for_one_token() {
    let server = serve(|asked, _| match asked.uri().path() {
        "/token" => answer(200, &[], r#"{"access_token":"t","token_type":"bearer","expires_in":300}"#),
        _ if bears(asked, "t") => answer(200, &[], "ok"),
        _ => answer(401, &[], ""),
    })
    .await;
    let (client, partner, budget) = (client(), server.with_oauth2(), Counting::default());
    let requests: Vec<Request> = (0..8).map(|n| get(&format!("/{n}"))).collect();
    let all = requests.iter().map(|request| client.fetch(&partner, request, &budget));
    futures::future::try_join_all(all).await.unwrap();
    assert_eq!((server.count("/token"), server.asked().len(), budget.count()), (1, 9, 9));
}

#[tokio::test]
async fn a_token_all_see_refused_is_renewed_once() {
    // The first token lives at the partner until eight have used it: then all of them are refused together.
    let server = serve(|asked, n| match asked.uri().path() {
        "/token" if n == 1 => answer(200, &[], r#"{"access_token":"old"}"#),
        "/token" => answer(200, &[], r#"{"access_token":"new"}"#),
        _ if bears(asked, "new") || n <= 2 => answer(200, &[], "ok"),
        _ => answer(401, &[], ""),
    })
    .await;
    let (client, partner, budget) = (client(), server.with_oauth2(), Counting::default());
    client.fetch(&partner, &get("/first"), &budget).await.unwrap();
    let requests: Vec<Request> = (0..6).map(|n| get(&format!("/{n}"))).collect();
    let all = requests.iter().map(|request| client.fetch(&partner, request, &budget));
    futures::future::try_join_all(all).await.unwrap();
    assert_eq!(server.count("/token"), 2);
    assert_eq!(server.asked().len(), budget.count());
}

#[tokio::test]
async fn a_token_that_has_ended_is_renewed() {
    // A life of nothing: the token serves the request that asked for it, and no other.
    let server = serve(|asked, n| match asked.uri().path() {
        "/token" => answer(200, &[], format!(r#"{{"access_token":"t{n}","expires_in":0}}"#)),
        _ => answer(200, &[], "ok"),
    })
    .await;
    let (client, partner, budget) = (client(), server.with_oauth2(), Counting::default());
    client.fetch(&partner, &get("/a"), &budget).await.unwrap();
    client.fetch(&partner, &get("/b"), &budget).await.unwrap();
    assert_eq!(server.count("/token"), 2);
    assert_eq!(server.header(4, "authorization").as_deref(), Some("Bearer t3"));
}

#[tokio::test]
async fn credentials_refused_twice_are_refused() {
    let server = serve(|asked, _| match asked.uri().path() {
        "/token" => answer(200, &[], r#"{"access_token":"t"}"#),
        _ => answer(401, &[], ""),
    })
    .await;
    let refused = client().fetch(&server.with_oauth2(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::Refused { status: 401, .. }), "{refused}");
    assert_eq!(refused.retry(), Retry::Never);
    assert_eq!((server.count("/token"), server.count("/a")), (2, 2));
}

#[tokio::test]
async fn an_endpoint_that_refuses_us_is_asked_once_and_one_that_stumbles_again() {
    let server = serve(|_, _| answer(400, &[], r#"{"error":"invalid_client"}"#)).await;
    let refused = client().fetch(&server.with_oauth2(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::Refused { status: 400, .. }), "{refused}");
    assert_eq!(server.asked(), ["POST api.fnecm.org/token"]);
    let server = serve(|asked, n| match (asked.uri().path(), n) {
        ("/token", 1) => answer(503, &[], ""),
        ("/token", _) => answer(200, &[], r#"{"access_token":"t"}"#),
        _ => answer(200, &[], "ok"),
    })
    .await;
    let got = client().fetch(&server.with_oauth2(), &get("/a"), &Counting::default()).await.unwrap();
    assert_eq!((server.count("/token"), got.requests), (2, 3));
}

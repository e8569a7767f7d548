//! What passes is tried again, what lasts is not.

use fetch::{FetchError, Partner, Retry};

use crate::support::{Counting, answer, client, get, serve};

#[tokio::test]
async fn passing_failures_are_tried_again_and_lasting_ones_are_not() {
    for (status, tries) in [
        (408, 3),
        (425, 3),
        (429, 3),
        (500, 3),
        (502, 3),
        (503, 3),
        (504, 3),
        (400, 1),
        (404, 1),
        (410, 1),
        (501, 1),
    ] {
        let server = serve(move |_, _| answer(status, &[], "")).await;
        let budget = Counting::default();
        let failed = client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap_err();
        assert!(matches!(failed, FetchError::Status { status: told, .. } if told == status), "{failed}");
        assert_eq!((server.asked().len(), budget.count()), (tries, tries), "{status}");
        assert_eq!(failed.gone().is_some(), matches!(status, 404 | 410));
        let lasting = matches!(status, 400 | 404 | 410);
        assert_eq!(failed.retry(), if lasting { Retry::Never } else { Retry::Again }, "{status}");
    }
}

#[tokio::test]
async fn an_answer_after_a_failure_is_an_answer() {
    let server =
        serve(|_, n| answer(if n < 3 { 502 } else { 206 }, &[("content-range", "offres 0-1/2")], "[]")).await;
    let got = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap();
    assert_eq!((got.status, got.requests), (206, 3));
    assert!(got.headers.contains(&("content-range".to_owned(), "offres 0-1/2".to_owned())));
}

#[tokio::test]
async fn a_dead_partner_is_told_as_such() {
    let server = serve(|_, _| answer(200, &[], "")).await;
    let partner = Partner { via: Some("http://127.0.0.1:1".parse().unwrap()), ..server.with_robots() };
    let budget = Counting::default();
    let failed = client().fetch(&partner, &get("/a"), &budget).await.unwrap_err();
    assert!(matches!(failed, FetchError::Transport { .. }) && failed.retry() == Retry::Again, "{failed}");
    assert!(failed.to_string().contains("api.fnecm.org"), "{failed}");
    assert_eq!(budget.count(), 3, "each try took a slot");
}

//! What a partner reserves against text and data mining is not read.

use fetch::{FetchError, Partner, Retry};

use crate::support::{Counting, Server, answer, client, get, serve};

/// A site with this file; `/reserved` says so in its header.
async fn publishing(status: u16, file: &'static str) -> (Server, Partner) {
    let server = serve(move |asked, _| match asked.uri().path() {
        "/robots.txt" => answer(404, &[], ""),
        "/.well-known/tdmrep.json" => answer(status, &[], file),
        "/reserved" => {
            answer(200, &[("tdm-reservation", "1"), ("tdm-policy", "https://api.fnecm.org/p.json")], "secret")
        }
        "/old" => answer(302, &[("location", "/offres/7")], ""),
        _ => answer(200, &[("tdm-reservation", "0")], ""),
    })
    .await;
    let partner = Partner { reserves: true, ..server.with_robots() };
    (server, partner)
}

const OFFERS: &str = r#"[{"location": "/offres", "tdm-reservation": 1}]"#;

#[tokio::test]
async fn its_file_is_asked_once_and_obeyed_also_behind_a_redirect() {
    let (server, partner) = publishing(200, OFFERS).await;
    let (client, budget) = (client(), Counting::default());
    for path in ["/offres/7", "/old"] {
        let refused = client.fetch(&partner, &get(path), &budget).await.unwrap_err();
        assert!(
            matches!(refused, FetchError::Reserved { .. }) && refused.retry() == Retry::Never,
            "{refused}"
        );
        assert!(refused.to_string().contains("tdm_agreement"), "{refused}");
    }
    client.fetch(&partner, &get("/blog"), &budget).await.unwrap();
    assert_eq!((server.count("/offres/7"), server.count("/.well-known/tdmrep.json")), (0, 1));
    assert_eq!(budget.count(), server.asked().len(), "each request has its slot");
}

#[tokio::test]
async fn a_header_reserves_one_answer_and_an_agreement_lifts_it() {
    let (_server, partner) = publishing(404, "").await;
    let (client, budget) = (client(), Counting::default());
    let refused = client.fetch(&partner, &get("/reserved"), &budget).await.unwrap_err();
    assert!(matches!(refused, FetchError::Reserved { .. }), "{refused}");
    client.fetch(&partner, &get("/free"), &budget).await.unwrap();
    // An API has no such file, but its headers count.
    let api = Partner { robots: false, ..partner.clone() };
    assert!(client.fetch(&api, &get("/reserved"), &budget).await.is_err());
    let agreed = Partner { reserves: false, ..partner };
    client.fetch(&agreed, &get("/reserved"), &budget).await.unwrap();
}

#[tokio::test]
async fn what_is_no_file_reserves_nothing() {
    for (status, file) in [(404, OFFERS), (403, ""), (200, "<html>"), (200, "{}"), (200, "[]")] {
        let (_server, partner) = publishing(status, file).await;
        client().fetch(&partner, &get("/offres/7"), &Counting::default()).await.unwrap();
    }
}

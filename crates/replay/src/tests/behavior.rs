use std::{collections::BTreeSet, error::Error};

use bytes::Bytes;

use super::{FNE, PORTAL, TestClient};
use crate::{Behavior, CannedResponse, credentials, pages::Files, partner::Partner, partners};

#[test]
fn every_folder_with_a_behavior_is_a_partner() {
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let on_disk: BTreeSet<String> = folders
        .filter(|folder| folder.join("behavior.toml").exists())
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let served: BTreeSet<String> = partners().iter().map(|partner| partner.slug.to_owned()).collect();
    assert_eq!(served, on_disk);
    assert!(partners().iter().any(|partner| (partner.slug, partner.host) == ("fne", FNE)));
    assert!(credentials().iter().any(|(name, _)| *name == "FNE_CLIENT_SECRET"));
}

#[tokio::test]
async fn robots_txt_gives_the_delay_shortened_to_what_the_replay_allows() {
    let robots = async |crawl_delay: f64, host: &str| {
        let client = TestClient::open(Behavior { crawl_delay, ..Behavior::default() });
        client.get(&format!("{host}/robots.txt"), &[]).await.text().to_owned()
    };
    assert!(robots(0.25, PORTAL).await.starts_with("User-agent: *\nCrawl-delay: 0.25\nDisallow: /admin\n"));
    assert!(robots(f64::INFINITY, PORTAL).await.contains("Crawl-delay: 2\n"));
    assert!(!robots(0.0, PORTAL).await.contains("Crawl-delay"));
    assert_eq!(robots(5.0, FNE).await, "User-agent: *\nDisallow: /admin\n");
}

#[tokio::test]
async fn every_nth_request_for_data_is_put_off() {
    let client = TestClient::open(Behavior { throttle_every: Some(3), ..Behavior::default() });
    let mut statuses = Vec::new();
    for _ in 0..7 {
        assert_eq!(client.get(&format!("{PORTAL}/robots.txt"), &[]).await.status, 200, "robots.txt never is");
        let reply = client.get(&format!("{PORTAL}/offres"), &[]).await;
        assert_eq!(reply.header("retry-after"), if reply.status == 429 { "1" } else { "" });
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [200, 200, 429, 200, 200, 429, 200]);
    assert_eq!(
        client.get(&format!("{FNE}/v2/offres/search"), &[]).await.status,
        401,
        "each partner counts for itself"
    );
}

#[tokio::test]
async fn only_partners_are_served_and_only_reading_is_allowed() {
    let client = TestClient::open(Behavior::default());
    assert_eq!(client.get("example.org/offres", &[]).await.status, 421);
    assert_eq!(client.get("WWW.EmploiCameroun.CM:8080/offres", &[]).await.status, 200);
    let posted = client.ask("POST", &format!("{PORTAL}/offres"), &[], "").await;
    assert_eq!((posted.status, posted.header("allow")), (405, "GET, HEAD"));
    let huge = "x".repeat(100_000);
    assert_eq!(client.ask("POST", &format!("{FNE}/oauth2/access_token"), &[], &huge).await.status, 413);
}

#[tokio::test]
async fn an_answer_can_be_replaced_and_restored() {
    let client = TestClient::open(Behavior::default());
    let partner = client.state.partner(FNE).unwrap();
    let canned = |status, body: &'static str| CannedResponse {
        status,
        headers: vec![("content-type".into(), "text/plain".into()), ("bad header".into(), "x".into())],
        body: body.into(),
    };
    let url = format!("{FNE}/v2/offres/search?range=0-1");
    partner.replace("/v2/", canned(200, "wide"));
    partner.replace("/v2/offres/search?range=0", canned(503, "narrow"));
    let reply = client.get(&url, &[]).await;
    assert_eq!((reply.status, reply.text(), reply.header("content-type")), (503, "narrow", "text/plain"));
    partner.replace("/v2/", canned(200, "wide again"));
    assert_eq!(client.get(&url, &[]).await.text(), "wide again", "the latest wins");
    assert_eq!(client.get(&format!("{PORTAL}/offres"), &[]).await.status, 200);
    partner.restore();
    assert_eq!(client.get(&url, &[]).await.status, 401);
}

#[test]
fn a_folder_that_cannot_be_served_names_what_is_wrong() {
    let read = |files: &[(&str, &str)]| {
        let files: Files =
            files.iter().map(|(name, text)| ((*name).to_owned(), Bytes::from((*text).to_owned()))).collect();
        Partner::read("x", &files).unwrap_err()
    };
    assert_eq!(read(&[]).to_string(), "x/behavior.toml is missing or not text");
    let unknown = read(&[("behavior.toml", "host = \"h\"\nroutes = []\ncolour = 1")]);
    assert_eq!(unknown.to_string(), "Failed to read x/behavior.toml");
    assert!(unknown.source().unwrap().to_string().contains("colour"));
    let pages = "host = \"h\"\nroutes = [{ kind = \"pages\", path = \"/\", file = \"p-{}.html\" }]";
    assert!(read(&[("behavior.toml", pages)]).to_string().starts_with("x/p-{}.html is missing"));
    let range = "host = \"h\"\nroutes = [{ kind = \"range_json\", path = \"/\", file = \"r.json\", records = \"r\", unit = \"r\", param = \"range\", size = 1, last_start = 1 }]";
    assert!(read(&[("behavior.toml", range)]).to_string().starts_with("x/r.json is missing"));
    assert_eq!(read(&[("behavior.toml", range), ("r.json", "[")]).to_string(), "Failed to read x/r.json");
}

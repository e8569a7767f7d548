//! The index on a Qdrant server, against an endpoint in this process: qdrant-client's own server stubs over a brute-force store.
//! A real server cannot be had where these tests run; what is proved is that our requests say what we mean.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

#[path = "server/fake.rs"]
mod fake;

use vectors::ServerIndex;

#[tokio::test]
async fn it_finds_filters_withdraws() {
    let url = fake::serve().await;
    let index = ServerIndex::connect(&url, None, "opportunities", "lexical-1", 1_024).await.unwrap();
    support::behaves(&index).await;
    let again = ServerIndex::connect(&url, None, "opportunities", "lexical-1", 1_024).await.unwrap();
    assert_eq!(
        vectors::Index::ids(&again).await.unwrap().len(),
        3,
        "a second connection made the collection anew"
    );
}

#[tokio::test]
async fn a_dead_server_is_told_with_the_remedy() {
    let url = "http://127.0.0.1:1".parse().unwrap();
    let error =
        ServerIndex::connect(&url, Some("hunter2"), "opportunities", "bge-m3", 1_024).await.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(said.contains("QDRANT_URL") && said.contains("6334") && !said.contains("hunter2"), "{said}");
}

//! The index on a Qdrant server, against an endpoint in this process, which answers by Qdrant's engine: what our requests mean is
//! tested, and what the network and a cluster do is not. `server/alike.rs` runs against a real server too, where there is one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]
#![cfg(feature = "embedded")]

mod support;

#[path = "server/alike.rs"]
mod alike;
#[path = "server/engine.rs"]
mod engine;
#[path = "server/fake.rs"]
#[allow(dead_code, reason = "another test asks for a certificate")]
mod fake;
#[path = "server/hanging.rs"]
mod hanging;
#[path = "server/rate.rs"]
mod rate;
#[path = "server/wire.rs"]
mod wire;

use fake::Fake;
use qdrant_client::qdrant::UpdateStatus;
use support::{ads, fill, key, keys, open_on, points, regions, search};
use url::Url;
use vectors::{
    Depth, Document, Drift, EdgeIndex, Filter, Index as _, Options, Quantization, ServerIndex, VectorError,
    Written,
};

const TOY: &str = "opportunities-toy-2-1024-s6t1";

async fn connect(url: &Url) -> ServerIndex {
    ServerIndex::connect(url, None, "opportunities", "toy-2", 1_024).await.unwrap()
}

async fn refused(url: &Url, key: Option<&str>, dimensions: usize) -> VectorError {
    ServerIndex::connect(url, key, "opportunities", "toy-2", dimensions).await.unwrap_err()
}

#[tokio::test]
async fn it_answers_as_the_embedded_index_does() {
    let (fake, url) = Fake::start(None).await;
    let folder = tempfile::tempdir().unwrap();
    let server = connect(&url).await;
    let edge = EdgeIndex::open(folder.path(), "toy-2", 1_024).await.unwrap();
    fill(&server, &ads()).await;
    fill(&edge, &ads()).await;
    for text in ["soudeur à Douala", "accountant in Buea", "chauffeur", "web", "", "xyzzy", "de la"] {
        for filter in [Filter::default(), open_on(739_050), regions(&["CM-LT", "CM-SW"])] {
            fake.requests();
            let hits = search(&server, text, filter.clone()).await;
            assert_eq!(hits, search(&edge, text, filter).await, "{text:?}");
            assert!(!hits.is_empty());
            assert_eq!(fake.requests(), ["query_batch"], "both sides and each term in one request");
        }
    }
}

#[tokio::test]
async fn the_collection_is_made_once_and_made_whole() {
    let (fake, url) = Fake::start(None).await;
    fill(&connect(&url).await, &ads()).await;
    assert_eq!(fake.names(), [TOY]);
    assert_eq!(fake.requests(), [&["info"][..], &["index"; 20], &["upsert"]].concat());
    let again = connect(&url).await;
    assert_eq!(again.count().await.unwrap(), 22);
    assert_eq!(fake.requests(), ["info", "count"]);
    // Its maker died before the last field was indexed.
    fake.alter(TOY, |info| drop(info.payload_schema.remove("closes_by").unwrap()));
    connect(&url).await;
    assert_eq!(fake.requests(), ["info", "index"]);
}

#[tokio::test]
async fn two_may_make_it_at_once() {
    let (fake, url) = Fake::start(None).await;
    let (one, two) = tokio::join!(connect(&url), connect(&url));
    one.ready().await.unwrap();
    two.ready().await.unwrap();
    assert_eq!(fake.names(), [TOY]);
}

#[tokio::test]
async fn another_model_fills_another_collection() {
    let (fake, url) = Fake::start(None).await;
    fill(&connect(&url).await, &ads()).await;
    let other = ServerIndex::connect(&url, None, "opportunities", "bge-m3:latest", 1_024).await.unwrap();
    assert_eq!(other.count().await.unwrap(), 0);
    assert_eq!(fake.names(), ["opportunities-bge-m3_latest-1024-s6t1", TOY]);
    assert!(
        other.describe().ends_with("collection opportunities-bge-m3_latest-1024-s6t1"),
        "{}",
        other.describe()
    );
}

#[tokio::test]
async fn a_collection_of_another_making_is_refused_with_the_remedy() {
    let (fake, url) = Fake::start(None).await;
    connect(&url).await;
    let wanted = format!("the vector index {TOY} at {} was made by", url.as_str().trim_end_matches('/'));
    for (key, value) in [("model", "\"bge-m3\""), ("shape", "7")] {
        let value: serde_json::Value = serde_json::from_str(value).unwrap();
        let mut before = None;
        fake.alter(TOY, |info| {
            before = info.config.as_mut().unwrap().metadata.insert(key.to_owned(), value.clone().into());
        });
        let said = refused(&url, None, 1_024).await.to_string();
        assert!(said.starts_with(&wanted) && said.contains("remove it"), "{said}");
        assert!(said.contains(&format!("{key} {value}")), "{said}");
        fake.alter(TOY, |info| {
            info.config.as_mut().unwrap().metadata.insert(key.to_owned(), before.unwrap());
        });
    }
    // An older server keeps no metadata.
    fake.alter(TOY, |info| info.config.as_mut().unwrap().metadata.clear());
    connect(&url).await;
    fake.alter(TOY, |info| {
        info.config.as_mut().unwrap().params.as_mut().unwrap().sparse_vectors_config = None;
    });
    let said = refused(&url, None, 1_024).await.to_string();
    assert!(said.contains("without bm25"), "{said}");
}

#[tokio::test]
async fn many_documents_go_in_parts_and_many_ids_come_in_pages() {
    let (fake, url) = Fake::start(None).await;
    let index = connect(&url).await;
    let many: Vec<Document> = (0..600)
        .map(|at| {
            let mut ad = ads().remove(at % 22);
            ad.id = domain::OpportunityId::of(&"fne".parse().unwrap(), &at.to_string());
            ad
        })
        .collect();
    fake.requests();
    fill(&index, &many).await;
    assert_eq!(fake.requests(), ["upsert"; 3]);
    let mut ids = keys(&index).await;
    assert_eq!(fake.requests().len(), 120, "pages of five");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 600);
}

/// A server may answer that an update is received, or that it waited in vain: then nothing is known of it.
#[tokio::test]
async fn an_update_counts_only_once_it_is_done() {
    let (fake, url) = Fake::start(None).await;
    let index = connect(&url).await;
    for status in [UpdateStatus::Acknowledged, UpdateStatus::WaitTimeout, UpdateStatus::ClockRejected] {
        fake.answer_updates_with(status);
        let said = index.upsert(points(&ads(), 1).await).await.unwrap_err().to_string();
        assert!(
            said.contains("could not keep points for sure") && said.contains(status.as_str_name()),
            "{said}"
        );
        let said = index.withdraw(&[key(&ads()[0])], 1).await.unwrap_err();
        assert!(matches!(said, VectorError::NotApplied { .. }), "{said:?}");
    }
    fake.answer_updates_with(UpdateStatus::Completed);
    fill(&index, &ads()).await;
}

#[tokio::test]
async fn a_lost_collection_is_told() {
    let (fake, url) = Fake::start(None).await;
    let index = connect(&url).await;
    index.ready().await.unwrap();
    fake.lose(TOY);
    let said = index.ready().await.unwrap_err();
    assert!(said.to_string().contains("could not find its collection"), "{said}");
    let error = index.withdraw(&[key(&ads()[0])], 9).await.unwrap_err();
    assert_eq!(error.to_string(), "the vector index could not withdraw points");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, format!("NotFound: Collection `{TOY}` doesn't exist!"));
    assert!(index.restore().await.unwrap() && !index.restore().await.unwrap(), "it is made again once");
    fill(&index, &ads()).await;
    index.ready().await.unwrap();
}

#[tokio::test]
async fn the_key_is_sent_and_never_told() {
    let (_, url) = Fake::start(Some("hunter2")).await;
    let index = ServerIndex::connect(&url, Some("hunter2"), "o", "toy-2", 1_024).await.unwrap();
    index.ready().await.unwrap();
    assert!(!format!("{index:?} {}", index.describe()).contains("hunter2"));
    for key in [None, Some("swordfish"), Some("sword\nfish"), Some("")] {
        let error = refused(&url, key, 1_024).await;
        let said = format!("{error} {error:?}");
        assert!(said.contains("API key") && said.contains(url.host_str().unwrap()), "{said}");
        assert!(!said.contains("sword"), "{said}");
        let unsent = key.is_some_and(|key| key != "swordfish");
        assert_eq!(matches!(error, VectorError::Setup { .. }), unsent, "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_with_the_remedy() {
    // A port that was free a moment ago, and a server that speaks HTTP and no gRPC, as Qdrant's other port does.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = listener.local_addr().unwrap();
    drop(listener);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rest = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
    for address in [dead, rest] {
        let url = format!("http://{address}").parse().unwrap();
        let error = refused(&url, Some("hunter2"), 1_024).await;
        assert!(matches!(error, VectorError::Unreachable { .. }), "{error:?}");
        let wanted = format!("the Qdrant server at http://{address} does not answer; is it running");
        assert!(error.to_string().starts_with(&wanted) && error.to_string().contains("6334"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn an_alias_names_one_collection_and_then_the_other() {
    let (fake, url) = Fake::start(None).await;
    let old = connect(&url).await;
    old.serve("opportunities").await.unwrap();
    assert_eq!(fake.alias("opportunities").as_deref(), Some(TOY));
    fake.requests();
    old.serve("opportunities").await.unwrap();
    let new = ServerIndex::connect(&url, None, "opportunities", "e5@1f3c", 384).await.unwrap();
    new.serve("opportunities").await.unwrap();
    assert_eq!(fake.alias("opportunities").as_deref(), Some("opportunities-e5_1f3c-384-s6t1"));
    ServerIndex::remove(&url, None, TOY).await.unwrap();
    assert_eq!(fake.names(), ["opportunities-e5_1f3c-384-s6t1"]);
    // Made by hand, or by a program that knows no aliases.
    let taken = new.serve("opportunities-e5_1f3c-384-s6t1").await.unwrap_err();
    assert!(taken.to_string().contains("a collection of that very name"), "{taken}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_halved() {
    let (fake, url) = Fake::start(None).await;
    let index = connect(&url).await;
    fake.takes_at_most(3);
    fill(&index, &ads()).await;
    assert_eq!(index.count().await.unwrap(), 22);
    fake.takes_at_most(0);
    let refused = index.upsert(points(&ads()[..1], 2).await).await.unwrap_err();
    assert!(refused.is_passing(), "{refused}");
}

/// Down behind a proxy (503), too slow for its own limit or for ours, out of memory, or of a release that does not know a request.
#[tokio::test]
async fn a_server_that_fails_is_told_apart_and_passes() {
    use tonic::Code;
    let (fake, url) = Fake::start(None).await;
    let index = connect(&url).await;
    for (code, told) in [
        (Code::Unavailable, "does not answer"),
        (Code::DeadlineExceeded, "does not answer"),
        (Code::Cancelled, "does not answer"),
        (Code::ResourceExhausted, "could not"),
        (Code::Unimplemented, "could not"),
    ] {
        fake.fails_with(Some(code));
        let filled = index.upsert(points(&ads(), 1).await).await.unwrap_err();
        let found = index.search(support::query("soudeur", Filter::default())).await.unwrap_err();
        let listed = index.page(None, 9, Depth::Vectors).await.unwrap_err();
        for error in [filled, found, listed] {
            assert!(error.is_passing() && error.to_string().contains(told), "{code:?}: {error}");
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains("as the test wants it"), "{cause}");
            assert_eq!(cause.contains("1.16"), code == Code::Unimplemented, "{cause}");
        }
    }
    fake.fails_with(None);
    fill(&index, &ads()).await;
    assert_eq!(index.count().await.unwrap(), 22, "nothing is left of it");
}

/// A server before 1.16 knows no conditions: the write of a worker that wakes up late wins. The comparison finds it, and a repair heals it.
#[tokio::test]
async fn an_older_server_keeps_a_late_write_which_is_told_as_drift() {
    let (fake, url) = Fake::start(None).await;
    let index = connect(&url).await;
    let (late, ads) = (points(&ads(), 3).await, ads());
    let written: Vec<Written> =
        points(&ads, 5).await.into_iter().map(|point| Written { version: 5, seal: point.seal }).collect();
    index.upsert(points(&ads, 5).await).await.unwrap();
    index.upsert(late.clone()).await.unwrap();
    let drift = async |at: usize| {
        let held = index.held(&[ads[at].id], Depth::Vectors).await.unwrap().remove(0);
        held.drift(&ads[at], Some(&written[at]), 9).unwrap()
    };
    assert_eq!(drift(0).await, None, "this server keeps the later one");
    fake.is_old();
    index.upsert(late).await.unwrap();
    assert_eq!(drift(0).await, Some(Drift::Stale));
    index.upsert(points(&ads, 5).await).await.unwrap();
    assert_eq!(drift(0).await, None);
}

#[tokio::test]
async fn a_collection_is_made_as_the_operator_wants_it() {
    let (fake, url) = Fake::start(None).await;
    let options = Options {
        shards: Some(3),
        replicas: Some(2),
        on_disk: true,
        quantization: Quantization::Scalar,
        strict: true,
    };
    ServerIndex::connect_with(options, &url, None, "opportunities", "toy-2", 1_024).await.unwrap();
    let made = fake.made().remove(0);
    assert_eq!((made.shard_number, made.replication_factor), (Some(3), Some(2)));
    let strict = made.strict_mode_config.unwrap();
    assert_eq!((strict.enabled, strict.unindexed_filtering_retrieve), (Some(true), Some(false)));
    assert!(made.quantization_config.is_some());
    let said = format!("{:?}", made.vectors_config);
    assert!(said.contains("on_disk: Some(true)"), "{said}");
    connect(&url).await;
    assert_eq!(fake.made().len(), 1, "one that is there stays as it is");
}

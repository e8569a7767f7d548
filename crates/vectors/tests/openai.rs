//! `/v1/embeddings` against a server in this process.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};
use url::Url;
use vectors::{Embedder as _, OpenAi, VectorError};

/// What the server answers: status, headers, body.
type Answer = (StatusCode, Vec<(&'static str, &'static str)>, Value);

#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<(String, Value)>>>);

async fn server(answering: fn(&Value) -> Answer) -> (Url, Asked) {
    let asked = Asked::default();
    let answer = move |State(asked): State<Asked>, headers: HeaderMap, Json(body): Json<Value>| async move {
        let key = headers.get("authorization").map(|key| key.to_str().unwrap().to_owned());
        asked.0.lock().unwrap().push((key.unwrap_or_default(), body.clone()));
        let (status, given, answer) = answering(&body);
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.insert(name, value.parse().unwrap());
        }
        (status, headers, Json(answer))
    };
    let router = Router::new().route("/behind/v1/embeddings", post(answer)).with_state(asked.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/behind", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

fn backwards(body: &Value) -> Answer {
    let input = body["input"].as_array().unwrap();
    let vector = |(index, text): (usize, &Value)| {
        #[allow(clippy::cast_precision_loss, reason = "a short text")]
        let length = text.as_str().unwrap().len() as f64;
        json!({"index": index, "embedding": [length, 0.0, 0.0]})
    };
    let data: Vec<Value> = input.iter().enumerate().map(vector).rev().collect();
    (StatusCode::OK, vec![], json!({"data": data, "model": "m"}))
}

fn client(url: &Url, key: Option<&str>) -> OpenAi {
    OpenAi::new(url.clone(), key, "m", Some(3)).unwrap()
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("text {at}")).collect()
}

#[tokio::test]
async fn texts_go_in_batches_with_the_key_and_vectors_come_in_order_at_length_one() {
    let (url, asked) = server(backwards).await;
    let embedder = client(&format!("{url}/v1/").parse().unwrap(), Some("hunter2"));
    let vectors = embedder.embed(&texts(40)).await.unwrap();
    assert_eq!(vectors, vec![vec![1.0, 0.0, 0.0]; 40]);
    let asked = asked.0.lock().unwrap();
    let sizes: Vec<usize> = asked.iter().map(|(_, body)| body["input"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [32, 8]);
    assert!(asked.iter().all(|(key, body)| key == "Bearer hunter2" && body["model"] == "m"));
    assert!(!format!("{embedder:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_failure_says_whether_a_text_may_be_at_fault_and_when_to_ask_again() {
    type Case = (fn(&Value) -> Answer, bool, Option<u64>, &'static str);
    let cases: [Case; 7] = [
        (
            |_| (StatusCode::TOO_MANY_REQUESTS, vec![("retry-after", "7")], json!({})),
            false,
            Some(7),
            "answered 429",
        ),
        (|_| (StatusCode::SERVICE_UNAVAILABLE, vec![], json!({})), false, None, "answered 503"),
        (|_| (StatusCode::UNAUTHORIZED, vec![], json!({})), false, None, "refuses the key"),
        (
            |_| (StatusCode::BAD_REQUEST, vec![], json!({"error": "too long: secret text"})),
            true,
            None,
            "answered 400",
        ),
        (|_| (StatusCode::INTERNAL_SERVER_ERROR, vec![], json!({})), true, None, "answered 500"),
        (|_| (StatusCode::OK, vec![], json!({"data": []})), true, None, "gave 0 vectors for 1 texts"),
        (
            |_| (StatusCode::OK, vec![], json!({"data": [{"index": 0, "embedding": [1.0]}]})),
            false,
            None,
            "vectors of 1 numbers",
        ),
    ];
    for (answering, of_text, seconds, words) in cases {
        let (url, _) = server(answering).await;
        let error = client(&url, Some("hunter2")).embed(&texts(1)).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains(words) && !said.contains("hunter2") && !said.contains("secret"), "{said}");
        assert_eq!(error.may_be_of_a_text(), of_text, "{said}");
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{said}");
    }
}

#[tokio::test]
async fn an_index_twice_or_out_of_range_is_refused() {
    for indices in ["[0, 0]", "[0, 9]"] {
        let (url, _) = server(if indices == "[0, 0]" {
            |_| (StatusCode::OK, vec![], json!({"data": [{"index": 0, "embedding": [1, 0, 0]}, {"index": 0, "embedding": [1, 0, 0]}]}))
        } else {
            |_| (StatusCode::OK, vec![], json!({"data": [{"index": 0, "embedding": [1, 0, 0]}, {"index": 9, "embedding": [1, 0, 0]}]}))
        })
        .await;
        let error = client(&url, None).embed(&texts(2)).await.unwrap_err();
        assert!(matches!(error, VectorError::Embedder { .. }), "{error:?}");
    }
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_without_showing_it() {
    let url: Url = "http://127.0.0.1:1".parse().unwrap();
    let error = OpenAi::new(url, Some("sword\nfish"), "m", Some(3)).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("sword"), "{error}");
}

#[tokio::test]
async fn any_length_of_vectors_does_and_must_be_the_same_for_all() {
    let (url, _) = server(backwards).await;
    let embedder = OpenAi::new(url, None, "m", None).unwrap();
    assert_eq!(embedder.embed(&texts(2)).await.unwrap(), vec![vec![1.0, 0.0, 0.0]; 2]);
    assert_eq!(embedder.digest().await.unwrap(), None, "its server tells none");
    let (url, _) = server(|_| {
        let data = json!([{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}]);
        (StatusCode::OK, vec![], json!({ "data": data }))
    })
    .await;
    let error = OpenAi::new(url, None, "m", None).unwrap().embed(&texts(2)).await.unwrap_err();
    assert!(error.to_string().ends_with("gave vectors of different lengths"), "{error}");
}

//! The embedder on Ollama, against its API's shape: the model itself cannot run where these tests run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use axum::{Json, Router, http::StatusCode, routing::post};
use serde_json::{Value, json};
use vectors::{Embedder as _, Ollama};

async fn server(answer: fn(Value) -> (StatusCode, Value)) -> Ollama {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let router = Router::new().route(
        "/api/embed",
        post(move |Json(asked): Json<Value>| async move {
            let (status, body) = answer(asked);
            (status, Json(body))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ollama::new(url, "bge-m3").unwrap()
}

fn texts() -> Vec<String> {
    vec!["un".to_owned(), "deux".to_owned()]
}

#[tokio::test]
async fn vectors_come_back_in_order_at_length_one() {
    let ollama = server(|asked| {
        assert_eq!(asked["model"], "bge-m3");
        let vector = |n: usize| (0..1_024).map(|at| if at == n { 3.0 } else { 0.0 }).collect::<Vec<f32>>();
        (StatusCode::OK, json!({ "embeddings": [vector(0), vector(1)] }))
    })
    .await;
    let vectors = ollama.embed(&texts()).await.unwrap();
    assert_eq!((vectors[0][0], vectors[1][1], vectors[1][0]), (1.0, 1.0, 0.0));
}

#[allow(clippy::type_complexity, reason = "a table of answers and what is said of them")]
#[tokio::test]
async fn what_is_wrong_is_told_with_the_remedy() {
    let wrong: [(fn(Value) -> (StatusCode, Value), &str); 5] = [
        (
            |_| (StatusCode::NOT_FOUND, json!({"error": "model not found"})),
            "has no model bge-m3; run `ollama pull bge-m3`",
        ),
        (|_| (StatusCode::OK, json!({"embeddings": [[1.0]]})), "gave 1 vectors for 2 texts"),
        (|_| (StatusCode::OK, json!({"embeddings": [[1.0], [1.0]]})), "use bge-m3"),
        (|_| (StatusCode::OK, json!({"hello": 1})), "something else than embeddings"),
        (|_| (StatusCode::INTERNAL_SERVER_ERROR, json!({})), "answered 500"),
    ];
    for (answer, said) in wrong {
        let error = server(answer).await.embed(&texts()).await.unwrap_err().to_string();
        assert!(error.starts_with("Ollama at http://127.0.0.1") && error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn a_dead_server_is_named() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ollama = Ollama::new("http://127.0.0.1:1".parse().unwrap(), "bge-m3").unwrap();
    let error = ollama.embed(&texts()).await.unwrap_err().to_string();
    assert_eq!(error, "Ollama at http://127.0.0.1:1/: does not answer; is it running?");
}

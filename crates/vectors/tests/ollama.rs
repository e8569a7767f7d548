//! The embedder on Ollama, against a server on loopback in the shape of its API (github.com/ollama/ollama, docs/api.md): the model
//! itself, of more than a gigabyte, cannot run where these tests run.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};
use url::Url;
use vectors::{Embedder as _, Ollama, VectorError};

type Answering = fn(&Value) -> (StatusCode, Value);

#[derive(Clone)]
struct Server {
    answering: Answering,
    asked: Arc<Mutex<Vec<Value>>>,
    url: Url,
}

impl Server {
    async fn start(path: &str, answering: Answering) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = Self { answering, asked: Arc::default(), url };
        let router = Router::new().route(path, post(answer)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    fn ollama(&self) -> Ollama {
        Ollama::new(self.url.clone(), "bge-m3").unwrap()
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(State(server): State<Server>, Json(asked): Json<Value>) -> (StatusCode, Json<Value>) {
    server.asked.lock().unwrap().push(asked.clone());
    let (status, body) = (server.answering)(&asked);
    (status, Json(body))
}

/// A vector for each text: three in the slot of the text's length.
fn embeds(asked: &Value) -> (StatusCode, Value) {
    let vector = |text: &Value| {
        let slot = text.as_str().unwrap().len() % 1_024;
        (0..1_024).map(|at| if at == slot { 3.0 } else { 0.0 }).collect::<Vec<f32>>()
    };
    let vectors: Vec<_> = asked["input"].as_array().unwrap().iter().map(vector).collect();
    (StatusCode::OK, json!({"model": "bge-m3", "embeddings": vectors, "total_duration": 14_143_917}))
}

async fn failing(answering: Answering) -> String {
    let server = Server::start("/api/embed", answering).await;
    let error = server.ollama().embed(&["un".to_owned(), "deux".to_owned()]).await.unwrap_err();
    assert!(matches!(error, VectorError::Embedder { .. }), "{error:?}");
    let name = server.url.as_str().trim_end_matches('/');
    error.to_string().replace(name, "URL")
}

#[tokio::test]
async fn vectors_come_in_order_at_length_one() {
    let server = Server::start("/api/embed", embeds).await;
    let texts: Vec<String> = (0..70).map(|length| "x".repeat(length)).collect();
    let vectors = server.ollama().embed(&texts).await.unwrap();
    assert_eq!(vectors.len(), 70);
    for (at, vector) in vectors.iter().enumerate() {
        assert_eq!((vector.len(), vector[at]), (1_024, 1.0));
    }
    let asked = server.asked();
    let sizes: Vec<usize> = asked.iter().map(|asked| asked["input"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [32, 32, 6], "batches");
    assert_eq!(asked[0]["model"], "bge-m3");
    assert_eq!(server.ollama().model(), "bge-m3");
}

#[tokio::test]
async fn a_text_is_cut_where_the_model_stops_reading() {
    let server = Server::start("/api/embed", embeds).await;
    server.ollama().embed(&["é".repeat(30_000)]).await.unwrap();
    assert_eq!(server.asked()[0]["input"][0].as_str().unwrap().chars().count(), 24_000);
    server.ollama().embed(&[]).await.unwrap();
    assert_eq!(server.asked().len(), 1, "nothing to embed, nothing sent");
}

#[tokio::test]
async fn it_may_be_behind_a_path() {
    let server = Server::start("/models/api/embed", embeds).await;
    for path in ["models", "models/"] {
        let ollama = Ollama::new(server.url.join(path).unwrap(), "bge-m3").unwrap();
        assert_eq!(ollama.embed(&["x".to_owned()]).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_missing_model_is_told_with_the_remedy() {
    let said = failing(|_| {
        let error = json!({"error": "model \"bge-m3\" not found, try pulling it first"});
        (StatusCode::NOT_FOUND, error)
    });
    assert_eq!(said.await, "Ollama at URL has no model bge-m3: run `ollama pull bge-m3`");
    let said = failing(|_| {
        let error = json!({"error": "this model does not support embeddings"});
        (StatusCode::BAD_REQUEST, error)
    });
    assert_eq!(said.await, "Ollama at URL cannot embed with bge-m3: use bge-m3");
    let said = failing(|_| (StatusCode::NOT_FOUND, json!({"detail": "Not Found"})));
    assert_eq!(said.await, "Ollama at URL does not know /api/embed: is it Ollama, 0.3 or later?");
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_refused() {
    let wrong: [(Answering, &str); 6] = [
        (|_| (StatusCode::OK, json!({"embeddings": [[1.0]]})), "gave 1 vectors for 2 texts"),
        (
            |_| (StatusCode::OK, json!({"embeddings": [[1.0], [1.0, 1.0]]})),
            "gave vectors of different lengths",
        ),
        (
            |_| (StatusCode::OK, json!({"embeddings": [vec![0.0; 1_024], vec![0.0; 1_024]]})),
            "gave a vector without a direction",
        ),
        (|_| (StatusCode::OK, json!({"embedding": []})), "answered something else than embeddings"),
        (|_| (StatusCode::OK, json!("x".repeat(9_000_000))), "answered more than vectors can take"),
        (|_| (StatusCode::INTERNAL_SERVER_ERROR, json!({"error": "un, deux"})), "answered 500"),
    ];
    for (answering, said) in wrong {
        assert_eq!(failing(answering).await, format!("Ollama at URL {said}"));
    }
}

#[tokio::test]
async fn a_dead_server_is_named_without_its_password() {
    // A port that was free a moment ago.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://user:hunter2@{address}/").parse().unwrap();
    let ollama = Ollama::new(url, "bge-m3").unwrap();
    let error = ollama.embed(&["un".to_owned()]).await.unwrap_err();
    assert_eq!(error.to_string(), format!("Ollama at http://{address} does not answer; is it running?"));
    let cause = std::error::Error::source(&error).unwrap();
    assert!(!format!("{error:?} {cause} {cause:?}").contains("hunter2"));
    assert!(!format!("{ollama:?}").contains("hunter2"));
}

async fn listing(models: fn() -> (StatusCode, Value)) -> Ollama {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let answer = move || async move {
        let (status, body) = models();
        (status, Json(body))
    };
    let router = Router::new().route("/api/tags", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ollama::new(url, "bge-m3").unwrap()
}

#[tokio::test]
async fn a_model_is_the_digest_that_ollama_lists() {
    let listed = || {
        let models = json!([
            {"name": "bge-m3:567m", "digest": "aa"}, {"name": "bge-m3:latest", "digest": "790764642607"}]);
        (StatusCode::OK, json!({ "models": models }))
    };
    assert_eq!(listing(listed).await.digest().await.unwrap().as_deref(), Some("790764642607"));
    let other =
        listing(|| (StatusCode::OK, json!({"models": [{"name": "bge-m4:latest", "digest": "bb"}]}))).await;
    let error = other.digest().await.unwrap_err();
    assert!(error.to_string().ends_with("has no model bge-m3: run `ollama pull bge-m3`"), "{error}");
    assert!(!error.may_be_of_a_text() && error.is_passing());
    let older = listing(|| (StatusCode::NOT_FOUND, json!({}))).await;
    assert_eq!(older.digest().await.unwrap(), None, "the name alone");
    let down = listing(|| (StatusCode::SERVICE_UNAVAILABLE, json!({}))).await;
    assert!(down.digest().await.unwrap_err().to_string().ends_with("answered 503"));
}

#[tokio::test]
async fn vectors_may_have_any_length() {
    let server = Server::start("/api/embed", |_| (StatusCode::OK, json!({"embeddings": [[3.0, 4.0]]}))).await;
    assert_eq!(server.ollama().embed(&["x".to_owned()]).await.unwrap(), [[0.6, 0.8]]);
}

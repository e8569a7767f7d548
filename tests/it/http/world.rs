//! A worker with rows, a held run, a dead letter and a pair in doubt, and tokens of each scope.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::support::{Held, Road, Running, client, wait_until};

/// A title that would be markup, if anybody let it.
pub(crate) const HOSTILE: &str = "<script>alert('x')</script><img src=x onerror=alert(1)> & Cie";

/// Everything that a test of the API needs.
pub(crate) struct World {
    pub(crate) road: Road,
    pub(crate) store: Held,
    pub(crate) address: String,
    pub(crate) http: Client,
    /// Tokens of the scopes read, operate and admin.
    pub(crate) tokens: [String; 3],
    /// The held run, and the one before it.
    pub(crate) held: String,
    pub(crate) complete: String,
    /// Two opportunities that may be one.
    pub(crate) pair: [String; 2],
    pub(crate) dead: i64,
    worker: Running,
}

impl World {
    pub(crate) async fn new() -> Self {
        let mut road = Road::new().await;
        road.settings.push("api_token=let-me-in".to_owned());
        let mut tokens = Vec::new();
        road.bin(&["migrate"]).run().await.expect(0);
        for scope in ["read", "operate", "admin"] {
            let made = road.bin(&["tokens", "create", scope, "--scope", scope]).run().await.expect(0);
            tokens.push(made.out.trim().to_owned());
        }
        let worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
        let store = road.database.store().await;
        wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
        let address = store.queue().workers().await.unwrap()[0].http_address.clone().unwrap();
        let complete = ingest(&road).await;
        road.replay.replace("api.fnecm.org", "/v2/offres/search", few());
        let held = ingest(&road).await;
        let (pair, dead) = trouble(&store).await;
        // The first client of the process installs the provider of TLS.
        drop(client());
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self {
            store,
            address,
            http,
            tokens: tokens.try_into().unwrap(),
            held,
            complete,
            pair,
            dead,
            worker,
            road,
        }
    }

    /// A request with a token, or without one.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> RequestBuilder {
        let method: Method = method.to_uppercase().parse().unwrap();
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        let request = token.into_iter().fold(request, RequestBuilder::bearer_auth);
        match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        }
    }

    /// Reads a path as an administrator.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.ask("get", path, Some(&self.tokens[2]), None).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        json(answer).await
    }

    pub(crate) async fn end(mut self) {
        crate::support::terminate(&mut self.worker).await;
    }
}

/// Returns the JSON of an answer.
pub(crate) async fn json(answer: Response) -> Value {
    let text = answer.text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn ingest(road: &Road) -> String {
    let ended = road.bin(&["ingest", "fne", "--full", "--output", "json"]).run().await;
    ended.json()[0]["id"].as_str().unwrap().to_owned()
}

/// Twenty of FNE's offers: a run that shows no more is held. One of them has a hostile title.
pub(crate) fn few() -> replay::CannedResponse {
    let all: Value = serde_json::from_str(include_str!("../../../fixtures/fne/offres.json")).unwrap();
    let mut offers = all["resultats"].as_array().unwrap()[..20].to_vec();
    offers[3]["intitule"] = HOSTILE.into();
    replay::CannedResponse {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: serde_json::json!({ "resultats": offers }).to_string().into(),
    }
}

/// Adds a pair in doubt, a hostile title and a dead letter.
async fn trouble(store: &store::Store) -> ([String; 2], i64) {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "SELECT o.id FROM ingest.opportunities o WHERE status = 'open' AND NOT EXISTS (SELECT FROM ingest.clusters c WHERE c.opportunity = o.id) ORDER BY id LIMIT 2",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    sqlx::query("UPDATE ingest.opportunities SET title = $2, fingerprint = sha256('hostile') WHERE id = $1")
        .bind(ids[0])
        .bind(HOSTILE)
        .execute(store.pool())
        .await
        .unwrap();
    // Comparing a changed row forgets the doubts on it, so it has to be over.
    sqlx::query("SELECT queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates')")
        .execute(store.pool())
        .await
        .unwrap();
    wait_until("the changed row is compared", async || store.unmatched().await.unwrap() == 0).await;
    sqlx::query("INSERT INTO ingest.match_doubts (one, other, score, why) VALUES ($1, $2, 0.5, 'title')")
        .bind(ids[0])
        .bind(ids[1])
        .execute(store.pool())
        .await
        .unwrap();
    let dead = sqlx::query_scalar(
        "INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
         SELECT n, 'match_duplicates', 'match', '{}', 6, 'the <b>database</b> could not', now() FROM generate_series(900001, 900003) n RETURNING id",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    ([ids[0].to_string(), ids[1].to_string()], dead)
}

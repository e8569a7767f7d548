//! A partner whose answers a test decides, and a budget that counts.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::{Router, body::Body, extract::State, http::HeaderMap};
use domain::SourceSlug;
use fetch::{
    Budget, BudgetError, Client, Credentials, Pace, Partner, Permit, Request, SecretString, Settings,
};

pub(crate) type Asked = axum::extract::Request;
pub(crate) type Given = axum::http::Response<Body>;

type Answering = dyn Fn(&Asked, usize) -> Given + Send + Sync;

/// A partner's server: it answers as a test says, and writes down what arrives.
#[derive(Clone)]
pub(crate) struct Server {
    answering: Arc<Answering>,
    arrived: Arc<Mutex<Vec<Arrival>>>,
    pub(crate) url: String,
}

#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Given {
    let built = headers.iter().fold(Given::new(Body::empty()), |mut built, (name, value)| {
        let name: axum::http::HeaderName = name.parse().unwrap();
        built.headers_mut().insert(name, value.parse().unwrap());
        built
    });
    let mut built = built.map(|_| body.into());
    *built.status_mut() = status.try_into().unwrap();
    built
}

/// Begins to serve; the second argument of `answering` is the number of the request, from 1.
pub(crate) async fn serve(answering: impl Fn(&Asked, usize) -> Given + Send + Sync + 'static) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Server { answering: Arc::new(answering), arrived: Arc::default(), url };
    let router = Router::new().fallback(handle).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    server
}

async fn handle(State(server): State<Server>, asked: Asked) -> Given {
    let host = asked.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let line = format!("{} {host}{}", asked.method(), asked.uri());
    let arrival = Arrival { at: Instant::now(), line, headers: asked.headers().clone() };
    let n = {
        let mut arrived = server.arrived.lock().unwrap();
        arrived.push(arrival);
        arrived.len()
    };
    (server.answering)(&asked, n)
}

impl Server {
    pub(crate) fn partner(&self) -> Partner {
        Partner {
            slug: SourceSlug::new("fne").unwrap(),
            base_url: "https://api.fnecm.org".parse().unwrap(),
            hosts: vec!["api.fnecm.org".to_owned(), "www.fnecm.org".to_owned()],
            rate: "1000/s".parse().unwrap(),
            robots: false,
            reserves: false,
            credentials: None,
            via: Some(self.url.parse().unwrap()),
        }
    }

    pub(crate) fn with_robots(&self) -> Partner {
        Partner { robots: true, ..self.partner() }
    }

    pub(crate) fn with_oauth2(&self) -> Partner {
        let credentials = Credentials::OAuth2 {
            token_url: "https://api.fnecm.org/token".parse().unwrap(),
            scope: Some("offres".to_owned()),
            id: "me".to_owned(),
            secret: SecretString::from("hunter2".to_owned()),
        };
        Partner { credentials: Some(credentials), ..self.partner() }
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.arrived.lock().unwrap().clone()
    }

    /// The request lines that arrived, in order: `GET api.fnecm.org/a`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.arrivals().into_iter().map(|arrival| arrival.line).collect()
    }

    pub(crate) fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|line| line.ends_with(path)).count()
    }

    /// A header of the request of that number, from 1.
    pub(crate) fn header(&self, n: usize, name: &str) -> Option<String> {
        self.arrivals()[n - 1].headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

/// A budget that gives at once and writes down what it is asked.
#[derive(Default)]
pub(crate) struct Counting {
    pub(crate) reserved: Mutex<Vec<(String, Duration)>>,
    pub(crate) held: Mutex<Vec<Duration>>,
}

impl Counting {
    pub(crate) fn count(&self) -> usize {
        self.reserved.lock().unwrap().len()
    }
}

#[async_trait]
impl Budget for Counting {
    async fn reserve(&self, key: &str, pace: Pace, _: Duration) -> Result<Permit, BudgetError> {
        self.reserved.lock().unwrap().push((key.to_owned(), pace.spacing()));
        Ok(Permit::After(Duration::ZERO))
    }
    async fn hold(&self, _: &str, pause: Duration) -> Result<(), BudgetError> {
        self.held.lock().unwrap().push(pause);
        Ok(())
    }
}

/// Limits that end a test soon.
pub(crate) fn settings() -> Settings {
    Settings {
        user_agent: "oim-etl/0.1 (+https://oim.example)".to_owned(),
        idle_timeout: Duration::from_secs(2),
        request_timeout: Duration::from_secs(5),
        max_body: 1 << 20,
        max_attempts: 3,
        max_backoff: Duration::from_millis(20),
        ..Settings::default()
    }
}

pub(crate) fn client() -> Client {
    Client::new(settings()).unwrap()
}

pub(crate) fn get(path: &str) -> Request {
    Request {
        url: format!("https://api.fnecm.org{path}").parse().unwrap(),
        headers: Vec::new(),
        validators: None,
        body: None,
    }
}

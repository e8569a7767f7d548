//! The client against a real server on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::{Request as Asked, State},
    http::{HeaderMap, Response},
};
use fetch::{
    Budget, BudgetError, Client, Credentials, FetchError, Partner, Permit, Request, Retry, Secret, Settings,
    Validators,
};
use opportunity::SourceSlug;

type Answering = Arc<dyn Fn(&Asked, u32) -> Response<Body> + Send + Sync>;

/// A partner's server whose answers a test decides; it counts what arrives.
#[derive(Clone)]
struct Server {
    answering: Answering,
    arrived: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    url: String,
}

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let built = headers
        .iter()
        .fold(Response::builder().status(status), |built, (name, value)| built.header(*name, *value));
    built.body(body.into()).unwrap()
}

#[allow(clippy::items_after_statements, reason = "the handler is of this server alone")]
async fn serve(answering: impl Fn(&Asked, u32) -> Response<Body> + Send + Sync + 'static) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Server { answering: Arc::new(answering), arrived: Arc::default(), url };
    async fn handle(State(server): State<Server>, asked: Asked) -> Response<Body> {
        let host = asked.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        let n = {
            let mut arrived = server.arrived.lock().unwrap();
            arrived.push((format!("{} {host}{}", asked.method(), asked.uri()), asked.headers().clone()));
            arrived.len()
        };
        (server.answering)(&asked, u32::try_from(n).unwrap())
    }
    let router = Router::new().fallback(handle).with_state(server.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    server
}

impl Server {
    fn partner(&self) -> Partner {
        Partner {
            slug: SourceSlug::new("fne").unwrap(),
            base_url: "https://api.fnecm.org".parse().unwrap(),
            hosts: vec!["api.fnecm.org".to_owned()],
            rate: "1000/s".parse().unwrap(),
            robots: false,
            credentials: None,
            via: Some(self.url.parse().unwrap()),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.arrived.lock().unwrap().iter().map(|(line, _)| line.clone()).collect()
    }

    fn header(&self, n: usize, name: &str) -> Option<String> {
        self.arrived.lock().unwrap()[n].1.get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

/// A budget that gives at once and counts.
#[derive(Default)]
struct Counting {
    reserved: AtomicU32,
    held: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Budget for Counting {
    async fn reserve(&self, _: &str, _: Duration, _: Duration) -> Result<Permit, BudgetError> {
        self.reserved.fetch_add(1, Ordering::SeqCst);
        Ok(Permit::After(Duration::ZERO))
    }
    async fn hold(&self, _: &str, pause: Duration) -> Result<(), BudgetError> {
        self.held.lock().unwrap().push(pause);
        Ok(())
    }
}

fn client() -> Client {
    let settings = Settings {
        user_agent: "oim-etl/0.1 (+https://oim.example)".to_owned(),
        request_timeout: Duration::from_secs(2),
        max_body: 1 << 20,
        max_attempts: 3,
        ..Settings::default()
    };
    Client::new(settings).unwrap()
}

fn get(path: &str) -> Request {
    Request {
        url: format!("https://api.fnecm.org{path}").parse().unwrap(),
        headers: Vec::new(),
        validators: None,
    }
}

#[tokio::test]
async fn it_says_who_it_is_and_takes_a_slot_for_everything() {
    let server = serve(|asked, n| match asked.uri().path() {
        "/robots.txt" => answer(200, &[], "User-agent: *\nAllow: /\n"),
        "/token" => answer(
            200,
            &[("content-type", "application/json")],
            r#"{"access_token":"abc","token_type":"Bearer","expires_in":300}"#,
        ),
        "/a" => answer(302, &[("location", "/b")], ""),
        _ if n < 6 => answer(503, &[], ""),
        _ => answer(200, &[], "here"),
    })
    .await;
    let mut partner = server.partner();
    partner.robots = true;
    partner.credentials = Some(Credentials::OAuth2 {
        token_url: "https://api.fnecm.org/token".parse().unwrap(),
        scope: None,
        id: "me".to_owned(),
        secret: Secret::new("hunter2".to_owned()),
    });
    let budget = Counting::default();
    let got = client().fetch(&partner, &get("/a"), &budget).await.unwrap();
    assert_eq!((&got.body[..], got.url.as_str()), (&b"here"[..], "https://api.fnecm.org/b"));
    let asked = server.asked();
    assert_eq!(asked.len(), usize::try_from(budget.reserved.load(Ordering::SeqCst)).unwrap(), "{asked:?}");
    assert_eq!(asked.len(), usize::try_from(got.requests).unwrap());
    assert_eq!(asked[0], "GET api.fnecm.org/robots.txt");
    assert_eq!(server.header(2, "user-agent").as_deref(), Some("oim-etl/0.1 (+https://oim.example)"));
    assert_eq!(server.header(2, "authorization").as_deref(), Some("Bearer abc"));
}

#[tokio::test]
async fn a_redirect_leaves_the_hosts_of_the_partner_never() {
    for to in
        ["https://evil.example/x", "http://169.254.169.254/latest", "file:///etc/passwd", "//127.0.0.1/x"]
    {
        let server = serve(move |_, _| answer(302, &[("location", to)], "")).await;
        let refused = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
        assert!(matches!(refused, FetchError::OffHost { .. }), "{to}: {refused}");
        assert_eq!((server.asked().len(), refused.retry()), (1, Retry::Never));
    }
    let server = serve(|_, _| answer(302, &[("location", "/a")], "")).await;
    let refused = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::Redirects { .. }), "{refused}");
}

#[tokio::test]
async fn without_a_gateway_our_own_network_is_out_of_reach() {
    let server = serve(|_, _| answer(200, &[], "secret")).await;
    let mut partner = server.partner();
    partner.via = None;
    partner.hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    for host in ["127.0.0.1", "localhost"] {
        let port = server.url.rsplit(':').next().unwrap();
        let request = Request {
            url: format!("http://{host}:{port}/").parse().unwrap(),
            headers: Vec::new(),
            validators: None,
        };
        assert!(client().fetch(&partner, &request, &Counting::default()).await.is_err(), "{host}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_large_body_is_cut_before_it_is_held() {
    let declared =
        serve(|_, _| answer(200, &[("content-length", "99999999")], Body::from_stream(futures_forever())))
            .await;
    let refused = client().fetch(&declared.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::TooLarge { .. }), "{refused}");
    let endless = serve(|_, _| answer(200, &[], Body::from_stream(futures_forever()))).await;
    let refused = client().fetch(&endless.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::TooLarge { .. }), "{refused}");
}

fn futures_forever() -> impl futures::Stream<Item = Result<Vec<u8>, std::io::Error>> {
    futures::stream::repeat_with(|| Ok(vec![0; 64 << 10]))
}

#[tokio::test]
async fn robots_is_obeyed() {
    let server = serve(|asked, _| match asked.uri().path() {
        "/robots.txt" => answer(200, &[], "User-agent: *\nDisallow: /admin\n"),
        _ => answer(200, &[], ""),
    })
    .await;
    let mut partner = server.partner();
    partner.robots = true;
    let client = client();
    let refused = client.fetch(&partner, &get("/admin/x"), &Counting::default()).await.unwrap_err();
    assert!(
        matches!(refused, FetchError::RobotsDenied { .. }) && refused.retry() == Retry::Never,
        "{refused}"
    );
    client.fetch(&partner, &get("/offres"), &Counting::default()).await.unwrap();
    assert_eq!(
        server.asked(),
        ["GET api.fnecm.org/robots.txt", "GET api.fnecm.org/offres"],
        "robots.txt is asked once"
    );
}

#[tokio::test]
async fn a_robots_that_cannot_be_had_forbids_for_now_and_a_missing_one_allows() {
    for (status, allowed) in [(503, false), (404, true), (403, true)] {
        let server = serve(move |asked, _| {
            answer(if asked.uri().path() == "/robots.txt" { status } else { 200 }, &[], "")
        })
        .await;
        let mut partner = server.partner();
        partner.robots = true;
        let got = client().fetch(&partner, &get("/offres"), &Counting::default()).await;
        assert_eq!(got.is_ok(), allowed, "{status}");
        assert!(got.is_ok() || matches!(got, Err(FetchError::Later { .. })));
    }
}

#[tokio::test]
async fn retry_after_holds_the_pool_and_a_long_one_is_the_callers() {
    let server =
        serve(|_, n| if n == 1 { answer(429, &[("retry-after", "1")], "") } else { answer(200, &[], "ok") })
            .await;
    let budget = Counting::default();
    client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap();
    assert_eq!(*budget.held.lock().unwrap(), [Duration::from_secs(1)]);
    let server = serve(|_, _| answer(429, &[("retry-after", "3600")], "")).await;
    let later = client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap_err();
    let Retry::At(at) = later.retry() else { panic!("{later}") };
    assert!((at - chrono::Utc::now()).num_seconds() > 3_500, "{later}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn passing_failures_are_tried_again_and_lasting_ones_are_not() {
    for (status, tries) in [(500, 3), (502, 3), (408, 3), (404, 1), (410, 1), (400, 1)] {
        let server = serve(move |_, _| answer(status, &[], "")).await;
        let failed = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
        assert_eq!(server.asked().len(), tries, "{status}");
        assert_eq!(failed.gone().is_some(), matches!(status, 404 | 410));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_by_all_and_renewed_when_refused() {
    let server = serve(|asked, n| match asked.uri().path() {
        "/token" => {
            answer(200, &[], format!(r#"{{"access_token":"t{n}","token_type":"bearer","expires_in":300}}"#))
        }
        _ if asked.headers().get("authorization").is_some_and(|token| token == "Bearer t1") && n > 12 => {
            answer(401, &[], "")
        }
        _ => answer(200, &[], "ok"),
    })
    .await;
    let mut partner = server.partner();
    partner.credentials = Some(Credentials::OAuth2 {
        token_url: "https://api.fnecm.org/token".parse().unwrap(),
        scope: Some("offres".to_owned()),
        id: "me".to_owned(),
        secret: Secret::new("hunter2".to_owned()),
    });
    let client = client();
    let tokens = |server: &Server| server.asked().iter().filter(|line| line.contains("/token")).count();
    let many = (0..11).map(|n| {
        let (client, partner) = (client.clone(), partner.clone());
        async move { client.fetch(&partner, &get(&format!("/{n}")), &Counting::default()).await.unwrap() }
    });
    futures::future::join_all(many).await;
    assert_eq!(tokens(&server), 1);
    client.fetch(&partner, &get("/refused"), &Counting::default()).await.unwrap();
    assert_eq!(tokens(&server), 2, "a refused token is renewed once");
}

#[tokio::test]
async fn not_modified_is_an_answer() {
    let server = serve(|asked, _| {
        if asked.headers().get("if-none-match").is_some_and(|tag| tag == "\"v1\"") {
            answer(304, &[], "")
        } else {
            answer(200, &[("etag", "\"v1\"")], "body")
        }
    })
    .await;
    let first = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap();
    assert_eq!(first.validators.etag.as_deref(), Some("\"v1\""));
    let again = Request {
        validators: Some(Validators { etag: first.validators.etag, last_modified: None }),
        ..get("/a")
    };
    assert_eq!(client().fetch(&server.partner(), &again, &Counting::default()).await.unwrap().status, 304);
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let server = serve(|_, _| answer(401, &[], "hunter2")).await;
    let mut partner = server.partner();
    let secret = || Secret::new("hunter2".to_owned());
    for credentials in [
        Credentials::Bearer(secret()),
        Credentials::Basic { user: "me".to_owned(), password: secret() },
        Credentials::ApiKey { header: "x-api-key".to_owned(), key: secret() },
        Credentials::OAuth2 {
            token_url: "https://api.fnecm.org/t".parse().unwrap(),
            scope: None,
            id: "me".to_owned(),
            secret: secret(),
        },
    ] {
        partner.credentials = Some(credentials);
        let failed =
            client().fetch(&partner, &get("/a?key=hunter2"), &Counting::default()).await.unwrap_err();
        let shown = format!("{failed} {failed:?} {partner:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn a_dead_partner_is_told_as_such() {
    let mut partner = serve(|_, _| answer(200, &[], "")).await.partner();
    partner.via = Some("http://127.0.0.1:1".parse().unwrap());
    partner.robots = true;
    let failed = client().fetch(&partner, &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(failed, FetchError::Transport { .. }) && failed.retry() == Retry::Again, "{failed}");
    assert!(failed.to_string().contains("api.fnecm.org"), "{failed}");
}

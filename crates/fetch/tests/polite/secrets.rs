//! No secret is ever shown: not by an error, not by a value, not by a log line.

use std::{
    error::Error,
    fmt::Write as _,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use fetch::{Client, Credentials, FetchError, Partner, Request, SecretString, Settings, Validators};

use crate::support::{Asked, Counting, Given, answer, client, get, serve, settings};

const SECRET: &str = "hunter2";

fn secret() -> SecretString {
    SecretString::from(SECRET.to_owned())
}

fn every_kind() -> Vec<Credentials> {
    vec![
        Credentials::Bearer(secret()),
        Credentials::Basic { user: "me".to_owned(), password: secret() },
        Credentials::ApiKey { header: "x-api-key".to_owned(), key: secret() },
        Credentials::ApiKey {
            header: "x-api-key".to_owned(),
            key: SecretString::from(format!("{SECRET}\n")),
        },
        Credentials::Bearer(SecretString::from(format!("{SECRET}\n"))),
        Credentials::OAuth2 {
            token_url: format!("https://me:{SECRET}@api.fnecm.org/token?key={SECRET}").parse().unwrap(),
            scope: None,
            id: "me".to_owned(),
            secret: secret(),
        },
    ]
}

/// A partner that fails in each way, and repeats our secrets while it does.
fn failing(asked: &Asked) -> Given {
    let said = [("location", format!("/x?key={SECRET}")), ("x-said", SECRET.to_owned())];
    let said: Vec<(&str, &str)> = said.iter().map(|(name, value)| (*name, value.as_str())).collect();
    match asked.uri().path() {
        "/token" => answer(200, &said, format!(r#"{{"access_token":"{SECRET}"}}"#)),
        "/broken-token" => answer(200, &said, format!(r#"{{"access_token":"{SECRET} {SECRET}"}}"#)),
        "/off" => {
            answer(302, &[("location", &format!("https://me:{SECRET}@evil.example/?key={SECRET}"))], SECRET)
        }
        "/loop" | "/x" => answer(302, &said, SECRET),
        "/large" => answer(200, &said, SECRET.repeat(1 << 18)),
        "/later" => answer(429, &[("retry-after", "3600")], SECRET),
        "/fine" => answer(200, &said, SECRET),
        path => answer(path.trim_start_matches('/').parse().unwrap_or(500), &said, SECRET),
    }
}

/// An error with all its causes, in each form that it can be printed.
fn rendered(error: &FetchError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, " {error} {error:?}").unwrap();
        cause = error.source();
    }
    text
}

/// Log lines, in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_errors_nor_logs_show_one() {
    let lines = Lines::default();
    let writer = lines.clone();
    // For the whole process: whichever test runs beside this one is listened to as well.
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    tracing::subscriber::set_global_default(subscriber.with_writer(move || writer.clone()).finish()).unwrap();
    let server = serve(|asked, _| failing(asked)).await;
    let mut failures = 0;
    for credentials in every_kind() {
        let partner = Partner { credentials: Some(credentials), ..server.partner() };
        for path in ["off", "loop", "large", "later", "400", "401", "403", "404", "500", "503"] {
            let mut request = get(&format!("/{path}?key={SECRET}#{SECRET}"));
            request.url.set_password(Some(SECRET)).unwrap();
            request.headers.push(("x-key".to_owned(), SECRET.to_owned()));
            // Each its own: a pause asked for once holds.
            let failed = client().fetch(&partner, &request, &Counting::default()).await.unwrap_err();
            assert!(!rendered(&failed).contains(SECRET), "{}", rendered(&failed));
            failures += 1;
        }
    }
    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<&str> = lines.lines().filter(|line| line.contains(" fetch::")).collect();
    assert!(ours.iter().any(|line| line.contains("answered") && line.contains("source=fne")));
    assert!(ours.iter().any(|line| line.contains("trying again")));
    assert_eq!(ours.iter().find(|line| line.contains(SECRET)), None);
    assert_eq!(failures, 60);
}

#[tokio::test]
async fn a_token_endpoint_that_stutters_shows_none() {
    let server = serve(|asked, _| failing(asked)).await;
    let credentials = Credentials::OAuth2 {
        token_url: "https://api.fnecm.org/broken-token".parse().unwrap(),
        scope: None,
        id: "me".to_owned(),
        secret: secret(),
    };
    let partner = Partner { credentials: Some(credentials), ..server.partner() };
    let failed = client().fetch(&partner, &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(failed, FetchError::BadToken { .. }), "{failed}");
    assert!(!rendered(&failed).contains(SECRET), "{}", rendered(&failed));
}

#[tokio::test]
async fn transport_and_timeout_show_none() {
    let server = serve(|asked, _| failing(asked)).await;
    let dead =
        Partner { via: Some(format!("http://me:{SECRET}@127.0.0.1:1").parse().unwrap()), ..server.partner() };
    let request = get(&format!("/a?key={SECRET}"));
    let failed = client().fetch(&dead, &request, &Counting::default()).await.unwrap_err();
    assert!(matches!(failed, FetchError::Transport { .. }), "{failed}");
    assert!(!rendered(&failed).contains(SECRET), "{}", rendered(&failed));
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let via = format!("http://{}", silent.local_addr().unwrap()).parse().unwrap();
    let silent_partner = Partner { via: Some(via), ..server.partner() };
    let hasty = Settings { idle_timeout: Duration::from_millis(50), max_attempts: 1, ..settings() };
    let client = Client::new(hasty).unwrap();
    let failed = client.fetch(&silent_partner, &request, &Counting::default()).await.unwrap_err();
    assert!(matches!(failed, FetchError::Timeout { .. }), "{failed}");
    assert!(!rendered(&failed).contains(SECRET), "{}", rendered(&failed));
}

#[tokio::test]
async fn no_value_shows_one() {
    let server = serve(|asked, _| failing(asked)).await;
    let client = client();
    let partner = server.with_oauth2();
    let request = Request {
        headers: vec![("x-key".to_owned(), SECRET.to_owned())],
        validators: Some(Validators::default()),
        ..get(&format!("/fine?key={SECRET}"))
    };
    let got = client.fetch(&partner, &request, &Counting::default()).await.unwrap();
    assert_eq!(&got.body[..], SECRET.as_bytes());
    let mut shown = format!("{client:?} {request:?} {got:?} {:?}", secret());
    for credentials in every_kind() {
        let base_url = format!("https://me:{SECRET}@api.fnecm.org").parse().unwrap();
        let via = format!("http://me:{SECRET}@127.0.0.1:1").parse().unwrap();
        let partner =
            Partner { credentials: Some(credentials), base_url, via: Some(via), ..server.partner() };
        write!(shown, " {partner:?}").unwrap();
    }
    assert!(
        shown.contains("[REDACTED]") && shown.contains("x-key") && shown.contains("api.fnecm.org"),
        "{shown}"
    );
    assert!(!shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_told_and_nothing_is_sent() {
    let server = serve(|_, _| answer(200, &[], "")).await;
    let key = SecretString::from("hunter2\n".to_owned());
    for credentials in
        [Credentials::ApiKey { header: "x-api-key".to_owned(), key: key.clone() }, Credentials::Bearer(key)]
    {
        let partner = Partner { credentials: Some(credentials), ..server.partner() };
        let budget = Counting::default();
        let failed = client().fetch(&partner, &get("/a"), &budget).await.unwrap_err();
        assert!(matches!(failed, FetchError::Unsendable { .. }), "{failed:?}");
        assert_eq!((failed.retry(), budget.count()), (fetch::Retry::Never, 0));
    }
    assert!(server.asked().is_empty());
}

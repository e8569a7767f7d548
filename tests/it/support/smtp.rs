//! An SMTP server on loopback that keeps what it is sent (RFC 5321, with AUTH PLAIN), and a webhook that keeps what is posted.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
};

use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// A mail as it came.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    /// The argument of AUTH PLAIN.
    pub(crate) auth: Option<String>,
    /// Who receives it.
    pub(crate) to: Vec<String>,
    /// Header and body.
    pub(crate) data: String,
}

/// The server.
pub(crate) struct Smtp {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl Smtp {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&kept)));
            }
        });
        Self { port, mails }
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

async fn talk(stream: TcpStream, mails: Arc<Mutex<Vec<Mail>>>) {
    let mut stream = BufReader::new(stream);
    let mut mail = Mail { auth: None, to: Vec::new(), data: String::new() };
    let mut say = "220 loopback ESMTP\r\n".to_owned();
    loop {
        if stream.write_all(say.as_bytes()).await.is_err() {
            return;
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let (verb, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        say = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => "250-loopback\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n".to_owned(),
            "AUTH" => {
                mail.auth = Some(rest.to_owned());
                "235 2.7.0 ok\r\n".to_owned()
            }
            "RCPT" => {
                mail.to.push(rest.to_owned());
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.unwrap();
                mail.data.clear();
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.unwrap();
                    if line == ".\r\n" {
                        break;
                    }
                    mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                mails.lock().unwrap().push(mail.clone());
                mail.to.clear();
                "250 2.0.0 kept\r\n".to_owned()
            }
            "QUIT" => {
                let _ = stream.write_all(b"221 bye\r\n").await;
                return;
            }
            _ => "250 ok\r\n".to_owned(),
        };
    }
}

/// A webhook.
pub(crate) struct Hook {
    pub(crate) url: String,
    kept: Arc<Kept>,
}

struct Kept {
    texts: Mutex<Vec<String>>,
    status: AtomicU16,
    asked: AtomicU16,
}

impl Hook {
    /// A webhook at an address with a secret in it.
    pub(crate) async fn start() -> Self {
        let kept = Arc::new(Kept { texts: Mutex::default(), status: 200.into(), asked: 0.into() });
        let router = Router::new().route("/services/s3cret", post(keep)).with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/services/s3cret", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, kept }
    }

    /// Gives this status from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.kept.status.store(status, Ordering::SeqCst);
    }

    /// Returns how often it was asked.
    pub(crate) fn asked(&self) -> u16 {
        self.kept.asked.load(Ordering::SeqCst)
    }

    /// Returns the texts that it took.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.kept.texts.lock().unwrap().clone()
    }

    /// Returns how many of them begin so.
    pub(crate) fn count(&self, begin: &str) -> usize {
        self.texts().iter().filter(|text| text.starts_with(begin)).count()
    }
}

async fn keep(State(kept): State<Arc<Kept>>, body: String) -> StatusCode {
    kept.asked.fetch_add(1, Ordering::SeqCst);
    let status = StatusCode::from_u16(kept.status.load(Ordering::SeqCst)).unwrap();
    if status.is_success() {
        let body: Value = serde_json::from_str(&body).unwrap();
        kept.texts.lock().unwrap().push(body["text"].as_str().unwrap().to_owned());
    }
    status
}

//! Partners that accept a connection and never end an answer.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The posts that a list names.
pub(crate) const POSTS: usize = 50;

/// The requests of one host.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Requests {
    /// Those that wait for the end of their answer now.
    pub(crate) open: usize,
    /// The most that ever did at the same time.
    pub(crate) most: usize,
    /// Those that the client gave up.
    pub(crate) given_up: usize,
    /// All of them, lists left out.
    pub(crate) all: usize,
}

type Log = Arc<Mutex<BTreeMap<String, Requests>>>;

/// A server for many hosts. `/liste` shows [`POSTS`] links. Any other address never ends: hosts whose name begins with `lent`
/// send a byte now and then, the others send nothing.
pub(crate) struct Tarpit {
    address: SocketAddr,
    log: Log,
    serving: JoinHandle<()>,
}

impl Drop for Tarpit {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Tarpit {
    /// Starts it on a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, log) = (listener.local_addr().unwrap(), Log::default());
        let kept = Arc::clone(&log);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Self { address, log, serving }
    }

    /// Its address, as a gateway.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the requests so far, by host.
    pub(crate) fn requests(&self) -> BTreeMap<String, Requests> {
        self.log.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, log: Log) {
    while let Some((path, host)) = head(&mut stream).await {
        if path != "/liste" {
            hang(&mut stream, &log, &host).await;
            return;
        }
        let mut list = String::new();
        for post in 0..POSTS {
            write!(list, "<li><a href=/poste/{post}>Soudeur {post}</a></li>").unwrap();
        }
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{list}",
            list.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Reads the head of a request: its path and its host.
async fn head(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let text = String::from_utf8(bytes).ok()?;
    let path = text.split(' ').nth(1)?.to_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "))?;
    Some((path, host.to_owned()))
}

/// Holds a request until the client gives it up.
async fn hang(stream: &mut TcpStream, log: &Log, host: &str) {
    let note = |change: fn(&mut Requests)| change(log.lock().unwrap().entry(host.to_owned()).or_default());
    note(|host| {
        host.all += 1;
        host.open += 1;
        host.most = host.most.max(host.open);
    });
    let is_slow = host.starts_with("lent");
    if is_slow {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9999\r\n\r\n")
            .await;
    }
    loop {
        let next = tokio::time::timeout(Duration::from_millis(500), stream.read_u8()).await;
        // Nothing more comes from a client that waits: an end of the stream, or an error, ends its request.
        if next.is_ok() || (is_slow && stream.write_all(b".").await.is_err()) {
            break;
        }
    }
    note(|host| {
        host.open -= 1;
        host.given_up += 1;
    });
}

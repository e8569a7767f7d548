//! Embedders and a Qdrant server behind certificates of an authority of one's own. The test makes the authority with `openssl`, and
//! starts itself again for each machine that trusts it or does not: what a process trusts is read once.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]
#![cfg(feature = "embedded")]

#[path = "server/engine.rs"]
mod engine;
#[path = "server/fake.rs"]
#[allow(dead_code, reason = "other tests ask more of it")]
mod fake;

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    sync::Arc,
    thread,
};

use fake::Fake;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tonic::transport::Identity;
use vectors::{Embedder as _, Index as _, Ollama, OpenAi, ServerIndex, VectorError};

/// The addresses for the second process: of the embedders, and of Qdrant.
const EMBEDDER: &str = "VECTORS_TEST_EMBEDDER";
const QDRANT: &str = "VECTORS_TEST_QDRANT";
/// Whether it trusts the authority.
const TRUSTS: &str = "VECTORS_TEST_TRUSTS";

const TEST: &str = "a_private_authority_is_trusted_where_it_is_named_and_told_where_it_is_not";

/// Makes an authority (`ca.pem`) and a certificate of it for this machine. `false`: there is no `openssl`.
fn certify(folder: &Path) -> bool {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let san = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    std::fs::write(folder.join("san"), san).unwrap();
    let authority =
        ["-x509", "-days", "2", "-subj", "/CN=Our authority", "-keyout", "ca.key", "-out", "ca.pem"];
    let request = ["-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"];
    let sign =
        "-req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out server.pem";
    let sign: Vec<&str> = sign.split(' ').collect();
    [
        [&["req"], &key[..], &authority].concat(),
        [&["req"], &key[..], &request].concat(),
        [&["x509"], &sign[..]].concat(),
    ]
    .iter()
    .all(|args| match Command::new("openssl").args(args).current_dir(folder).output() {
        Ok(done) => {
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            true
        }
        Err(_) => false,
    })
}

/// Starts a server that speaks HTTPS and answers embeddings of either protocol. Returns its address.
fn embedders(folder: &Path) -> String {
    let chain =
        CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Who does not trust us hangs up.
            drop(answer(&mut StreamOwned::new(tls, socket)));
        }
    });
    address
}

fn answer(stream: &mut (impl Read + Write)) -> std::io::Result<()> {
    let (mut asked, mut part) = (Vec::new(), [0; 4_096]);
    while !asked.ends_with(b"}") {
        match stream.read(&mut part)? {
            0 => return Ok(()),
            read => asked.extend(part.iter().take(read)),
        }
    }
    let body = if asked.starts_with(b"POST /v1/") {
        r#"{"data":[{"index":0,"embedding":[3.0,4.0]}]}"#
    } else {
        r#"{"embeddings":[[3.0,4.0]]}"#
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}

/// What the second process does: it asks all three, and looks at what comes.
async fn ask() {
    let of = |name: &str| std::env::var(name).unwrap();
    let (embedder, qdrant, trusts) = (of(EMBEDDER), of(QDRANT), of(TRUSTS) == "true");
    let texts = ["emploi".to_owned()];
    let ollama = Ollama::new(embedder.parse().unwrap(), "m").unwrap().embed(&texts).await;
    let openai = OpenAi::new(embedder.parse().unwrap(), Some("key"), "m", None).unwrap().embed(&texts).await;
    let index = ServerIndex::connect(&qdrant.parse().unwrap(), None, "opportunities", "toy", 2).await;
    if trusts {
        assert_eq!(ollama.unwrap(), [[0.6, 0.8]]);
        assert_eq!(openai.unwrap(), [[0.6, 0.8]]);
        index.unwrap().ready().await.unwrap();
        return;
    }
    let passing: [VectorError; 3] = [ollama.unwrap_err(), openai.unwrap_err(), index.unwrap_err()];
    for error in passing {
        let told = error.to_string();
        assert!(told.contains("does not trust") && told.contains("SSL_CERT_FILE"), "{told}");
        assert!(error.is_passing() && !error.may_be_of_a_text(), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_where_it_is_named_and_told_where_it_is_not() {
    if std::env::var_os(EMBEDDER).is_some() {
        return ask().await;
    }
    let folder = tempfile::tempdir().unwrap();
    if !certify(folder.path()) {
        eprintln!("skipped: this machine has no `openssl` to make an authority with");
        return;
    }
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let identity = Identity::from_pem(read("server.pem"), read("server.key"));
    let (_, qdrant) = Fake::start_with_tls(identity).await;
    let embedder = embedders(folder.path());
    for trusts in [true, false] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", TEST, "--nocapture"]).env(EMBEDDER, &embedder).env(QDRANT, qdrant.as_str());
        child.env(TRUSTS, trusts.to_string()).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        if trusts {
            child.env("SSL_CERT_FILE", folder.path().join("ca.pem"));
        }
        let ended = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        assert!(ended.status.success(), "trusts: {trusts}\n{ended:?}");
    }
}

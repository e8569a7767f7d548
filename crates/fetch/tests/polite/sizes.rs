//! Bodies are bounded, whatever a partner says of them.

use std::{io::Write as _, time::Duration};

use axum::body::Body;
use fetch::{Client, FetchError, Partner, Retry, Settings};
use futures::StreamExt as _;

use crate::support::{Counting, answer, client, get, serve, settings};

/// 1 MiB, the cap of the tests' client.
const CAP: u64 = 1 << 20;

fn endless() -> Body {
    Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; 64 << 10])))
}

/// `blocks` × 258 000 + 1 zero bytes in gzip: fixed codes (RFC 1951, 3.2.6), a literal 0 and then copies of it.
fn bomb(blocks: usize) -> Vec<u8> {
    let mut bits = vec![true, true, false]; // the last block, with fixed codes
    bits.extend([false, false, true, true, false, false, false, false]); // literal 0
    for _ in 0..blocks * 1_000 {
        bits.extend([true, true, false, false, false, true, false, true]); // length 258
        bits.extend([false; 5]); // one byte back
    }
    bits.extend([false; 7]); // end
    let bytes = bits.chunks(8).map(|byte| {
        byte.iter().enumerate().fold(0_u8, |byte, (place, &bit)| byte | (u8::from(bit) << place))
    });
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    head.into_iter().chain(bytes).chain([0; 8]).collect()
}

#[tokio::test]
async fn a_bomb_is_cut() {
    let bomb = bomb(200);
    assert!(bomb.len() < 400_000, "50 MB in {} bytes", bomb.len());
    let server = serve(move |_, _| answer(200, &[("content-encoding", "gzip")], bomb.clone())).await;
    let refused = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::TooLarge { limit: CAP, .. }), "{refused}");
    assert_eq!((server.asked().len(), refused.retry()), (1, Retry::Never));
}

/// Sends "103 Early Hints" (RFC 8297) as long as somebody reads them.
fn hints_without_end() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n".repeat(200);
            std::thread::spawn(move || while stream.write_all(&hint).is_ok() {});
        }
    });
    url
}

/// This test has one thread, as the busiest worker has: what keeps it from the clock keeps everybody from it.
#[tokio::test]
async fn hints_without_end_hold_up_nobody_else() {
    let patient = Settings {
        idle_timeout: Duration::from_mins(2),
        request_timeout: Duration::from_mins(2),
        max_attempts: 1,
        ..settings()
    };
    let client = Client::new(patient).unwrap();
    let healthy = serve(|_, _| answer(200, &[], "ok")).await;
    let hostile = Partner { via: Some(hints_without_end().parse().unwrap()), ..healthy.partner() };
    let asking = client.clone();
    let hostile =
        tokio::spawn(async move { asking.fetch(&hostile, &get("/a"), &Counting::default()).await.map(drop) });
    for _ in 0..50 {
        client.fetch(&healthy.partner(), &get("/a"), &Counting::default()).await.unwrap();
    }
    assert!(!hostile.is_finished(), "the healthy partner waited for the end of the hostile one");
    hostile.abort();
}

#[tokio::test]
async fn a_small_compressed_body_is_read() {
    // As gzip writes "hello hello hello hello\n".
    let hello = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\xb9\x00\x00\x88\x59\x0b\x18\x00\x00\x00";
    let server = serve(|_, _| answer(200, &[("content-encoding", "gzip")], hello.to_vec())).await;
    let got = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap();
    assert_eq!(&got.body[..], b"hello hello hello hello\n");
}

#[tokio::test]
async fn a_declared_body_is_refused_unread_and_an_endless_one_is_cut() {
    let declared = serve(|_, _| {
        // Nothing of it ever comes: who waits for the first byte runs into the timeout.
        answer(
            200,
            &[("content-length", "2000000")],
            Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>()),
        )
    })
    .await;
    let refused = client().fetch(&declared.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::TooLarge { limit: CAP, .. }), "{refused}");
    let server = serve(|_, _| answer(200, &[], endless())).await;
    let refused = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(refused, FetchError::TooLarge { limit: CAP, .. }), "{refused}");
}

#[tokio::test]
async fn a_body_at_the_cap_is_read_and_one_byte_more_is_not() {
    for (length, read) in [(CAP, true), (CAP + 1, false)] {
        let body = vec![b'x'; usize::try_from(length).unwrap()];
        let server = serve(move |_, _| answer(200, &[], body.clone())).await;
        let got = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await;
        assert_eq!(got.is_ok(), read, "{length}");
    }
}

#[tokio::test]
async fn a_large_failure_is_a_failure() {
    let server = serve(|_, _| answer(404, &[], endless())).await;
    let gone = client().fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert_eq!(gone.gone(), Some(404), "{gone}");
}

#[tokio::test]
async fn silence_within_a_body_ends() {
    let server = serve(|_, _| {
        let first = futures::stream::once(async { Ok::<_, std::io::Error>("first".to_owned()) });
        answer(200, &[], Body::from_stream(first.chain(futures::stream::pending())))
    })
    .await;
    let limit = Duration::from_millis(100);
    let client = Client::new(Settings { idle_timeout: limit, max_attempts: 2, ..settings() }).unwrap();
    let failed = client.fetch(&server.partner(), &get("/a"), &Counting::default()).await.unwrap_err();
    assert!(matches!(failed, FetchError::Timeout { limit: cut, .. } if cut == limit), "{failed}");
    assert_eq!((server.asked().len(), failed.retry()), (2, Retry::Again));
}

#[tokio::test]
async fn large_bodies_wait_for_each_other_and_small_ones_do_not() {
    let server = serve(|asked, _| match asked.uri().path() {
        "/large" => answer(200, &[], "x".repeat(3 << 20)),
        _ => answer(200, &[], "x"),
    })
    .await;
    let settings = Settings { max_body: 4 << 20, max_in_hand: 4 << 20, ..settings() };
    let (client, partner, budget) = (Client::new(settings).unwrap(), server.partner(), Counting::default());
    let first = client.fetch(&partner, &get("/large"), &budget).await.unwrap();
    let large = get("/large");
    let mut second = Box::pin(client.fetch(&partner, &large, &budget));
    // The second large one does not end while the first is held; a small one does, beside both.
    let small = get("/small");
    let both = futures::future::select(&mut second, Box::pin(client.fetch(&partner, &small, &budget))).await;
    assert!(matches!(both, futures::future::Either::Right((Ok(_), _))), "the small one ends first");
    drop(first);
    assert_eq!(second.await.unwrap().body.len(), 3 << 20);
}

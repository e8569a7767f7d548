//! Reading a body, and stopping in time.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It has more bytes than allowed.
    TooLarge,
    /// The connection broke.
    Broken(reqwest::Error),
}

/// Reads a body of at most `max_body` bytes, counted after decompression: a small compressed body may be a large one.
/// A declared length above `max_wire` is refused before anything is read.
pub(crate) async fn read(mut response: Response, max_wire: u64, max_body: u64) -> Result<Bytes, Unread> {
    if response.content_length().is_some_and(|declared| declared > max_wire) {
        return Err(Unread::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        let total = body.len().saturating_add(chunk.len());
        if u64::try_from(total).unwrap_or(u64::MAX) > max_body {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

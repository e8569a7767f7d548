//! Reading a body, and stopping in time.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// How many bytes of a body are read, counted after decompression: a small compressed body may be a large one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cap {
    /// A larger body is refused: half an answer is none.
    Refuse(u64),
    /// The rest of a larger body is left on the wire: its beginning serves.
    Cut(u64),
}

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It has more than so many bytes.
    TooLarge(u64),
    /// The connection broke.
    Broken(reqwest::Error),
}

/// Reads a body. Where a large one is to be refused, a declared length above the cap or `max_wire` is refused unread.
pub(crate) async fn read(mut response: Response, max_wire: u64, cap: Cap) -> Result<Bytes, Unread> {
    let (Cap::Refuse(limit) | Cap::Cut(limit)) = cap;
    let most = max_wire.min(limit);
    let declared = response.content_length().unwrap_or_default();
    if matches!(cap, Cap::Refuse(_)) && declared > most {
        return Err(Unread::TooLarge(most));
    }
    let room = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        let left = room - body.len();
        if chunk.len() <= left {
            body.extend_from_slice(&chunk);
            continue;
        }
        return match cap {
            Cap::Refuse(_) => Err(Unread::TooLarge(limit)),
            Cap::Cut(_) => {
                body.extend_from_slice(&chunk.slice(..left));
                Ok(body.freeze())
            }
        };
    }
    Ok(body.freeze())
}

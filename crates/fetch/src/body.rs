//! Reading a body, and stopping in time.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of a body that need no place: as many as all requests of a process may hold at once.
const SMALL: usize = 1 << 20;
/// What a place is counted in, in bytes.
const UNIT: usize = 1 << 10;

/// Room for the large bodies of a process: what all of them hold together is bounded, from the first byte of each until
/// nobody has a copy of it any more.
#[derive(Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self(Arc::new(Semaphore::new(bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS))))
    }

    /// Waits for a place for a body of so many bytes. A body takes its place at once and no second one, so that two never
    /// wait for each other.
    async fn place(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        Arc::clone(&self.0).acquire_many_owned(units).await.ok()
    }
}

/// A large body and its place.
struct Placed {
    body: Bytes,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// The body with as much of its place as it needs, which is free when the last copy is gone.
fn placed(body: BytesMut, place: Option<OwnedSemaphorePermit>) -> Bytes {
    let body = body.freeze();
    let Some(mut place) = place else { return body };
    let excess = place.num_permits().saturating_sub(body.len().div_ceil(UNIT));
    drop(place.split(excess));
    Bytes::from_owner(Placed { body, _place: place })
}

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

/// Reads a body. Where a large one is to be refused, a declared length above the cap or `max_wire` is refused unread. One
/// that turns out to be large waits for a place, and the partner with it.
pub(crate) async fn read(
    mut response: Response,
    max_wire: u64,
    cap: Cap,
    room: &Room,
) -> Result<Bytes, Unread> {
    let (Cap::Refuse(limit) | Cap::Cut(limit)) = cap;
    let most = max_wire.min(limit);
    let declared = response.content_length();
    if matches!(cap, Cap::Refuse(_)) && declared.is_some_and(|declared| declared > most) {
        return Err(Unread::TooLarge(most));
    }
    let size = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
    let limit_bytes = size(limit);
    let expected = declared.map_or(limit_bytes, |declared| size(declared).min(limit_bytes));
    let mut body = BytesMut::new();
    let mut place = None;
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if place.is_none() && body.len() + chunk.len() > SMALL {
            let bytes = expected.max(body.len() + chunk.len()).min(limit_bytes);
            place = room.place(bytes).await;
            // All of it at once: growing by doubling would hold twice as much.
            body.reserve(bytes.saturating_sub(body.len()));
        }
        let left = limit_bytes - body.len();
        if chunk.len() <= left {
            body.extend_from_slice(&chunk);
            continue;
        }
        return match cap {
            Cap::Refuse(_) => Err(Unread::TooLarge(limit)),
            Cap::Cut(_) => {
                body.extend_from_slice(&chunk.slice(..left));
                Ok(placed(body, place))
            }
        };
    }
    Ok(placed(body, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_keeps_its_place_until_its_last_copy_is_gone() {
        let room = Room::new(4 << 20);
        let place = room.place(3 << 20).await;
        let body = placed(BytesMut::from(vec![7; 2 << 20].as_slice()), place);
        assert_eq!(room.0.available_permits(), 2 << 10, "what was not needed is free again");
        let copy = body.slice(10..20);
        drop(body);
        assert_eq!(room.0.available_permits(), 2 << 10);
        drop(copy);
        assert_eq!(room.0.available_permits(), 4 << 10);
    }
}

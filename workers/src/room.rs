//! Room for the pages that are being parsed: their memory is bounded, and they are parsed on threads where they cannot delay
//! heartbeats and health checks.
//!
//! A page is admitted by its size before it is parsed, and keeps its place until it is committed. A large page takes most of
//! the room, so it is parsed alone; small ones share a room of their own. The parser (`sources::read`) refuses a page that would take more than its
//! place. Together, both models bound the memory of a worker, whatever a partner sends.

use std::{sync::Arc, thread::available_parallelism};

use anyhow::Context as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room for the large pages of a process, in MiB.
const ROOM: u32 = 192;
/// Room for its small ones, in MiB. It is their own: places are given in turn, and whoever came after two large pages of another source, each
/// parsed for minutes, waited as long.
const ROOM_OF_SMALL: u32 = 64;
/// The most that a small page takes, in MiB.
const SMALL: u32 = 16;
/// The most that one page takes, in MiB: what `sources` allows for its values, and what is made of them.
const LARGEST: u32 = 192;
/// What a page takes that is parsed as a stream, in MiB: one record and two parts.
const STREAMED: u32 = 96;
/// Bytes of memory for each byte of a page: the three bytes `{},` become a value of 250.
const GROWTH: u64 = 128;

/// The room of a process. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    large: Share,
    small: Share,
}

/// The room of large pages, or that of small ones.
#[derive(Debug, Clone)]
struct Share {
    memory: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

impl Share {
    fn of(mib: u32, threads: usize) -> Self {
        let memory = Semaphore::new(usize::try_from(mib).unwrap_or(Semaphore::MAX_PERMITS));
        Self { memory: Arc::new(memory), threads: Arc::new(Semaphore::new(threads)) }
    }
}

/// The place of a page that is being parsed. Dropping it frees the place.
#[derive(Debug)]
pub(crate) struct Admitted {
    threads: Arc<Semaphore>,
    _place: OwnedSemaphorePermit,
}

impl Room {
    /// Returns room in which as many small pages are parsed at the same time as the machine has cores, and as many large ones.
    pub(crate) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { large: Share::of(ROOM, cores), small: Share::of(ROOM_OF_SMALL, cores) }
    }

    /// Waits for room for a page of so many bytes that is parsed whole.
    pub(crate) async fn admit(&self, bytes: u64) -> anyhow::Result<Admitted> {
        self.take(place(bytes)).await
    }

    /// Waits for room for a page that is parsed as a stream.
    pub(crate) async fn admit_streamed(&self) -> anyhow::Result<Admitted> {
        self.take(STREAMED).await
    }

    async fn take(&self, mib: u32) -> anyhow::Result<Admitted> {
        let share = if mib <= SMALL { &self.small } else { &self.large };
        let place = Arc::clone(&share.memory).acquire_many_owned(mib).await.context("the room is closed")?;
        Ok(Admitted { threads: Arc::clone(&share.threads), _place: place })
    }
}

impl Admitted {
    /// Runs work on a thread of its own. `None`: it panicked.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<Option<T>> {
        let _thread = self.threads.acquire().await.context("the room is closed")?;
        Ok(tokio::task::spawn_blocking(work).await.ok())
    }

    /// Runs work that borrows on this thread; the other tasks of the runtime move to other threads.
    pub(crate) async fn work_here<T>(&self, work: impl FnOnce() -> T) -> anyhow::Result<T> {
        let _thread = self.threads.acquire().await.context("the room is closed")?;
        Ok(tokio::task::block_in_place(work))
    }
}

/// Returns the memory that a page of so many bytes takes, in MiB.
fn place(bytes: u64) -> u32 {
    let mib = bytes.saturating_mul(GROWTH) >> 20;
    u32::try_from(mib).unwrap_or(u32::MAX).clamp(1, LARGEST)
}

#[cfg(test)]
mod tests;

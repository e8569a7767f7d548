use std::time::Duration;

use super::*;

#[test]
fn a_page_takes_a_place_by_its_size_and_none_takes_all() {
    assert_eq!((place(0), place(10 << 10), place(100 << 10)), (1, 1, 12));
    assert_eq!((place(1 << 20), place(64 << 20), place(u64::MAX)), (128, LARGEST, LARGEST));
    const { assert!(LARGEST <= ROOM && 2 * STREAMED <= ROOM && SMALL <= ROOM_OF_SMALL, "each page has room") };
}

#[tokio::test]
async fn pages_beyond_the_room_wait_and_small_ones_do_not() {
    let room = Room::new();
    let soon = Duration::ZERO;
    let large = room.admit(64 << 20).await.unwrap();
    let small = room.admit(1 << 10).await.unwrap();
    assert!(tokio::time::timeout(soon, room.admit(64 << 20)).await.is_err(), "two large ones do not fit");
    assert!(tokio::time::timeout(soon, room.admit_streamed()).await.is_err());
    drop(large);
    let _large = tokio::time::timeout(soon, room.admit(64 << 20)).await.unwrap().unwrap();
    drop(small);
}

/// Places are given in turn: a small page that came after a large one that waits would wait for it, and for both before it.
#[tokio::test]
async fn a_small_page_waits_for_no_large_one() {
    let room = Room::new();
    let _parsed = (room.admit_streamed().await.unwrap(), room.admit_streamed().await.unwrap());
    let mut third = std::pin::pin!(room.admit_streamed());
    assert!(futures::poll!(third.as_mut()).is_pending());
    let small = tokio::time::timeout(Duration::ZERO, room.admit(100 << 10)).await.expect("it waits").unwrap();
    assert_eq!(small.work(|| 7).await.unwrap(), Some(7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn work_does_not_stall_the_runtime() {
    let page = Room::new().admit(1).await.unwrap();
    // On the one thread of the runtime, each kind of work would wait for ever for the other task.
    let (sender, receiver) = std::sync::mpsc::channel();
    let other = tokio::spawn(async move { sender.send(7) });
    let waited = page.work(move || receiver.recv()).await.unwrap().unwrap();
    assert_eq!(waited, Ok(7));
    other.await.unwrap().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let borrowed = tokio::spawn(async move {
        tokio::spawn(async move { sender.send(8) });
        page.work_here(move || receiver.recv()).await.unwrap()
    });
    assert_eq!(borrowed.await.unwrap(), Ok(8));
    let page = Room::new().admit(1).await.unwrap();
    assert!(page.work::<()>(|| panic!("a reader that fails")).await.unwrap().is_none());
}

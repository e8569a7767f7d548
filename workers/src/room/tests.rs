use std::time::Duration;

use super::*;

#[test]
fn a_page_takes_a_place_by_its_size_and_none_takes_all() {
    assert_eq!((place(0), place(10 << 10), place(100 << 10)), (1, 1, 12));
    assert_eq!((place(1 << 20), place(64 << 20), place(u64::MAX)), (128, LARGEST, LARGEST));
    const { assert!(LARGEST < ROOM && STREAMED < ROOM, "a small page has room beside any other") };
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

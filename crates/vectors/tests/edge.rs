//! The embedded index.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]
#![cfg(feature = "embedded")]

mod support;

use support::{behaves, documents, fill};
use vectors::{EdgeIndex, Index as _, VectorError};

#[tokio::test]
async fn it_finds_filters_withdraws() {
    let folder = tempfile::tempdir().unwrap();
    behaves(&EdgeIndex::open(folder.path(), "lexical-1", 1_024).await.unwrap()).await;
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_process_that_never_closed_it() {
    let folder = tempfile::tempdir().unwrap();
    let copied = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(folder.path(), "lexical-1", 1_024).await.unwrap();
    fill(&index, &documents()).await;
    // A copy of the folder while the index is open is what a killed process leaves on disk.
    copy(folder.path(), copied.path());
    let left = EdgeIndex::open(copied.path(), "lexical-1", 1_024).await.unwrap();
    assert_eq!(left.ids().await.unwrap().len(), 4);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_folder_in_use_and_one_of_another_model_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let open = EdgeIndex::open(folder.path(), "lexical-1", 1_024).await.unwrap();
    let second = EdgeIndex::open(folder.path(), "lexical-1", 1_024).await.unwrap_err();
    assert!(matches!(second, VectorError::Locked { .. }), "{second:?}");
    drop(open);
    let other = EdgeIndex::open(folder.path(), "bge-m3", 1_024).await.unwrap_err().to_string();
    assert!(
        other.contains("was made by lexical-1")
            && other.contains("not by bge-m3")
            && other.contains("remove it"),
        "{other}"
    );
}

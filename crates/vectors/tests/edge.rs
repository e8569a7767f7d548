//! The embedded index.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![cfg(feature = "embedded")]

mod support;

#[path = "edge/contract.rs"]
mod contract;
#[path = "edge/tampering.rs"]
mod tampering;

use std::{
    fs,
    path::Path,
    process::{Command, abort},
    sync::Arc,
};

use domain::term::Term;
use support::{ads, behaves, fill, key, titles};
use vectors::{
    ByWords, Depth, EdgeIndex, Embedder as _, Filter, Index as _, Point, Query, VectorError, Written,
};

async fn open(folder: &Path) -> EdgeIndex {
    EdgeIndex::open(folder, "bge-m3", 1_024).await.unwrap()
}

#[tokio::test]
async fn it_keeps_finds_filters_withdraws() {
    let folder = tempfile::tempdir().unwrap();
    behaves(&open(&folder.path().join("made/as/needed")).await).await;
}

/// Without a model an index has no dense vectors.
#[tokio::test]
async fn words_and_categories_suffice() {
    let folder = tempfile::tempdir().unwrap();
    let (embedder, documents) = (ByWords, ads());
    let index = EdgeIndex::open(folder.path(), ByWords::MODEL, ByWords::DIMENSIONS).await.unwrap();
    let texts: Vec<String> = documents.iter().map(|document| document.text.clone()).collect();
    let points = Point::all(&documents, embedder.embed(&texts).await.unwrap(), 1).unwrap();
    let written = Written { version: 1, seal: points[0].seal.clone() };
    index.upsert(points).await.unwrap();
    let held = index.held(&[documents[0].id], Depth::Vectors).await.unwrap().remove(0);
    assert_eq!(held.drift(&documents[0], Some(&written), 9).unwrap(), None, "it has no vector to lose");
    assert_eq!(index.describe(), "embedded index, by words and categories");
    let terms = vec![Term::word("Limbe", 1.0), Term::category("topic:welding", 1.0)];
    let query = Query { terms, dense: None, filter: Filter::default(), limit: 3, share: None, explain: true };
    let hits = index.search(query.clone()).await.unwrap();
    assert_eq!(hits[0].payload.title, "Arc Welder (M/F)", "the category, in another language, and the place");
    let dense = index.search(Query { dense: Some(vec![1.0; 3]), ..query }).await;
    assert!(matches!(dense, Err(VectorError::NotAVector { found: 3, wanted: 0 })), "{dense:?}");
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path()).await;
    fill(&index, &ads()).await;
    drop(index);
    let index = open(folder.path()).await;
    assert_eq!(titles(&index, "accountant in Buea", Filter::default()).await[0], "Accountant (M/F)");
    index.withdraw(&[key(&ads()[3])], 9).await.unwrap();
    drop(index);
    assert_eq!(open(folder.path()).await.count().await.unwrap(), 21);
}

/// The test starts itself again; the second process dies without closing anything.
#[tokio::test]
async fn what_was_kept_is_there_after_the_process_died() {
    const FOLDER: &str = "VECTORS_TEST_FOLDER";
    if let Ok(folder) = std::env::var(FOLDER) {
        let index = open(folder.as_ref()).await;
        fill(&index, &ads()).await;
        index.withdraw(&[key(&ads()[0])], 9).await.unwrap();
        abort();
    }
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_was_kept_is_there_after_the_process_died"])
            .env(FOLDER, folder.path())
            .output()
            .unwrap();
        assert_eq!(child.status.code(), None, "it was to die of a signal: {child:?}");
        let index = open(folder.path()).await;
        assert_eq!(index.count().await.unwrap(), 21);
        assert_eq!(titles(&index, "soudeur Kribi", Filter::default()).await[0], "Soudeur tuyauteur");
    }
}

#[tokio::test]
async fn a_process_that_died_making_the_index_leaves_nothing_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let half = folder.path().join("making/segments/half");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("segment.json"), b"{").unwrap();
    let index = open(folder.path()).await;
    fill(&index, &ads()).await;
    assert_eq!(index.count().await.unwrap(), 22);
    assert!(!folder.path().join("making").exists());
}

#[tokio::test]
async fn a_folder_in_use_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).await;
    let second = EdgeIndex::open(folder.path(), "bge-m3", 1_024).await.unwrap_err();
    assert!(matches!(second, VectorError::Locked { .. }), "{second:?}");
    let wanted = format!("another process holds the vector index in {}; stop it", folder.path().display());
    assert!(second.to_string().starts_with(&wanted), "{second}");
    first.ready().await.unwrap();
    drop(first);
    open(folder.path()).await.ready().await.unwrap();
}

#[tokio::test]
async fn a_folder_keeps_its_identity_and_a_new_one_has_another() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).await.identity();
    assert!(first.starts_with("embedded:") && first.len() == 41, "{first}");
    assert_eq!(open(folder.path()).await.identity(), first);
    let other = tempfile::tempdir().unwrap();
    assert_ne!(open(other.path()).await.identity(), first);
    fs::write(folder.path().join("identity"), "torn").unwrap();
    assert_ne!(open(folder.path()).await.identity(), first, "half an identity is none");
}

#[tokio::test]
async fn an_index_of_another_model_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).await);
    let meta = folder.path().join("shard/meta.json");
    for (model, dimensions, found) in
        [("words-1", 0, "bge-m3 (1024 numbers, shape 6)"), ("bge-m3", 512, "bge-m3 (1024 numbers")]
    {
        let refused = EdgeIndex::open(folder.path(), model, dimensions).await.unwrap_err().to_string();
        let wanted = format!("was made by {found}");
        assert!(refused.contains(&wanted) && refused.contains("remove it"), "{refused}");
        assert!(refused.contains(&folder.path().display().to_string()), "{refused}");
    }
    for unreadable in [Some("not json"), None] {
        match unreadable {
            Some(text) => fs::write(&meta, text).unwrap(),
            None => fs::remove_file(&meta).unwrap(),
        }
        let refused = EdgeIndex::open(folder.path(), "bge-m3", 1_024).await.unwrap_err();
        assert!(refused.to_string().contains("was made by something unknown"), "{refused}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = EdgeIndex::open(&file.join("vectors"), "bge-m3", 1_024).await.unwrap_err();
    assert!(matches!(refused, VectorError::Folder { .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_write_and_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let index = Arc::new(open(folder.path()).await);
    let tasks: Vec<_> = (0..6)
        .map(|at| {
            let index = Arc::clone(&index);
            tokio::spawn(async move {
                for part in ads().chunks(5).cycle().skip(at).take(5) {
                    fill(index.as_ref(), part).await;
                    titles(index.as_ref(), "soudeur", Filter::default()).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(index.count().await.unwrap(), 22);
}

#[tokio::test]
async fn what_is_built_finds_the_same_and_takes_further_writes() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path()).await;
    let documents = (0..130).flat_map(|round| {
        ads().into_iter().map(move |mut ad| {
            ad.id = domain::OpportunityId::of(
                &domain::SourceSlug::new("bench").unwrap(),
                &format!("{round}-{}", ad.id),
            );
            ad.payload.title = format!("{} {round}", ad.payload.title);
            ad
        })
    });
    let documents: Vec<_> = documents.collect();
    for part in documents.chunks(256) {
        fill(&index, part).await;
    }
    index.settle().await.unwrap();
    index.settle().await.unwrap();
    let found = titles(&index, "accountant in Buea", Filter::default()).await;
    assert!(found.len() == 8 && found.iter().all(|title| title.starts_with("Accountant (M/F)")), "{found:?}");
    assert!(
        fs::read_dir(folder.path().join("shard/segments")).unwrap().count() > 1,
        "what was written is in a segment with a graph, and there is one for what comes"
    );
    index.withdraw(&[key(&documents[0])], 9).await.unwrap();
    fill(&index, &documents[1..3]).await;
    assert_eq!(index.count().await.unwrap(), 2_859);
    drop(index);
    assert_eq!(open(folder.path()).await.count().await.unwrap(), 2_859);
}

/// Also the test that tells when a newer engine reads its journal: then points would be missing here.
#[tokio::test]
async fn the_journal_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("shard/wal");
    let parts = || {
        let names = fs::read_dir(&journal).unwrap().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with("closed-")).count()
    };
    let index = open(folder.path()).await;
    let mut big = ads();
    for ad in &mut big {
        ad.payload.organization = Some("x".repeat(800_000));
    }
    for _ in 0..4 {
        fill(&index, &big).await;
    }
    assert_eq!(parts(), 3, "each part is 32 MB, each time 18 MB");
    for _ in 0..6 {
        fill(&index, &big).await;
        assert!(parts() <= 4, "it is pruned while the index is open: {}", parts());
    }
    drop(index);
    let index = open(folder.path()).await;
    assert_eq!((parts(), index.count().await.unwrap()), (1, 22));
    fill(&index, &ads()).await;
    let hits = support::search(&index, "accountant in Buea", Filter::default()).await;
    assert_eq!((hits.len(), hits[0].payload.organization.as_deref()), (8, None), "updates go on to count");
}

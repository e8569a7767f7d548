//! The feed of changes misses nothing: not what commits late, and not what only changes its cluster.

use store::Store;
use uuid::Uuid;

use crate::{
    clusters::{TEXT, load, post},
    support::opportunities::{fresh, register},
};

/// Changes the content of an opportunity.
const CHANGE: &str =
    "UPDATE ingest.opportunities SET title = title || '!', fingerprint = sha256(fingerprint) WHERE id = $1";

/// Reads what comes after a position.
async fn read(store: &Store, after: i64) -> Vec<(i64, Uuid)> {
    let (entries, head) = store.feed(after, 100).await.unwrap();
    assert!(entries.iter().all(|entry| entry.position > after && entry.position <= head));
    assert!(entries.is_sorted_by_key(|entry| entry.position));
    entries.into_iter().map(|entry| (entry.position, entry.opportunity.id)).collect()
}

#[tokio::test]
async fn a_reader_never_passes_over_a_transaction_that_commits_late() {
    let store = fresh().await;
    let rows =
        [post("fne", "1", "Douala", TEXT), post("fne", "2", "Yaoundé", "Autre chose, tout autre chose.")];
    for row in &rows {
        load(&store, row).await;
    }
    let [one, other] = rows.map(|row| row.id.uuid());
    let first = read(&store, 0).await;
    assert_eq!(
        first.iter().map(|(_, id)| *id).collect::<std::collections::BTreeSet<_>>(),
        [one, other].into()
    );
    let after = first.last().unwrap().0;
    assert!(read(&store, after).await.is_empty());

    let mut late = store.pool().begin().await.unwrap();
    sqlx::query(CHANGE).bind(one).execute(&mut *late).await.unwrap();
    sqlx::query(CHANGE).bind(other).execute(store.pool()).await.unwrap();
    let second = read(&store, after).await;
    assert_eq!(second.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [other]);
    late.commit().await.unwrap();
    let third = read(&store, second[0].0).await;
    assert_eq!(
        third.iter().map(|(_, id)| *id).collect::<Vec<_>>(),
        [one],
        "it wrote first and committed last"
    );
    let undone = store.pool().begin().await.unwrap();
    drop(undone);
    assert!(read(&store, third[0].0).await.is_empty());
}

#[tokio::test]
async fn another_cluster_and_another_canonical_row_are_changes() {
    let store = fresh().await;
    register(&store, "mc2").await;
    let (one, other) = (post("fne", "1", "Douala", TEXT), post("mc2", "9", "Douala", TEXT));
    load(&store, &one).await;
    let after = read(&store, 0).await.last().unwrap().0;
    load(&store, &other).await;
    let moved = read(&store, after).await;
    let both: std::collections::BTreeSet<Uuid> = [one.id.uuid(), other.id.uuid()].into();
    assert_eq!(
        moved.iter().map(|(_, id)| *id).collect::<std::collections::BTreeSet<_>>(),
        both,
        "the first one joined a cluster"
    );
    let (entries, _) = store.feed(after, 100).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.opportunity.canonical).count(), 1);
    let after = moved.last().unwrap().0;
    // Compared again, and nothing is different: nobody hears of it.
    store.decide_pair(one.id, other.id, true, "awa").await.unwrap();
    load(&store, &other).await;
    assert!(read(&store, after).await.is_empty(), "nothing changed");
    store.decide_pair(one.id, other.id, false, "awa").await.unwrap();
    load(&store, &other).await;
    let apart = read(&store, after).await;
    assert_eq!(
        apart.iter().map(|(_, id)| *id).collect::<std::collections::BTreeSet<_>>(),
        both,
        "they are two again"
    );
}

#[tokio::test]
async fn a_reader_whose_position_was_pruned_is_told_to_read_everything_again() {
    let store = fresh().await;
    for id in ["1", "2"] {
        load(&store, &post("fne", id, "Douala", TEXT)).await;
    }
    let head = read(&store, 0).await.last().unwrap().0;
    let keep = store::Retention { days: 180, runs: 30, changes_days: 730, feed_days: 90, actions_days: 730 };
    assert_eq!(store.prune_records(keep, false).await.unwrap().feed, 0, "nothing is old");
    sqlx::query("UPDATE ingest.feed SET at = at - interval '91 days'").execute(store.pool()).await.unwrap();
    load(&store, &post("fne", "3", "Yaoundé", "Autre chose, tout autre chose.")).await;
    let would = store.prune_records(keep, true).await.unwrap().feed;
    assert!(would > 0 && !read(&store, 0).await.is_empty(), "a dry run removes nothing");
    assert_eq!(store.prune_records(keep, false).await.unwrap().feed, would);
    let refused = store.feed(0, 100).await.unwrap_err();
    assert!(matches!(refused, store::StoreError::Pruned { after: 0, .. }), "{refused}");
    assert!(refused.to_string().contains("read all opportunities again"), "{refused}");
    assert!(!read(&store, head).await.is_empty(), "who was not away for so long continues");
    assert_eq!(store.prune_records(keep, false).await.unwrap().feed, 0);
}

#[tokio::test]
async fn a_page_of_the_feed_begins_in_the_middle_of_a_group() {
    let store = fresh().await;
    let row = post("fne", "1", "Douala", TEXT);
    load(&store, &row).await;
    let after = read(&store, 0).await.last().unwrap().0;
    let other = post("fne", "2", "Yaoundé", "Autre chose, tout autre chose.");
    load(&store, &other).await;
    // Both, again and again, in groups of a hundred.
    let ids: Vec<Uuid> =
        (0..250).map(|at| if at % 2 == 0 { row.id.uuid() } else { other.id.uuid() }).collect();
    let begin = store.feed(after, 100).await.unwrap().1;
    sqlx::query("SELECT ingest.announce($1)").bind(&ids).execute(store.pool()).await.unwrap();
    let (entries, head) = store.feed(begin + 150, 20).await.unwrap();
    let positions: Vec<i64> = entries.iter().map(|entry| entry.position).collect();
    assert_eq!(
        (positions, head),
        (vec![begin + 169, begin + 170], begin + 250),
        "each once, at its last position"
    );
}

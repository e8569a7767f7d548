//! The outbox: what commits with a row is embedded once, however often a worker dies.

use std::time::Duration;

use domain::OpportunityId;
use queue::{Lease, WorkerId};
use store::{Claimed, Store};

use crate::support::opportunities::{fresh, noon, opportunity, origin};

const MODEL: &str = "lexical-2";
const HOLD: Duration = Duration::from_mins(1);

/// Claims the embedding job again. What an earlier job has claimed stays its own while it lives.
async fn job(store: &Store) -> Lease {
    sqlx::query("UPDATE queue.lanes SET max_running = 9").execute(store.pool()).await.unwrap();
    sqlx::query("SELECT queue.enqueue('embed_opportunities', 'embed', '{}')")
        .execute(store.pool())
        .await
        .unwrap();

    let jobs = store
        .queue()
        .claim(WorkerId::new(), &["embed_opportunities".to_owned()], None, 1, HOLD)
        .await
        .unwrap();
    jobs[0].lease
}

async fn claim(store: &Store, lease: Lease) -> Vec<Claimed> {
    store.claim_outbox(lease, MODEL, 64).await.unwrap()
}

#[tokio::test]
async fn a_row_is_claimed_once_and_finished_once() {
    let store = fresh().await;
    store
        .load(&origin(noon()), &[opportunity("1", "Soudeur", None), opportunity("2", "Maçon", None)])
        .await
        .unwrap();
    let (first, second) = (job(&store).await, job(&store).await);
    let claimed = claim(&store, first).await;
    assert_eq!(claimed.len(), 2);
    assert!(claim(&store, second).await.is_empty(), "two jobs embed the same");
    store.finish_outbox(MODEL, &claimed).await.unwrap();
    let overview = store.overview(0).await.unwrap();
    assert_eq!((overview.outbox, overview.indexed), (0, 2));
}

#[tokio::test]
async fn the_claim_of_a_dead_worker_is_anybodys_again() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    let (dead, living) = (job(&store).await, job(&store).await);
    assert_eq!(claim(&store, dead).await.len(), 1);
    assert!(claim(&store, living).await.is_empty());
    store.queue().job_done(dead).await.unwrap();
    assert_eq!(claim(&store, living).await.len(), 1);
}

#[tokio::test]
async fn a_change_during_the_embedding_is_not_lost() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    let old = claim(&store, job(&store).await).await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    store.finish_outbox(MODEL, &old).await.unwrap();
    let new = claim(&store, job(&store).await).await;
    assert_eq!(new.len(), 1, "the newer request went with the older work");
    assert_eq!((new[0].row.title.as_str(), new[0].indexed), ("Soudeur TIG", false));
}

#[tokio::test]
async fn a_change_and_its_undoing_need_no_embedding() {
    let store = fresh().await;
    let row = opportunity("1", "Soudeur", None);
    store.load(&origin(noon()), std::slice::from_ref(&row)).await.unwrap();
    store.finish_outbox(MODEL, &claim(&store, job(&store).await).await).await.unwrap();
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    store.load(&origin(noon()), &[row]).await.unwrap();
    let claimed = claim(&store, job(&store).await).await;
    assert!(claimed[0].indexed, "the ledger knows this content");
}

#[tokio::test]
async fn a_lost_index_is_filled_again_and_a_stale_point_withdrawn() {
    let store = fresh().await;
    let rows = [opportunity("1", "Soudeur", None), opportunity("2", "Maçon", Some("2026-11-01"))];
    store.load(&origin(noon()), &rows).await.unwrap();
    store.finish_outbox(MODEL, &claim(&store, job(&store).await).await).await.unwrap();
    let held: Vec<OpportunityId> = rows.iter().map(|row| row.id).collect();
    assert_eq!(store.reconcile(MODEL, &held[..1]).await.unwrap(), 0, "in step already");
    assert_eq!(store.reconcile(MODEL, &[]).await.unwrap(), 1, "the folder was deleted");
    store.finish_outbox(MODEL, &claim(&store, job(&store).await).await).await.unwrap();
    assert_eq!(store.reconcile("bge-m3", &held[..1]).await.unwrap(), 1, "another model embeds anew");
    store.finish_outbox("bge-m3", &claim(&store, job(&store).await).await).await.unwrap();
    assert_eq!(store.reconcile("bge-m3", &held).await.unwrap(), 1, "the closed one has a point");
    let claimed = claim(&store, job(&store).await).await;
    assert_eq!((claimed.len(), claimed[0].open), (1, false));
}

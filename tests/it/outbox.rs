//! The outbox: what commits with a row is embedded once, however often anybody dies.

use std::time::Duration;

use opportunity::OpportunityId;
use store::{Claimed, Store};

use crate::upsert::{fresh, noon, opportunity, origin};

const MODEL: &str = "lexical-1";
const HOLD: Duration = Duration::from_secs(60);

async fn claim(store: &Store, hold: Duration) -> Vec<Claimed> {
    store.claim_outbox(MODEL, 64, hold).await.unwrap()
}

#[tokio::test]
async fn a_row_is_claimed_once_and_finished_once() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None), opportunity("2", "Maçon", None)]).await.unwrap();
    let claimed = claim(&store, HOLD).await;
    assert_eq!(claimed.len(), 2);
    assert!(claim(&store, HOLD).await.is_empty());
    store.finish_outbox(MODEL, &claimed).await.unwrap();
    let overview = store.overview(0).await.unwrap();
    assert_eq!((overview.outbox, overview.indexed), (0, 2));
}

#[tokio::test]
async fn the_claim_of_a_dead_worker_is_anybodys_again() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    assert_eq!(claim(&store, Duration::ZERO).await.len(), 1);
    assert_eq!(claim(&store, HOLD).await.len(), 1);
}

#[tokio::test]
async fn a_change_during_the_embedding_is_not_lost() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    let old = claim(&store, HOLD).await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    store.finish_outbox(MODEL, &old).await.unwrap();
    let new = claim(&store, HOLD).await;
    assert_eq!(new.len(), 1, "the newer request went with the older work");
    assert_eq!((new[0].row.title.as_str(), new[0].indexed), ("Soudeur TIG", false));
}

#[tokio::test]
async fn a_change_and_its_undoing_need_no_embedding() {
    let store = fresh().await;
    let row = opportunity("1", "Soudeur", None);
    store.load(&origin(noon()), std::slice::from_ref(&row)).await.unwrap();
    store.finish_outbox(MODEL, &claim(&store, HOLD).await).await.unwrap();
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    store.load(&origin(noon()), &[row]).await.unwrap();
    let claimed = claim(&store, HOLD).await;
    assert!(claimed[0].indexed, "the ledger knows this content");
}

#[tokio::test]
async fn a_lost_index_is_filled_again_and_a_stale_point_withdrawn() {
    let store = fresh().await;
    let rows = [opportunity("1", "Soudeur", None), opportunity("2", "Maçon", Some("2026-11-01"))];
    store.load(&origin(noon()), &rows).await.unwrap();
    store.finish_outbox(MODEL, &claim(&store, HOLD).await).await.unwrap();
    let held: Vec<OpportunityId> = rows.iter().map(|row| row.id).collect();
    assert_eq!(store.reconcile(MODEL, &held[..1]).await.unwrap(), 0, "in step already");
    assert_eq!(store.reconcile(MODEL, &[]).await.unwrap(), 1, "the folder was deleted");
    store.finish_outbox(MODEL, &claim(&store, HOLD).await).await.unwrap();
    assert_eq!(store.reconcile("bge-m3", &held[..1]).await.unwrap(), 1, "another model embeds anew");
    store.finish_outbox("bge-m3", &claim(&store, HOLD).await).await.unwrap();
    assert_eq!(store.reconcile("bge-m3", &held).await.unwrap(), 1, "the closed one has a point");
    let claimed = claim(&store, HOLD).await;
    assert_eq!((claimed.len(), claimed[0].open), (1, false));
}

//! Group commit: pages that are ready together commit together, and each fails only for its own fault.
use crate::support::{
    opportunities::{fresh, opportunity},
    runs::{begin, enter_list_page, next_page},
};
use queue::Lease;
use store::{PageRow, ParsedPage, Reading, Store, StoreError};

/// Returns archived list pages of one run, each with the job that parses it, in the order of the list.
async fn archived_pages(store: &Store, pages: u32) -> Vec<(Lease, PageRow)> {
    let (run, crawl) = begin(store).await;
    for ordinal in 0..pages {
        enter_list_page(store, crawl, run, ordinal).await;
    }
    let mut entered = Vec::new();
    for _ in 0..pages {
        entered.push(next_page(store).await);
    }
    entered.sort_by_key(|(_, page)| page.ordinal);
    entered
}

fn shows(id: &str) -> Reading {
    Reading { opportunities: vec![opportunity(id, "Soudeur", None)], ..Reading::default() }
}

/// Returns the external ids of the staged rows, and how many pages are parsed.
async fn outcome(store: &Store) -> (Vec<String>, i64) {
    let staged = sqlx::query_scalar("SELECT external_id FROM ingest.staged ORDER BY 1");
    let read = sqlx::query_scalar("SELECT count(*) FROM ingest.pages WHERE state = 'read'");
    (staged.fetch_all(store.pool()).await.unwrap(), read.fetch_one(store.pool()).await.unwrap())
}

#[tokio::test]
async fn pages_commit_together_with_their_counters() {
    let store = fresh().await;
    let pages = archived_pages(&store, 3).await;
    let group: Vec<ParsedPage> = pages
        .into_iter()
        .zip([vec!["1"], vec!["2", "1"], vec![]])
        .map(|((lease, page), ids)| {
            let opportunities = ids.into_iter().map(|id| opportunity(id, "Soudeur", None)).collect();
            let reading = Reading { opportunities, ..Reading::default() };
            ParsedPage::new(lease, page, None, "test".to_owned(), reading)
        })
        .collect();
    for tally in store.commit_pages(&group).await {
        tally.unwrap();
    }
    // Two pages show the first record: each stages it, and publishing takes the newer one.
    assert_eq!(outcome(&store).await, (vec!["1".to_owned(), "1".to_owned(), "2".to_owned()], 3));
    let counts: Vec<(i32, i32, i32)> =
        sqlx::query_as("SELECT records, created, cardinality(seen) FROM ingest.pages ORDER BY ordinal")
            .fetch_all(store.pool())
            .await
            .unwrap();
    assert_eq!(counts, [(1, 1, 1), (2, 2, 2), (0, 0, 0)]);
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM queue.jobs WHERE kind = 'parse_page'")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(jobs, 0, "the jobs end with their pages");
}

#[tokio::test]
async fn a_page_that_another_worker_has_taken_over_is_left_out() {
    let store = fresh().await;
    let pages = archived_pages(&store, 2).await;
    sqlx::query("UPDATE queue.jobs SET lease = gen_random_uuid() WHERE id = $1")
        .bind(pages[1].0.job())
        .execute(store.pool())
        .await
        .unwrap();
    let group: Vec<ParsedPage> = pages
        .into_iter()
        .zip(["1", "2"])
        .map(|((lease, page), id)| ParsedPage::new(lease, page, None, String::new(), shows(id)))
        .collect();
    let outcomes = store.commit_pages(&group).await;
    assert_eq!(outcomes[0].as_ref().unwrap().created, 1);
    assert!(matches!(outcomes[1], Err(StoreError::Fenced(_))), "{outcomes:?}");
    assert_eq!(outcome(&store).await, (vec!["1".to_owned()], 1));
}

#[tokio::test]
async fn a_page_that_the_database_refuses_fails_alone() {
    let store = fresh().await;
    let group: Vec<ParsedPage> = archived_pages(&store, 3)
        .await
        .into_iter()
        .zip(["1", "2", "3"])
        .map(|((lease, page), id)| {
            let mut reading = shows(id);
            if id == "2" {
                reading.opportunities[0].positions = Some(u32::MAX);
            }
            ParsedPage::new(lease, page, None, String::new(), reading)
        })
        .collect();
    let outcomes = store.commit_pages(&group).await;
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
    assert!(matches!(outcomes[1], Err(StoreError::Query { .. })), "{outcomes:?}");
    assert_eq!(outcome(&store).await, (vec!["1".to_owned(), "3".to_owned()], 2));
}

#[tokio::test]
async fn without_a_database_every_page_fails_at_once_and_may_be_tried_again() {
    let store = fresh().await;
    let group: Vec<ParsedPage> = archived_pages(&store, 2)
        .await
        .into_iter()
        .map(|(lease, page)| ParsedPage::new(lease, page, None, String::new(), shows("1")))
        .collect();
    store.close().await;
    let outcomes = store.commit_pages(&group).await;
    assert!(
        outcomes.len() == 2 && outcomes.iter().all(|one| one.as_ref().is_err_and(StoreError::is_away)),
        "{outcomes:?}"
    );
}

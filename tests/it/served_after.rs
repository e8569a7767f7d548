//! How long rows waited to be served.

use chrono::TimeDelta;
use store::{Fired, Mode, Origin};

use crate::support::opportunities::{fresh, noon, opportunity, origin, register};

/// Three rows of a checkpoint that waited 10 s, and one of the end that was fetched 5 s before its commit.
const CHECKPOINT_AND_END: &str = "
    UPDATE ingest.opportunities SET content_at = '2026-11-20 11:00:00Z', updated_at = '2026-11-20 11:00:10Z';
    UPDATE ingest.opportunities SET content_at = '2026-11-20 11:01:00Z', updated_at = '2026-11-20 11:01:03Z' WHERE external_id = '4';
    UPDATE ingest.runs SET published_at = '2026-11-20 11:01:05Z'";

#[tokio::test]
async fn rows_count_from_their_answer_to_the_publication_that_serves_them() {
    let store = fresh().await;
    let slug = register(&store, "fne").await;
    let tick = store.last_tick("fne-recent").await.unwrap() + TimeDelta::minutes(1);
    assert_eq!(store.fire("fne-recent", &slug, Mode::Incremental, tick).await.unwrap(), Fired::Run);
    let run = store.runs(Some(&slug), 1).await.unwrap()[0].id;
    assert_eq!(store.served_after(run).await.unwrap(), None, "it serves nothing yet");
    let rows: Vec<_> = ["1", "2", "3", "4"].iter().map(|id| opportunity(id, "Soudeur", None)).collect();
    store.load(&Origin { run, ..origin(noon()) }, &rows).await.unwrap();
    sqlx::raw_sql(CHECKPOINT_AND_END).execute(store.pool()).await.unwrap();

    let waited = store.served_after(run).await.unwrap().unwrap();
    assert_eq!((waited.rows, waited.median, waited.p95), (4, 10.0, 10.0));

    // A later run changes one: it is no longer this run's.
    let later = origin(noon() + TimeDelta::days(1));
    store.load(&later, &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    assert_eq!(store.served_after(run).await.unwrap().unwrap().rows, 3);
}

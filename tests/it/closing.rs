//! Absence is not deletion: what it takes to close an opportunity.

use domain::Reason;
use serde_json::json;
use store::{Reading, RunState};

use crate::support::{
    opportunities::fresh,
    runs::{employers, ids, open, run, slices},
};

#[tokio::test]
async fn a_complete_run_closes_what_it_no_longer_shows_and_requests_the_withdrawal() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    for table in ["ingest.outbox", "queue.jobs"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(store.pool()).await.unwrap();
    }
    let id = run(&store, &["1", "2"], true, |_| ()).await;
    let row = store.run(id).await.unwrap();
    assert_eq!((row.state, row.closed, row.unchanged), (RunState::Complete, 1, 2));
    assert_eq!(open(&store).await, ["1", "2"]);
    let asked: Vec<String> = sqlx::query_scalar(
        "SELECT o.external_id FROM ingest.outbox b JOIN ingest.opportunities o ON o.id = b.opportunity",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    assert_eq!(asked, ["3"]);
    // Its cluster may need another canonical row.
    let called: Vec<String> = sqlx::query_scalar("SELECT kind FROM queue.jobs ORDER BY kind")
        .fetch_all(store.pool())
        .await
        .unwrap();
    assert_eq!(called, ["embed_opportunities", "match_duplicates"]);
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    assert_eq!(open(&store).await, ["1", "2", "3"], "what is shown again opens again");
}

#[tokio::test]
async fn the_partners_word_closes_and_opens_again() {
    let store = fresh().await;
    let state = async || -> Vec<(String, Option<String>)> {
        sqlx::query_as("SELECT status, closed_why FROM api.opportunities ORDER BY external_id")
            .fetch_all(store.pool())
            .await
            .unwrap()
    };
    let closed = |reading: &mut Reading| reading.opportunities[0].is_closed = true;
    run(&store, &["1", "2"], true, |_| ()).await;
    run(&store, &["1", "2"], true, closed).await;
    let open = ("open".to_owned(), None);
    assert_eq!(state().await, [("closed".to_owned(), Some("partner".to_owned())), open.clone()]);
    run(&store, &["1", "2"], true, |_| ()).await;
    assert_eq!(state().await, [open.clone(), open]);
    let told: Vec<String> = sqlx::query_scalar("SELECT what FROM ingest.changes ORDER BY id")
        .fetch_all(store.pool())
        .await
        .unwrap();
    assert_eq!(told, ["closed", "reopened"]);
}

#[tokio::test]
async fn the_address_a_portal_prints_beside_every_post_is_nobodys() {
    let store = fresh().await;
    let ids = ids(20);
    let shows = slices(&ids);
    let with_mails = |reading: &mut Reading| {
        employers(reading);
        for (at, row) in reading.opportunities.iter_mut().enumerate() {
            row.contacts.emails = vec!["portail@exemple.cm".to_owned()];
            if at % 2 == 0 {
                row.contacts.emails.push(format!("atelier{at}@exemple.cm"));
            }
            row.fingerprint = domain::Fingerprint::of(row);
        }
    };
    run(&store, &shows, true, with_mails).await;
    let mails = async || -> Vec<String> {
        sqlx::query_scalar("SELECT unnest(emails) FROM api.contacts").fetch_all(store.pool()).await.unwrap()
    };
    let kept = mails().await;
    assert_eq!((kept.len(), kept.contains(&"portail@exemple.cm".to_owned())), (10, false), "{kept:?}");
    // A first-party source is reached by the one address that it prints beside each post.
    sqlx::query("UPDATE ingest.sources SET offers_itself = true").execute(store.pool()).await.unwrap();
    run(&store, &shows, true, with_mails).await;
    assert_eq!(mails().await.len(), 30);
}

#[tokio::test]
async fn an_incremental_run_closes_nothing() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let id = run(&store, &["1"], false, |_| ()).await;
    assert_eq!(store.run(id).await.unwrap().state, RunState::Complete);
    assert_eq!(open(&store).await.len(), 3);
}

#[tokio::test]
async fn a_refused_record_is_not_an_absent_one() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let reason = Reason::UnknownPlace("Wallonie".to_owned());
    let refused = normalize::reject(reason, Some("3".to_owned()), json!({}));
    run(&store, &["1", "2"], true, |reading| reading.rejections.push(refused)).await;
    assert_eq!(open(&store).await.len(), 3);
}

#[tokio::test]
async fn an_alarm_makes_the_run_partial_and_closes_nothing() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let id = run(&store, &[], true, |reading| reading.alarm = Some("a challenge page".to_owned())).await;
    let row = store.run(id).await.unwrap();
    assert_eq!(row.state, RunState::Partial);
    assert!(row.message.unwrap().contains("a challenge page"));
    assert_eq!(open(&store).await.len(), 3);
}

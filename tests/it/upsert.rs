//! Loading rows: new, changed, unchanged and reopened ones, and what each costs.

use chrono::TimeDelta;
use serde_json::{Value, json};
use store::Store;

use crate::support::opportunities::{fresh, noon, opportunity, origin};

async fn one(store: &Store, sql: &'static str) -> Value {
    sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn a_row_is_stored_with_its_types() {
    let store = fresh().await;
    let row = opportunity("1", "Soudeur à l'arc", Some("2026-12-12"));
    assert_eq!(store.load(&origin(noon()), &[row]).await.unwrap(), (1, 0));
    let stored = one(&store, "SELECT to_jsonb(o) FROM api.opportunities o").await;
    assert_eq!(stored["title"], "Soudeur à l'arc");
    assert_eq!(stored["regions"], json!(["CM-LT"]));
    assert_eq!(stored["localities"], json!(["Douala"]));
    assert_eq!(
        (stored["amount_min"].as_f64(), stored["amount_max"].as_f64()),
        (Some(150_000.0), Some(250_000.0))
    );
    assert_eq!((&stored["amount_kind"], &stored["amount_currency"]), (&json!("wage"), &json!("XAF")));
    assert_eq!(stored["amount_period"], "month");
    assert_eq!(stored["closes_on"], "2026-12-12");
    assert_eq!((stored["interest_min"].as_f64(), stored["interest_max"].as_f64()), (Some(18.0), Some(24.0)));
    assert_eq!((&stored["interest_period"], stored["interest_tax"].as_f64()), (&json!("month"), Some(10.0)));
    assert_eq!((stored["fees_percent"].as_f64(), stored["fees_amount"].as_f64()), (Some(1.0), Some(5_000.0)));
    assert_eq!((stored["duration_min"].as_f64(), stored["duration_max"].as_f64()), (Some(6.0), Some(36.0)));
    assert_eq!(
        (&stored["starts_on"], &stored["description_html"]),
        (&json!("2027-01-15"), &json!("<p>Souder.</p>"))
    );
    assert_eq!(stored["status"], "open");
}

#[tokio::test]
async fn unchanged_content_is_not_written() {
    let store = fresh().await;
    let rows: Vec<_> = (0..50).map(|n| opportunity(&n.to_string(), "Soudeur", None)).collect();
    assert_eq!(store.load(&origin(noon()), &rows).await.unwrap(), (50, 0));
    let before =
        one(&store, "SELECT jsonb_agg((o.xmin::text, o.ctid::text) ORDER BY id) FROM ingest.opportunities o")
            .await;
    assert_eq!(store.load(&origin(noon() + TimeDelta::days(1)), &rows).await.unwrap(), (0, 0));
    let after =
        one(&store, "SELECT jsonb_agg((o.xmin::text, o.ctid::text) ORDER BY id) FROM ingest.opportunities o")
            .await;
    assert_eq!(before, after, "an unchanged row was written again");
}

#[tokio::test]
async fn a_change_leaves_its_history_and_the_embed_request_in_one_transaction() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    sqlx::query("DELETE FROM ingest.outbox").execute(store.pool()).await.unwrap();
    assert_eq!(store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap(), (0, 1));
    let fields = one(&store, "SELECT fields FROM ingest.changes WHERE what = 'changed'").await;
    assert_eq!(fields, json!({"title": {"from": "Soudeur", "to": "Soudeur TIG"}}));
    assert_eq!(one(&store, "SELECT to_jsonb(count(*)) FROM ingest.outbox").await, 1);
}

#[tokio::test]
async fn a_page_read_late_does_not_overwrite_a_newer_one() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "as of noon", None)]).await.unwrap();
    let morning = noon() - TimeDelta::hours(4);
    assert_eq!(
        store.load(&origin(morning), &[opportunity("1", "as of the morning", None)]).await.unwrap(),
        (0, 0)
    );
    assert_eq!(one(&store, "SELECT to_jsonb(title) FROM ingest.opportunities").await, "as of noon");
}

#[tokio::test]
async fn what_is_past_its_day_is_stored_closed_and_opens_again_with_a_new_day() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", Some("2026-11-19"))]).await.unwrap();
    assert_eq!(
        one(&store, "SELECT jsonb_build_array(status, closed_why) FROM ingest.opportunities").await,
        json!(["closed", "date"])
    );
    assert_eq!(
        one(&store, "SELECT to_jsonb(count(*)) FROM ingest.outbox").await,
        0,
        "a closed post needs no point"
    );
    assert_eq!(
        store.load(&origin(noon()), &[opportunity("1", "Soudeur", Some("2026-11-20"))]).await.unwrap(),
        (0, 1)
    );
    assert_eq!(
        one(&store, "SELECT jsonb_build_array(status, closed_why) FROM ingest.opportunities").await,
        json!(["open", null])
    );
    assert_eq!(one(&store, "SELECT to_jsonb(what) FROM ingest.changes").await, "reopened");
}

#[tokio::test]
async fn two_that_load_the_same_rows_at_once_do_not_deadlock() {
    let store = fresh().await;
    let rows: Vec<_> = (0..400).map(|n| opportunity(&n.to_string(), "Soudeur", None)).collect();
    let loads = (0..8).map(|n: usize| {
        let (store, mut rows) = (store.clone(), rows.clone());
        rows.rotate_left(n * 37);
        tokio::spawn(async move { store.load(&origin(noon()), &rows).await.unwrap().0 })
    });
    let created: i64 = futures::future::join_all(loads).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(created, 400);
}

#[tokio::test]
async fn a_wrong_row_is_impossible() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    for wrong in [
        "UPDATE ingest.opportunities SET title = ''",
        "UPDATE ingest.opportunities SET url = 'javascript:alert(1)'",
        "UPDATE ingest.opportunities SET regions = '{CM-XX}'",
        "UPDATE ingest.opportunities SET regions = '{FR-IDF,Île-de-France}'",
        "UPDATE ingest.opportunities SET amount_min = 9, amount_max = 1",
        "UPDATE ingest.opportunities SET amount_currency = NULL",
        "UPDATE ingest.opportunities SET amount_kind = NULL",
        "UPDATE ingest.opportunities SET positions = 0",
        "UPDATE ingest.opportunities SET status = 'closed'",
        "UPDATE ingest.opportunities SET kind = 'lottery'",
        "UPDATE ingest.opportunities SET fingerprint = '\\x00'",
        "INSERT INTO ingest.runs (source, mode, trigger, seen) VALUES ('fne', 'full', 'cli', 3)",
        "INSERT INTO ingest.runs (source, mode, trigger, state) VALUES ('fne', 'full', 'cli', 'complete')",
    ] {
        let refused = sqlx::query(wrong).execute(store.pool()).await;
        assert!(
            refused.is_err_and(|error| error
                .as_database_error()
                .is_some_and(sqlx::error::DatabaseError::is_check_violation)),
            "{wrong}"
        );
    }
}

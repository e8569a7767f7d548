//! What another service may do, and what it may not.

use domain::SourceSlug;
use sqlx::{Connection as _, PgConnection};
use store::{Mode, Trigger};
use uuid::Uuid;

use crate::support::{Database, opportunities::register};

async fn ask(connection: &mut PgConnection, source: &str, key: Option<&str>) -> Result<Uuid, sqlx::Error> {
    sqlx::query_scalar("SELECT api.request_ingest($1, idempotency_key => $2)")
        .bind(source)
        .bind(key)
        .fetch_one(connection)
        .await
}

#[tokio::test]
async fn a_queue_message_enters_a_run_once_per_key() {
    let database = Database::new().await;
    let store = database.store().await;
    let slug = register(&store, "fne").await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let first = ask(&mut connection, "fne", Some("order-1")).await.unwrap();
    assert_eq!(
        ask(&mut connection, "fne", Some("order-1")).await.unwrap(),
        first,
        "the same key made two runs"
    );
    assert_eq!(
        ask(&mut connection, "fne", Some("order-2")).await.unwrap(),
        first,
        "two runs of one source at once"
    );
    let runs = store.runs(Some(&slug), 10).await.unwrap();
    assert_eq!((runs.len(), runs[0].trigger, runs[0].mode), (1, Trigger::Sql, Mode::Incremental));
    sqlx::query("UPDATE ingest.runs SET state = 'failed', finished_at = now()")
        .execute(store.pool())
        .await
        .unwrap();
    assert_eq!(ask(&mut connection, "fne", Some("order-1")).await.unwrap(), first, "a key outlives its run");
    assert_ne!(ask(&mut connection, "fne", Some("order-3")).await.unwrap(), first);
}

#[tokio::test]
async fn a_hundred_messages_at_once_make_one_run() {
    let database = Database::new().await;
    let store = database.store().await;
    register(&store, "fne").await;
    let asks = (0..100).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            sqlx::query_scalar::<_, Uuid>("SELECT api.request_ingest('fne')")
                .fetch_one(store.pool())
                .await
                .unwrap()
        })
    });
    let mut runs: Vec<Uuid> = futures::future::join_all(asks).await.into_iter().map(Result::unwrap).collect();
    runs.dedup();
    assert_eq!(runs.len(), 1);
    let jobs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue.jobs").fetch_one(store.pool()).await.unwrap();
    assert_eq!(jobs, 1);
}

#[tokio::test]
async fn a_wrong_message_is_told_what_is_right() {
    let database = Database::new().await;
    let store = database.store().await;
    register(&store, "fne").await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let said = ask(&mut connection, "fnee", None).await.unwrap_err();
    let said = said.as_database_error().unwrap();
    assert_eq!(said.message(), "unknown source \"fnee\"");
    let hint = said.downcast_ref::<sqlx::postgres::PgDatabaseError>().hint().unwrap();
    assert_eq!(hint, "Known: fne");
    for wrong in [
        "SELECT api.request_ingest('fne', 'replay')",
        "SELECT api.request_ingest('fne', record_limit => 0)",
        "SELECT api.request_ingest('fne', NULL)",
        "SELECT api.request_ingest('fne', idempotency_key => '')",
    ] {
        let refused = sqlx::query(wrong).execute(&mut connection).await.unwrap_err();
        assert_eq!(
            refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
            Some("22023"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_trigger_role_can_ask_and_follow_and_nothing_else() {
    let database = Database::new().await;
    let store = database.store().await;
    register(&store, "fne").await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query("SET ROLE oim_trigger").execute(&mut connection).await.unwrap();
    ask(&mut connection, "fne", None).await.unwrap();
    sqlx::query("SELECT * FROM api.runs").execute(&mut connection).await.unwrap();
    for forbidden in [
        "SELECT * FROM ingest.runs",
        "SELECT * FROM api.opportunities",
        "SELECT * FROM queue.jobs",
        "INSERT INTO queue.jobs (kind, lane, payload) VALUES ('fetch_source', 'fetch:fne', '{}')",
        "SELECT ingest.request_run('fne', 'full', 'cli')",
        "SELECT queue.enqueue('fetch_source', 'fetch:fne', '{}')",
        "UPDATE ingest.sources SET enabled = false",
        "DROP VIEW api.runs",
    ] {
        assert!(
            sqlx::query(forbidden).execute(&mut connection).await.is_err(),
            "oim_trigger may {forbidden}"
        );
    }
}

#[tokio::test]
async fn the_reader_role_reads_the_views_and_nothing_else() {
    let database = Database::new().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query("SET ROLE oim_reader").execute(&mut connection).await.unwrap();
    for view in ["SELECT * FROM api.opportunities", "SELECT * FROM api.sources", "SELECT * FROM api.runs"] {
        sqlx::query(view).execute(&mut connection).await.unwrap();
    }
    for forbidden in [
        "SELECT * FROM ingest.opportunities",
        "SELECT api.request_ingest('fne')",
        "DELETE FROM api.opportunities",
    ] {
        assert!(sqlx::query(forbidden).execute(&mut connection).await.is_err(), "oim_reader may {forbidden}");
    }
}

#[tokio::test]
async fn every_column_of_the_contract_is_documented() {
    let database = Database::new().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let silent: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          WHERE c.relnamespace = 'api'::regnamespace AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(silent.is_empty(), "{silent:?}");
}

#[tokio::test]
async fn a_source_whose_file_is_gone_is_no_longer_taken() {
    let database = Database::new().await;
    let store = database.store().await;
    register(&store, "fne").await;
    register(&store, "mc2").await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    assert!(ask(&mut connection, "fne", None).await.is_err());
    let slug: SourceSlug = "mc2".parse().unwrap();
    ask(&mut connection, slug.as_str(), None).await.unwrap();
}

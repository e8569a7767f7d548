//! Stored words: a word that this version does not know is an error that names its column.

use domain::OpportunityId;
use sqlx::{AssertSqlSafe, PgPool};
use store::StoreError;
use uuid::Uuid;

use crate::support::{opportunities::fresh, runs::run};

/// Writes a word of another release to all rows of a column, past the checks of its table.
async fn misspell(pool: &PgPool, table: &str, column: &str) {
    let drop = format!(
        "DO $$ DECLARE c record; BEGIN
           FOR c IN SELECT conname FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = 'c' LOOP
             EXECUTE format('ALTER TABLE {table} DROP CONSTRAINT %I', c.conname);
           END LOOP;
         END $$"
    );
    sqlx::query(AssertSqlSafe(drop)).execute(pool).await.unwrap();
    let write = format!("UPDATE {table} SET {column} = 'of_another_release'");
    assert!(
        sqlx::query(AssertSqlSafe(write)).execute(pool).await.unwrap().rows_affected() > 0,
        "{table} is empty"
    );
}

fn names<T>(found: Result<T, StoreError>, expected: &str) {
    match found.err() {
        Some(StoreError::Stored { column, value }) => {
            assert_eq!((column, value.as_str()), (expected, "\"of_another_release\""));
        }
        other => panic!("{expected}: {other:?}"),
    }
}

#[tokio::test]
async fn a_word_of_another_release_is_an_error_that_names_its_column() {
    let store = fresh().await;
    let first = run(&store, &["1", "2"], true, |_| ()).await;
    run(&store, &["1"], true, |_| ()).await;
    let pool = store.pool();
    let page: i64 = sqlx::query_scalar("SELECT max(id) FROM ingest.pages").fetch_one(pool).await.unwrap();
    let closed: Uuid =
        sqlx::query_scalar("SELECT opportunity FROM ingest.changes LIMIT 1").fetch_one(pool).await.unwrap();
    store.page(page).await.unwrap();
    store.run(first).await.unwrap();
    assert_eq!(store.life(OpportunityId::from(closed)).await.unwrap().steps.len(), 1);

    misspell(pool, "ingest.changes", "what").await;
    names(store.life(OpportunityId::from(closed)).await, "ingest.changes.what");
    for column in ["role", "state"] {
        misspell(pool, "ingest.pages", column).await;
        names(store.page(page).await, &format!("ingest.pages.{column}"));
        sqlx::query("UPDATE ingest.pages SET role = 'list', state = 'read'").execute(pool).await.unwrap();
    }
    sqlx::query("UPDATE ingest.opportunities SET quality_parts = '{\"doubts\": [\"x\"]}'")
        .execute(pool)
        .await
        .unwrap();
    misspell(pool, "ingest.opportunities", "status").await;
    names(store.doubted(None, None, 5).await, "ingest.opportunities.status");
    for column in ["state", "trigger", "mode"] {
        misspell(pool, "ingest.runs", column).await;
        names(store.run(first).await, &format!("ingest.runs.{column}"));
        sqlx::query("UPDATE ingest.runs SET state = 'held', trigger = 'cli', mode = 'full'")
            .execute(pool)
            .await
            .unwrap();
    }
    misspell(pool, "ingest.runs", "decision").await;
    names(store.discard_run(first, "a test").await, "ingest.runs.decision");
}

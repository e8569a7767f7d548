//! Only `oim-etl migrate` changes the tables of a database.

use local_postgres::{Cluster, Durability, create_database};
use replay::Behavior;
use sqlx::PgPool;

use crate::support::{Bin, Database, Road, terminate, wait_until};

async fn on_empty() -> Road {
    let behavior = Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() };
    Road::on(Database::empty().await, behavior, "200/s").await
}

const SCHEMAS: &str = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('ingest', 'queue', 'api')";

async fn number(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_command_migrates_and_each_says_what_does() {
    let road = on_empty().await;
    let pool = PgPool::connect(&road.database.url()).await.unwrap();
    for args in [
        &["ingest", "mc2"][..],
        &["ingest", "mc2/1"],
        &["worker", "--http", "127.0.0.1:0"],
        &["replay", "mc2"],
        &["status"],
        &["runs"],
        &["rejections"],
        &["explain", "mc2/1"],
        &["dead", "list"],
        &["sources", "pause", "mc2"],
        &["sources", "rate", "mc2", "1/s"],
        &["search", "soudeur"],
    ] {
        let said = road.bin(args).run().await.expect(2).err;
        assert!(said.contains("run `oim-etl migrate`"), "{args:?}: {said}");
        assert_eq!(number(&pool, SCHEMAS).await, 0, "{args:?} created tables");
    }
    let done = road.bin(&["migrate"]).run().await.expect(0).out;
    assert!(done.contains("database is at this version"), "{done}");
    assert_eq!(number(&pool, SCHEMAS).await, 3);
    road.bin(&["ingest", "mc2"]).run().await.expect(0);
    assert!(road.bin(&["migrate"]).run().await.expect(0).out.contains("(0 migrations applied)"));

    // A newer program has migrated it, and left everything that this one needs: this one continues, also after a restart.
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'next', true, '', 0)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let warned = road.bin(&["ingest", "mc2"]).run().await.expect(0).err;
    assert!(warned.contains("the database is of a newer program"), "{warned}");
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the worker works", async || number(&pool, "SELECT count(*) FROM queue.workers").await == 1)
        .await;
    terminate(&mut worker).await;
    let nothing = road.bin(&["migrate"]).run().await.expect(0).out;
    assert!(
        nothing.contains("newer program (migration 9999") && nothing.contains("nothing to migrate"),
        "{nothing}"
    );
    // The next release has taken something away.
    sqlx::query("UPDATE ingest.compatibility SET needs = 9999").execute(&pool).await.unwrap();
    for args in [&["status"][..], &["worker"], &["migrate"]] {
        let said = road.bin(args).run().await.expect(2).err;
        assert!(
            said.contains("it has migration 9999") && said.contains("Install the newer program"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_migrates_where_the_configuration_says_so() {
    let mut road = on_empty().await;
    road.settings.push("database.migrate_on_start=true".to_owned());
    let pool = PgPool::connect(&road.database.url()).await.unwrap();
    let said = road.bin(&["status"]).run().await.expect(2).err;
    assert!(said.contains("run `oim-etl migrate`"), "{said}");
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the worker has migrated", async || number(&pool, SCHEMAS).await == 3).await;
    wait_until("the worker works", async || number(&pool, "SELECT count(*) FROM queue.workers").await == 1)
        .await;
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_cannot_be_created_are_an_error_that_a_second_migration_mends() {
    let folder = tempfile::Builder::new().prefix("oim-roles-").tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), Durability::Throwaway).await.unwrap();
    create_database(&cluster.url("postgres"), "oim").await.unwrap();
    let admin = PgPool::connect(&cluster.url("oim")).await.unwrap();
    for statement in ["CREATE ROLE owner LOGIN", "ALTER DATABASE oim OWNER TO owner"] {
        sqlx::query(statement).execute(&admin).await.unwrap();
    }
    // The server lets one account in. With this option, its sessions begin as another.
    let url = cluster.url("oim") + "&options=-c%20role%3Downer";
    let migrate = async || Bin::new(folder.path(), &["migrate"]).env("DATABASE_URL", &url).run().await;
    let refused = migrate().await.expect(2).err;
    assert!(refused.contains("run `oim-etl migrate` again"), "{refused}");
    assert_eq!(number(&admin, SCHEMAS).await, 3, "the tables are there");
    migrate().await.expect(2);
    let sql: Vec<&str> = refused.lines().filter(|line| line.trim().starts_with("CREATE ROLE")).collect();
    assert_eq!(sql.len(), 3, "{refused}");
    for statement in sql {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(&admin).await.unwrap();
    }
    migrate().await.expect(0);
    let rights = "SELECT (has_table_privilege('oim_reader', 'api.opportunities', 'SELECT')
                      AND has_table_privilege('oim_contacts', 'api.contacts', 'SELECT')
                      AND NOT has_table_privilege('oim_reader', 'api.contacts', 'SELECT'))::int::bigint";
    assert_eq!(number(&admin, rights).await, 1);
    admin.close().await;
}

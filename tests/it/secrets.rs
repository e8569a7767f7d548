//! Secrets in files, read again without a restart.

use store::RunState;

use crate::support::{Road, terminate, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_its_secret_and_continues_once_the_file_is_there() {
    let road = Road::new().await;
    let file = road.data().join("secrets/client");
    let mut worker = road
        .bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"])
        .without("FNE_CLIENT_SECRET")
        .env("FNE_CLIENT_SECRET_FILE", file.to_str().unwrap())
        .start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.bin(&["ingest", "fne", "--full", "--no-wait"]).run().await.expect(0);
    let run = async || store.runs(None, 1).await.unwrap().remove(0);
    let told = "source fne needs FNE_CLIENT_SECRET: set FNE_CLIENT_SECRET, or name a file with it in FNE_CLIENT_SECRET_FILE";
    wait_until("the run says what it waits for", async || {
        run().await.message.is_some_and(|message| message.contains(told))
    })
    .await;
    assert_eq!(run().await.state, RunState::Running, "it did not fail");
    let secret = replay::credentials().into_iter().find(|(name, _)| *name == "FNE_CLIENT_SECRET").unwrap().1;
    road.put("secrets/client", format!("{secret}\n"));
    // Nobody needs to wait for the next look.
    sqlx::query("UPDATE queue.jobs SET run_at = now()").execute(store.pool()).await.unwrap();
    wait_until("the run ends", async || run().await.state.ended()).await;
    assert_eq!(run().await.state, RunState::Complete);
    let letters: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue.dead_letters").fetch_one(store.pool()).await.unwrap();
    assert_eq!(letters, 0);
    terminate(&mut worker).await;
}

#[tokio::test]
async fn the_database_is_named_by_a_file_too_and_not_twice() {
    let road = Road::new().await;
    let path = road.put("database", format!("{}\n", road.database.url()));
    road.bin(&["runs"]).without("DATABASE_URL").env("DATABASE_URL_FILE", &path).run().await.expect(0);
    let both = road.bin(&["runs"]).env("DATABASE_URL_FILE", &path).run().await.expect(2).err;
    assert!(both.contains("DATABASE_URL and DATABASE_URL_FILE are both set"), "{both}");
    let absent = road.bin(&["runs"]).without("DATABASE_URL").env("DATABASE_URL_FILE", "/no/such/file");
    let absent = absent.run().await.expect(2).err;
    assert!(absent.contains("/no/such/file, which DATABASE_URL_FILE names"), "{absent}");
}

//! Secrets in files, read again without a restart.

use reqwest::Client;
use store::RunState;

use crate::support::{Road, client, terminate, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_its_secret_and_continues_once_the_file_is_there() {
    let mut road = Road::new().await;
    road.settings.push("api_token=let-me-in".to_owned());
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
    let address = store.queue().workers().await.unwrap()[0].http_address.clone().unwrap();
    assert!(console(&address, "/secrets").await.contains(&format!("<code>{}</code>", file.display())));
    assert!(console(&address, "/secrets").await.contains("it does not exist"));
    assert!(console(&address, "/").await.contains("Secret missing"));
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

/// Returns a page of the console.
async fn console(address: &str, path: &str) -> String {
    drop(client());
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = http
        .post(format!("http://{address}/login"))
        .header("content-type", "application/x-www-form-urlencoded");
    let session = form.body("token=let-me-in").send().await.unwrap().headers()["set-cookie"].clone();
    let page = http.get(format!("http://{address}{path}")).header("cookie", session);
    page.header("accept-language", "en").send().await.unwrap().text().await.unwrap()
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

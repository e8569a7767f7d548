//! One registry of source files: what an operator applies is in force for every worker and command, and so is what the workers bring.

use serde_json::Value;
use store::Store;

use crate::support::{Road, client, terminate, wait_until};

/// A list that only comes as a file, and is visited by nobody.
const SPEC: &str = "name = 'Liste'
base_url = 'https://liste.cm'
rate = '1/s'
[streams.offres]
kind = 'job'
format = 'table'
[streams.offres.fields]
external_id = 'id'
title = 'titre'
";
const CSV: &str = "id;titre;poste\n1;Soudeur qualifié;Chef soudeur\n2;Maçon confirmé;Chef maçon\n";

async fn road() -> Road {
    let mut road = Road::new().await;
    road.put("specs/liste.toml", SPEC);
    road.put("liste.csv", CSV);
    road.settings.push(format!("sources_dir={}", road.data().join("specs").display()));
    road.settings.push("api_token=let-me-in".to_owned());
    road
}

/// Returns what a worker itself has as a source file: whether its title comes from this column.
async fn has_rate(address: &str, slug: &str) -> Vec<String> {
    let url = format!("http://{address}/v1/schedules");
    let answer = client().get(url).bearer_auth("let-me-in").send().await.unwrap();
    let schedules: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let items = schedules["items"].as_array().unwrap().iter();
    items.filter(|row| row["source"] == slug).map(|row| row["cron"].as_str().unwrap().to_owned()).collect()
}

async fn titles(store: &Store) -> Vec<String> {
    sqlx::query_scalar("SELECT title FROM ingest.opportunities WHERE source = 'liste' ORDER BY external_id")
        .fetch_all(store.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::too_many_lines, reason = "a story")]
async fn an_applied_file_is_followed_by_every_worker_until_their_own_file_changes() {
    let road = road().await;
    let start = || road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let mut workers = [start(), start()];
    let store = road.database.store().await;
    wait_until("both workers are there", async || store.queue().workers().await.unwrap().len() == 2).await;
    let addresses: Vec<String> =
        store.queue().workers().await.unwrap().into_iter().filter_map(|worker| worker.http_address).collect();
    let run = async |args: &[&str]| road.bin(args).run().await.expect(0);
    let ingest = async || run(&["ingest", "liste", "--file", "liste.csv"]).await;
    ingest().await;
    assert_eq!(titles(&store).await, ["Soudeur qualifié", "Maçon confirmé"]);

    let edited =
        SPEC.replace("'titre'", "'poste'").replace("rate = '1/s'", "rate = '2/s'\nschedule = '7 5 * * *'");
    let file = road.put("edit/liste.toml", &edited);
    let applied = run(&["sources", "apply", &file]).await.out;
    assert!(
        applied.contains("is in force instead of") && applied.contains("rate: 1/s → 2/s; schedule is new"),
        "{applied}"
    );
    for address in &addresses {
        let followed = async || has_rate(address, "liste").await == ["7 5 * * *"];
        wait_until("the worker follows", followed).await;
    }
    road.put("liste.csv", CSV.replace("Chef soudeur", "Chef soudeur senior"));
    ingest().await;
    assert_eq!(titles(&store).await, ["Chef soudeur senior", "Chef maçon"]);
    let again = run(&["sources", "apply", &file]).await.out;
    assert!(again.contains("in force already"), "{again}");
    let status = run(&["status"]).await.out;
    assert!(
        status.contains("file           liste: applied by")
            && status.contains("it differs from the one in the folder"),
        "{status}"
    );
    let shown = run(&["sources", "show", "liste", "--file"]).await;
    assert_eq!(shown.out.trim(), edited.trim());
    // Each run names the version that read it, and the record of actions names who changed the file.
    let versions: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT spec_version FROM ingest.runs WHERE source = 'liste'")
            .fetch_all(store.pool())
            .await
            .unwrap();
    assert_eq!(versions.len(), 2, "{versions:?}");
    let (actions, _) = store.actions(None, 10).await.unwrap();
    let applied = |row: &store::ActionRow| row.action == "apply_file" && row.subject == "liste";
    assert!(actions.iter().any(applied), "{actions:?}");

    // A worker that starts again brings nothing new: the applied file stays.
    terminate(&mut workers[1]).await;
    workers[1] = start();
    wait_until("it is back", async || store.queue().workers().await.unwrap().len() == 2).await;
    let history = run(&["sources", "history", "liste", "-o", "json"]).await.json();
    let origins = |history: &Value| -> Vec<String> {
        history.as_array().unwrap().iter().map(|row| row["origin"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(origins(&history), ["applied", "directory"], "{history}");

    let back = run(&["sources", "rollback", "liste"]).await.out;
    assert!(back.contains("back to version"), "{back}");
    let alive = store.queue().workers().await.unwrap();
    for address in alive.iter().filter_map(|worker| worker.http_address.as_ref()) {
        wait_until("the worker follows back", async || has_rate(address, "liste").await.is_empty()).await;
    }
    // The file of the workers changes: that is the newest act.
    road.put("specs/liste.toml", SPEC.replace("1/s", "3/s"));
    let newest = async || store.file_versions(&"liste".parse().unwrap(), 1).await.unwrap().remove(0);
    wait_until("the folder counts", async || newest().await.origin.as_str() == "directory").await;
    let table = run(&["sources", "history", "liste"]).await.out;
    assert!(table.contains("rate: 1/s → 3/s") && table.contains("directory"), "{table}");
    std::fs::remove_file(road.data().join("specs/liste.toml")).unwrap();
    wait_until("the file is gone", async || newest().await.is_gone).await;
    let off = async || {
        store
            .source_states()
            .await
            .unwrap()
            .into_iter()
            .any(|state| state.slug == "liste" && state.word() == "off")
    };
    wait_until("its source is off", off).await;
    for worker in &mut workers {
        terminate(worker).await;
    }
    let kept = road.bin(&["sources", "forget", "liste"]).run().await.expect(2).err;
    assert!(kept.contains("2 opportunities are of source liste"), "{kept}");
    sqlx::query("DELETE FROM ingest.opportunities").execute(store.pool()).await.unwrap();
    run(&["sources", "forget", "liste"]).await;
    assert!(store.source_states().await.unwrap().iter().all(|state| state.slug != "liste"));
    let active = road.bin(&["sources", "forget", "fne"]).run().await.expect(2).err;
    assert!(active.contains("source fne has a file in force"), "{active}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_a_worker_cannot_use_is_told_by_status() {
    let road = road().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.put("specs/liste.toml", SPEC.replace("base_url", "base_urll"));
    let refused = async || !store.refused_files().await.unwrap().is_empty();
    wait_until("it is refused", refused).await;
    let status = road.bin(&["status"]).run().await.expect(0).out;
    assert!(
        status.contains("source files   refused by the worker") && status.contains("unknown key `base_urll`"),
        "{status}"
    );
    road.put("specs/liste.toml", SPEC);
    wait_until("it is mended", async || !refused().await).await;
    terminate(&mut worker).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_not_applied() {
    let road = road().await;
    road.bin(&["migrate"]).run().await.expect(0);
    let apply = async |name: &str, text: &str, code| {
        let file = road.put(name, text);
        let ended = road.bin(&["sources", "apply", &file]).run().await.expect(code);
        ended.out + &ended.err
    };
    let said = apply("edit/liste.toml", &SPEC.replace("base_url", "base_urll"), 1).await;
    assert!(said.contains("did you mean `base_url`?") && said.contains("nothing was applied"), "{said}");
    let stolen = format!("auth = {{ kind = 'bearer', token = 'DATABASE_URL' }}\n{SPEC}");
    let said = apply("edit/liste.toml", &stolen, 1).await;
    assert!(said.contains("names the environment variable DATABASE_URL"), "{said}");
    let said = apply("edit/liste.txt", SPEC, 2).await;
    assert!(said.contains("is not a source file: SLUG.toml"), "{said}");
    // Nothing of its recordings would be loaded.
    let fne = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sources/partners/fne.toml"),
    )
    .unwrap();
    let broken = fne.replace(".resultats[]", ".resultat[]");
    let said = apply("edit/fne.toml", &broken, 1).await;
    assert!(said.contains("nothing of its recordings would be loaded"), "{said}");
    let file = road.put("edit/fne.toml", &broken);
    road.bin(&["sources", "apply", &file, "--force"]).run().await.expect(0);
    let back = road.bin(&["sources", "rollback", "fne"]).run().await.expect(0).out;
    assert!(back.contains("back to version"), "{back}");
    let none = road.bin(&["sources", "rollback", "liste", "ffff"]).run().await.expect(2).err;
    assert!(none.contains("liste has no version ffff"), "{none}");
    let only = road.bin(&["sources", "rollback", "liste"]).run().await.expect(2).err;
    assert!(only.contains("liste has no earlier version"), "{only}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_says_when_it_reads_another_file_than_the_one_in_force() {
    let mut road = road().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.bin(&["ingest", "liste", "--file", "liste.csv"]).run().await.expect(0);
    let own = road.data().join("own");
    road.put("own/liste.toml", SPEC.replace("'titre'", "'poste'"));
    road.settings.retain(|set| !set.starts_with("sources_dir"));
    // Without a folder of its own, the command reads what the workers read, although it has no such file itself.
    let same = road.bin(&["sources", "diff", "liste"]).run().await.expect(0);
    assert!(same.out.contains("0 would be new, 0 changed, 2 unchanged"), "{}", same.out);
    let other =
        road.bin(&["--sources", own.to_str().unwrap(), "sources", "diff", "liste"]).run().await.expect(0);
    assert!(other.out.contains("2 changed"), "{}", other.out);
    assert!(
        other.err.contains("liste  reads the file of `sources_dir`")
            && other.err.contains("in force is version"),
        "{}",
        other.err
    );
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_reads_by_the_file_that_was_put_in_force_a_moment_ago() {
    let road = road().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || store.queue().workers().await.unwrap().len() == 1).await;
    let run = async |args: &[&str]| road.bin(args).run().await.expect(0);
    run(&["ingest", "liste", "--file", "liste.csv"]).await;
    let file = road.put("edit/liste.toml", SPEC.replace("'titre'", "'poste'"));
    // Nobody waits in between: the worker looks at the registry every few seconds.
    run(&["sources", "apply", &file]).await;
    replay(&store).await;
    assert_eq!(titles(&store).await, ["Chef soudeur", "Chef maçon"]);
    run(&["sources", "rollback", "liste"]).await;
    replay(&store).await;
    assert_eq!(titles(&store).await, ["Soudeur qualifié", "Maçon confirmé"]);
    // Further back there is nothing: the version that was just left is not put in force again.
    let none = road.bin(&["sources", "rollback", "liste"]).run().await.expect(2).err;
    assert!(none.contains("no earlier version than the one in force"), "{none}");
    // A file that would lose most of the archive is applied only by force.
    let file = road.put("edit/liste.toml", SPEC.replace("'titre'", "'nom_inconnu'"));
    let lost = road.bin(&["sources", "apply", &file]).run().await.expect(1).err;
    assert!(lost.contains("2 of the 2 opportunities of the archive would no longer be found"), "{lost}");
    run(&["sources", "apply", &file, "--force"]).await;
    terminate(&mut worker).await;
}

/// Requests a replay as another service does, and waits for its end.
async fn replay(store: &Store) {
    sqlx::query("SELECT ingest.request_run('liste', 'replay', 'sql')").execute(store.pool()).await.unwrap();
    let ended = async || store.runs(None, 9).await.unwrap().iter().all(|run| run.finished_at.is_some());
    wait_until("the replay has ended", ended).await;
}

//! What is no longer needed goes. What a replay or a revert of a kept run needs stays.

use std::{fmt::Write as _, path::Path};

use replay::MockServer;
use serde_json::Value;
use store::Store;

use crate::support::{Road, html, rows_of, with_partner};

const HOST: &str = "www.portail.cm";

const SPEC: &str = "name = 'Portail'
base_url = 'https://www.portail.cm'
rate = '50/s'
robots = false
[streams.offres]
kind = 'job'
format = 'html'
request = { path = '/offres' }
records = 'li'
[streams.offres.fields]
external_id = { css = 'a', attr = 'href', regex = '/(\\d+)$' }
[streams.offres.detail]
link = 'a'
[streams.offres.detail.fields]
title = 'h1'
";

fn serve(replay: &MockServer, title: &str) {
    let mut list = String::new();
    for id in 10..20 {
        write!(list, "<li><a href=/offre/{id}>Poste {id}</a></li>").unwrap();
        replay.replace(HOST, &format!("/offre/{id}"), html(&format!("<h1>Soudeur de l'atelier {id}</h1>")));
    }
    replay.replace(HOST, "/offre/17", html(&format!("<h1>{title}</h1>")));
    replay.replace(HOST, "/offres", html(&list));
}

/// Requests everything, and returns the id of the run.
async fn ingest(road: &Road) -> String {
    let run = road.bin(&["ingest", "portail", "--full", "-o", "json"]).run().await.expect(0).json();
    run[0]["id"].as_str().unwrap().to_owned()
}

async fn run_sql(store: &Store, statement: &str, run: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.replace("RUN", run))).execute(store.pool()).await.unwrap();
}

const AGE: &str = "UPDATE ingest.runs SET created_at = created_at - interval '400 days', started_at = started_at - interval '400 days',
                          finished_at = finished_at - interval '400 days' WHERE id = 'RUN'";

fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

async fn prune(road: &Road, more: &[&str]) -> Value {
    road.bin(&[&["prune", "--runs", "1", "-o", "json"], more].concat()).run().await.expect(0).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_runs_go_and_what_replay_and_revert_need_stays() {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", SPEC, &behavior, &[]).await;
    let store = road.database.store().await;
    serve(&replay, "Soudeur de l'atelier 17");
    let (first, second) = (ingest(&road).await, ingest(&road).await);
    let before = rows_of(&store).await;
    serve(&replay, "Chaudronnier de l'atelier 17");
    let third = ingest(&road).await;
    ingest(&road).await;
    let after = rows_of(&store).await;
    assert_eq!(prune(&road, &[]).await["all"]["pages"], 0, "everything is young");
    run_sql(&store, AGE, &first).await;
    run_sql(&store, AGE, &second).await;
    let letter = "INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at, died_at)
                  SELECT n, 'fetch_page', 'fetch:portail', '{}', 6, 'gone', now() - interval '1 year', now() - n * interval '100 days' FROM generate_series(1, 2) n";
    run_sql(&store, letter, "").await;

    // A held run waits for a decision, however long.
    run_sql(&store, "UPDATE ingest.runs SET state = 'held' WHERE id = 'RUN'", &second).await;
    let held = prune(&road, &["--dry-run"]).await;
    // Of the first run, its list: each of the other pages is that of a row, or what a revert of the third run puts back.
    assert_eq!((&held["all"]["runs"], &held["all"]["pages"]), (&0.into(), &1.into()), "{held}");
    run_sql(&store, "UPDATE ingest.runs SET state = 'complete' WHERE id = 'RUN'", &second).await;

    let count = async |table: &str| -> i64 {
        let query = format!("SELECT count(*) FROM {table}");
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(store.pool()).await.unwrap()
    };
    let pages = count("ingest.pages").await;
    let dry = prune(&road, &["--dry-run"]).await;
    assert_eq!(
        (count("ingest.pages").await, count("queue.dead_letters").await),
        (pages, 2),
        "a dry run removed something"
    );
    let done = prune(&road, &[]).await;
    assert_eq!(
        (&done["all"], &done["sources"]),
        (&dry["all"], &dry["sources"]),
        "a dry run counts what goes"
    );
    // The list of the first run, and the list and the ten pages of the second one, which is gone then.
    assert_eq!(
        (&done["all"]["runs"], &done["all"]["pages"], &done["all"]["dead_letters"]),
        (&1.into(), &12.into(), &1.into())
    );
    assert_eq!((count("ingest.pages").await, count("ingest.runs").await), (pages - 12, 3));
    assert_eq!(rows_of(&store).await, after);

    // Answers leave the archive a while later.
    let archive = road.data().join("data/archive");
    let (stored, listed) = (files(&archive), count("ingest.unneeded_answers").await);
    assert!(listed > 0 && done["removed"] == 0, "{done}");
    run_sql(&store, "UPDATE ingest.unneeded_answers SET since = since - interval '2 hours'", "").await;
    assert_eq!(prune(&road, &[]).await["removed"], listed);
    assert_eq!(stored - files(&archive), usize::try_from(listed).unwrap());

    // What is left can be read again, and the change of the third run can be undone.
    road.bin(&["replay", "portail"]).run().await.expect(0);
    assert_eq!(rows_of(&store).await, after);
    road.bin(&["runs", "revert", &third]).run().await.expect(0);
    let titles = |rows: &[Value]| rows.iter().map(|row| row["title"].clone()).collect::<Vec<_>>();
    assert_eq!(titles(&rows_of(&store).await), titles(&before));
    let why = road.bin(&["explain", "portail/17"]).run().await.expect(0).out;
    assert!(why.contains("\"Soudeur de l'atelier 17\""), "{why}");
}

#[tokio::test]
async fn the_timetable_prunes_once_a_night() {
    let road = Road::new().await;
    let store = road.database.store().await;
    let tick = store.last_tick("store:prune").await.unwrap() + chrono::TimeDelta::hours(1);
    let fired = futures::future::join_all((0..5).map(|_| store.fire_pruning("store:prune", tick))).await;
    assert_eq!(fired.into_iter().filter(|fired| *fired.as_ref().unwrap()).count(), 1);
    let jobs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue.jobs WHERE kind = 'prune' AND lane = 'prune'")
            .fetch_one(store.pool())
            .await
            .unwrap();
    assert_eq!(jobs, 1);
    // A command that works the queue runs it too.
    road.bin(&["ingest", "mc2"]).run().await.expect(0);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM queue.dead_letters WHERE kind = 'prune'")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

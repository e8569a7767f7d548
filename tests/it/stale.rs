//! Rows that were parsed by an older source file or older rules: `status` counts them, `replay --stale` parses them again.

use serde_json::{Value, json};

use crate::support::{
    Database,
    portals::{
        Portals,
        site::Day,
        world::{Format, Shape, World},
    },
};

/// Returns two sources: a list of three pages, and a list with a page for each record.
fn shapes() -> [Shape; 2] {
    [Shape::new(Format::Json, 120, true, 71), Shape::new(Format::Html, 12, true, 72)]
}

async fn loaded(shapes: &[Shape]) -> (Portals, Vec<World>) {
    let portals = Portals::on(Database::new().await, shapes, None).await;
    let worlds: Vec<World> = shapes.iter().map(|shape| World::new(shape, 7)).collect();
    for (shape, world) in shapes.iter().zip(&worlds) {
        portals.show(shape, &Day::of(world.rows()));
    }
    for (source, run) in portals.ingest(&shapes.iter().collect::<Vec<_>>()).await {
        assert_eq!(run.state, "complete", "{source}: {}", run.message);
    }
    (portals, worlds)
}

/// Returns what `status` counts.
async fn stale(portals: &Portals) -> Value {
    portals.road.bin(&["status", "--output", "json"]).run().await.expect(0).json()["stale"].clone()
}

async fn replay(portals: &Portals, args: &[&str]) -> String {
    let args: Vec<&str> = ["replay"].iter().chain(args).copied().collect();
    portals.road.bin(&args).run().await.expect(0).out
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_an_older_file_are_counted_and_read_again_without_a_visit() {
    let shapes = shapes();
    let [list, details] = &shapes;
    let (portals, _) = loaded(&shapes).await;
    assert_eq!(stale(&portals).await, json!([]));
    portals.rewrite(list, |file| file.replace("description = \".texte\"", "description = \".intitule\""));
    portals.rewrite(details, |file| format!("# checked\n{file}"));
    assert_eq!(
        stale(&portals).await,
        json!([{"source": details.slug, "rows": 12, "pages": 12}, {"source": list.slug, "rows": 120, "pages": 3}])
    );
    let status = portals.road.bin(&["status"]).run().await.expect(0).out;
    let line = format!(
        "{0}: 120 rows were read by an older file or older rules: `oim-etl replay {0} --stale`",
        list.slug
    );
    assert!(status.contains(&line), "{status}");

    let (before, visits) = (portals.served().await, portals.replay.arrivals().len());
    let dry = replay(&portals, &[&list.slug, "--stale", "--dry-run"]).await;
    assert!(dry.contains("3 archived pages: 0 would be new, 120 changed, 0 unchanged"), "{dry}");
    assert_eq!(portals.served().await, before);
    let wet = replay(&portals, &[&list.slug, "--stale"]).await;
    assert!(wet.contains("complete: 3 pages, 120 records: 0 new, 120 changed, 0 unchanged"), "{wet}");
    let wet = replay(&portals, &[&details.slug, "--stale"]).await;
    assert!(wet.contains("12 records: 0 new, 0 changed, 12 unchanged"), "{wet}");
    assert_eq!(portals.replay.arrivals().len(), visits, "a partner was visited");
    for (id, row) in &portals.served().await[&list.slug] {
        assert_eq!(row["description"], row["title"], "{id}");
    }
    assert_eq!(stale(&portals).await, json!([]));
    let again = replay(&portals, &[&list.slug, "--stale"]).await;
    assert!(again.contains("every row was read by this source file"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pages_of_stale_rows_are_read_again_and_what_they_no_longer_give_is_not_asked_twice() {
    let shapes = shapes();
    let [list, _] = &shapes;
    let (portals, worlds) = loaded(&shapes).await;
    portals.rewrite(list, |file| file.replace("description = \".texte\"", "description = \".intitule\""));
    // The first page of the list is parsed by the new file.
    portals.road.bin(&["ingest", &list.slug, "--limit", "40"]).run().await.expect(0);
    assert_eq!(stale(&portals).await, json!([{"source": list.slug, "rows": 80, "pages": 2}]));
    // This file leaves out the last record, so replaying its page gives nothing for it.
    let id = &worlds[0].rows()[119].id;
    portals.rewrite(list, |file| {
        file.replace(".offres[]", &format!(".offres[] | select(.id != \\\"{id}\\\")"))
            .replace("description = \".intitule\"", "description = \".texte\"")
    });
    assert_eq!(stale(&portals).await[0]["rows"], 120);
    let wet = replay(&portals, &[&list.slug, "--stale"]).await;
    assert!(wet.contains("complete: 3 pages, 119 records"), "{wet}");
    assert_eq!(stale(&portals).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reverted_replay_had_read_is_stale_again() {
    let shapes = shapes();
    let [list, _] = &shapes;
    let (portals, _) = loaded(&shapes).await;
    let before = portals.served().await;
    portals.rewrite(list, |file| file.replace("description = \".texte\"", "description = \".intitule\""));
    let runs = portals.road.bin(&["replay", &list.slug, "--stale", "--output", "json"]).run().await.expect(0);
    assert_eq!(stale(&portals).await, json!([]));
    let run = runs.json()[0]["id"].as_str().unwrap().to_owned();
    portals.road.bin(&["runs", "revert", &run]).run().await.expect(0);
    assert_eq!(portals.served().await, before);
    assert_eq!(stale(&portals).await, json!([{"source": list.slug, "rows": 120, "pages": 3}]));
}

//! What operators set of a source holds for the whole pool: paused, resumed, another rate.

use std::time::Duration;

use replay::Behavior;
use serde_json::Value;
use store::{RunState, Slot, Store};

use crate::support::{Database, Road, opportunities::register, runs::request, terminate, wait_until};

const HOST: &str = "www.emploicameroun.cm";

/// Requests that reached the partner, robots.txt left out.
fn visits(road: &Road) -> usize {
    road.replay.arrivals().iter().filter(|arrival| arrival.host == HOST).count()
}

async fn number(store: &Store, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(store.pool()).await.unwrap()
}

const VISITING: &str =
    "SELECT count(*) FROM queue.jobs WHERE lane = 'fetch:emploicameroun' AND state = 'running'";
const QUEUED: &str =
    "SELECT count(*) FROM queue.jobs WHERE lane = 'fetch:emploicameroun' AND state = 'ready'";

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_for_queued_jobs_and_restarted_workers_and_ends_with_resume() {
    let behavior = Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() };
    let road = Road::with(behavior, "40/s").await;
    let store = road.database.store().await;
    let start = || road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let mut worker = start();
    let alive = async || !store.queue().workers().await.unwrap().is_empty();
    wait_until("the worker is there", alive).await;
    road.bin(&["ingest", "emploicameroun", "--full", "--no-wait"]).run().await.expect(0);
    wait_until("pages are queued", async || visits(&road) > 3 && number(&store, QUEUED).await > 10).await;

    let said = road
        .bin(&["sources", "pause", "emploicameroun", "--reason", "le portail rame", "-o", "json"])
        .run()
        .await
        .expect(0)
        .json();
    let before = visits(&road);
    assert_eq!((&said["state"], &said["changed"]), (&Value::from("paused"), &Value::from(true)), "{said}");
    wait_until("those who were on their way are back", async || number(&store, VISITING).await == 0).await;
    let after = visits(&road);
    assert!(after <= before + 4, "{} requests left after the pause", after - before);

    worker.kill();
    let mut worker = start();
    // The worker works: another source is not held up.
    road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    assert_eq!(visits(&road), after, "a paused source was visited");
    let spent =
        "SELECT coalesce(sum(attempts + losses), 0) FROM queue.jobs WHERE lane = 'fetch:emploicameroun'";
    assert!(number(&store, QUEUED).await > 5 && number(&store, spent).await <= 4, "jobs were lost or spent");

    let status = road.bin(&["status"]).run().await.expect(0).out;
    assert!(
        status.contains("paused         emploicameroun: paused") && status.contains("le portail rame"),
        "{status}"
    );
    let refused = road.bin(&["ingest", "emploicameroun"]).run().await.expect(2).err;
    assert!(
        refused.contains("source emploicameroun is paused by")
            && refused.contains("oim-etl sources resume emploicameroun"),
        "{refused}"
    );
    let all = road.bin(&["ingest", "--all", "--no-wait"]).run().await.expect(0);
    assert!(all.err.contains("emploicameroun  left out: source emploicameroun is paused"), "{}", all.err);
    let runs = road.bin(&["runs", "emploicameroun"]).run().await.expect(0).err;
    assert!(
        runs.contains("le portail rame; it continues after `oim-etl sources resume emploicameroun`"),
        "{runs}"
    );

    road.bin(&["sources", "resume", "emploicameroun"]).run().await.expect(0);
    let state = async || {
        let runs = store.runs(Some(&"emploicameroun".parse().unwrap()), 1).await.unwrap();
        runs[0].state
    };
    wait_until("the run ends", async || state().await.ended()).await;
    assert_eq!(state().await, RunState::Complete);
    assert_eq!(number(&store, "SELECT count(*) FROM queue.dead_letters").await, 0);
    terminate(&mut worker).await;
}

#[tokio::test]
async fn pausing_twice_and_resuming_what_runs_say_so() {
    let road = Road::new().await;
    let run = async |args: &[&str], code| road.bin(args).run().await.expect(code);
    road.bin(&["migrate"]).run().await.expect(0);
    assert!(run(&["sources", "resume", "fne"], 0).await.out.contains("fne is not paused"));
    assert!(run(&["sources", "pause", "fnee"], 2).await.err.contains("did you mean fne?"));
    assert!(run(&["sources", "pause", "fne", "--reason", " "], 2).await.err.contains("it is empty"));
    assert!(run(&["sources", "pause", "fne"], 0).await.out.starts_with("fne is paused"));
    let again = run(&["sources", "pause", "fne", "--reason", "entretien"], 0).await.out;
    assert!(
        again.contains("was paused already") && again.contains("the reason is now: entretien"),
        "{again}"
    );
    assert!(run(&["sources", "show", "fne"], 0).await.out.contains("paused"));
    let list = run(&["sources", "list", "-o", "json"], 0).await.json();
    let fne = list.as_array().unwrap().iter().find(|row| row["slug"] == "fne").unwrap().clone();
    assert_eq!(fne["state"], "paused");
    assert!(run(&["sources", "resume", "fne"], 0).await.out.starts_with("fne is resumed"));
}

#[tokio::test]
async fn a_source_that_the_workers_switched_off_is_not_resumed_by_a_command() {
    let mut road = Road::new().await;
    road.settings.push("sources.mc2.enabled=false".to_owned());
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.settings.pop();
    let refused = road.bin(&["ingest", "mc2"]).run().await.expect(2).err;
    assert!(refused.contains("source mc2 is switched off: `sources.mc2.enabled` is false"), "{refused}");
    let resumed = road.bin(&["sources", "resume", "mc2"]).run().await.expect(1).err;
    assert!(resumed.contains("mc2  is still not visited: source mc2 is switched off"), "{resumed}");
    terminate(&mut worker).await;
}

#[tokio::test]
async fn what_waits_for_its_slot_does_not_leave_after_a_pause() {
    let store = Database::new().await.store().await;
    let slug = register(&store, "fne").await;
    let pace = (Duration::from_secs(5), Duration::ZERO);
    let ask = async || store.reserve_slot("fne", pace, Duration::from_mins(1)).await.unwrap();
    let Slot::Reserved { ticket: first, .. } = ask().await else { panic!("the source rests") };
    let Slot::Reserved { ticket, wait, .. } = ask().await else { panic!("the source rests") };
    assert!(
        wait > Duration::from_secs(4) && ticket == first && store.slot_stands("fne", ticket).await.unwrap()
    );
    assert!(store.pause_source(&slug, "awa", None).await.unwrap());
    assert!(!store.slot_stands("fne", ticket).await.unwrap());
    let Slot::Held(why) = ask().await else { panic!("a slot of a paused source") };
    assert!(why.starts_with("source fne is paused by awa since"), "{why}");
    assert!(store.resume_source(&slug, "awa").await.unwrap());
    assert!(!store.slot_stands("fne", ticket).await.unwrap(), "a slot of before the pause");
    let Slot::Reserved { wait, .. } = ask().await else { panic!("the source is resumed") };
    assert!(wait > Duration::from_secs(4) && wait <= Duration::from_secs(5), "{wait:?}");
}

#[tokio::test]
async fn another_rate_holds_from_the_next_slot_on_and_a_floor_stays() {
    let store = Database::new().await.store().await;
    let slug = register(&store, "fne").await;
    let reserve = async |at_least| {
        let pace = (Duration::from_secs(100), Duration::from_secs(at_least));
        store.reserve_slot("fne", pace, Duration::from_hours(1)).await.unwrap()
    };
    let interval = |slot: Slot| match slot {
        Slot::Reserved { interval, ticket, wait } => (interval.as_secs_f64(), ticket, wait.as_secs_f64()),
        other => panic!("{other:?}"),
    };
    assert!((interval(reserve(0).await).0 - 100.0).abs() < 0.01);
    let (_, old, wait) = interval(reserve(0).await);
    assert!(wait > 90.0);
    store.set_rate(&slug, "awa", Some("1/s".parse().unwrap())).await.unwrap();
    assert!(!store.slot_stands("fne", old).await.unwrap(), "a slot of the old rate");
    let (spacing, _, wait) = interval(reserve(0).await);
    assert!((spacing - 1.0 / 0.98).abs() < 0.01 && wait <= 1.03, "{spacing} {wait}");
    assert!((interval(reserve(30).await).0 - 30.0).abs() < 0.01, "Crawl-delay is a floor");
    store.set_rate(&slug, "awa", None).await.unwrap();
    let (spacing, _, wait) = interval(reserve(0).await);
    assert!((spacing - 100.0).abs() < 0.01 && wait > 90.0 && wait <= 100.0, "{spacing} {wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_visits_at_the_rate_that_an_operator_sets() {
    let behavior = Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() };
    let road = Road::with(behavior, "1/min").await;
    let store = road.database.store().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.bin(&["ingest", "emploicameroun", "--full", "--no-wait"]).run().await.expect(0);
    wait_until("the first request is sent", async || visits(&road) > 0).await;
    let refused = road.bin(&["sources", "rate", "emploicameroun", "200/s"]).run().await.expect(2).err;
    assert!(refused.contains("promises the partner (1/min)"), "{refused}");
    let set = road.bin(&["sources", "rate", "emploicameroun", "200/s", "--force"]).run().await.expect(0);
    assert!(
        set.out.contains("200/s instead of 1/min, set by") && set.err.contains("faster"),
        "{} {}",
        set.out,
        set.err
    );
    // At the old rate it would take two hours.
    wait_until("the run ends", async || store.runs(None, 1).await.unwrap()[0].state.ended()).await;
    assert!(visits(&road) > 20);
    let status = road.bin(&["status"]).run().await.expect(0).out;
    assert!(status.contains("rate           emploicameroun: 200/s instead of 1/min"), "{status}");
    let reset = road.bin(&["sources", "rate", "emploicameroun", "--reset"]).run().await.expect(0).out;
    assert!(reset.contains("1/min, as its source file says"), "{reset}");
    assert!(
        road.bin(&["sources", "rate", "fne", "viele"]).run().await.expect(2).err.contains("is not a rate")
    );
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_taken_over_when_its_holder_is_killed() {
    let road = Road::new().await;
    let store = road.database.store().await;
    let start = || road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let holders =
        async || store.queue().workers().await.unwrap().iter().filter(|worker| worker.indexes).count();
    let mut holder = start();
    wait_until("the first worker holds the index", async || holders().await == 1).await;
    let mut other = start();
    wait_until("the second worker is there", async || store.queue().workers().await.unwrap().len() == 2)
        .await;
    assert_eq!(holders().await, 1, "two processes hold one folder");
    holder.kill();
    // The lease of the dead one lasts for a while; the folder is free at once.
    wait_until("the second worker holds it", async || {
        store.queue().workers().await.unwrap().first().is_some_and(|newest| newest.indexes)
    })
    .await;
    let run = road.bin(&["ingest", "mc2", "-o", "json"]).run().await.expect(0).json();
    assert!(run[0]["embedded"].as_i64().unwrap() > 0, "{run}");
    terminate(&mut other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_with_other_source_files_changes_nothing_for_the_pool() {
    let mut road = Road::new().await;
    let specs = road.data().join("specs");
    std::fs::create_dir(&specs).unwrap();
    let fne = include_str!("../../sources/partners/fne.toml");
    // Its secrets have names that only the workers allow.
    std::fs::write(specs.join("ajout.toml"), fne.replace("FNE_CLIENT", "SHARED_CLIENT")).unwrap();
    road.settings.push("source_variables=SHARED_*".to_owned());
    road.settings.push(format!("sources_dir={}", specs.display()));
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.settings.truncate(road.settings.len() - 2);
    let state = async || {
        let states = store.source_states().await.unwrap();
        states
            .into_iter()
            .find(|state| state.slug == "ajout")
            .map(|state| (state.word(), state.visits_waiting))
    };
    for args in [&["ingest", "mc2"][..], &["migrate"], &["replay", "mc2"]] {
        road.bin(args).run().await.expect(0);
        assert_eq!(state().await, Some(("on", 0)), "{args:?}");
    }
    worker.kill();
    // Without a worker, the command works the queue: it leaves the jobs of a source whose file it cannot use.
    store.request_run(&request(&"ajout".parse().unwrap(), store::Mode::Full)).await.unwrap();
    sqlx::query("DELETE FROM queue.leases").execute(store.pool()).await.unwrap();
    let unknown = road.bin(&["ingest", "ajout"]).run().await.expect(2).err;
    assert!(unknown.contains("this command has no source file of ajout"), "{unknown}");
    road.bin(&["ingest", "mc2", "--full"]).run().await.expect(0);
    assert_eq!(state().await, Some(("on", 1)), "its job was taken or given up");
}

#[tokio::test]
async fn a_source_is_scheduled_where_it_is_described_and_one_that_nobody_visits_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let fne = include_str!("../../sources/partners/fne.toml");
    let write = |slug: &str, line: &str| {
        let path = folder.path().join(format!("{slug}.toml"));
        std::fs::write(path, format!("{line}\n{fne}")).unwrap();
    };
    let run = async |args: &[&str], code| {
        let args = [args, &["--sources", folder.path().to_str().unwrap()]].concat();
        crate::support::Bin::new(folder.path(), &args).run().await.expect(code)
    };
    write("decrit", "schedule = { incremental = \"5 6 * * *\", full = \"0 3 * * 6\" }");
    write("court", "schedule = \"9 * * * *\"");
    write("oublie", "");
    // The timetable has entries of its own for this one and both modes.
    write("fne", "schedule = \"1 1 1 1 *\"");
    let listed = run(&["schedule", "list", "-o", "json"], 0).await;
    let json = listed.json();
    let rows = json.as_array().unwrap();
    let cron =
        |entry: &str| rows.iter().find(|row| row["entry"] == entry).map(|row| row["cron"].as_str().unwrap());
    assert_eq!(
        (cron("decrit-incremental"), cron("decrit-full"), cron("court-incremental")),
        (Some("5 6 * * *"), Some("0 3 * * 6"), Some("9 * * * *"))
    );
    assert_eq!((cron("fne-incremental"), cron("fne-recent")), (None, Some("7 */2 * * *")));
    assert!(
        listed.err.contains("nobody visits oublie: add `schedule`") && !listed.err.contains("visits court"),
        "{}",
        listed.err
    );
    let checked = run(&["sources", "check", "oublie"], 1).await.err;
    assert!(checked.contains("oublie  nobody visits it"), "{checked}");
    write("court", "schedule = \"@daily\"");
    let refused = run(&["schedule", "list"], 1).await;
    assert!(refused.err.contains("court.toml:1:") && refused.err.contains("`schedule`"), "{}", refused.err);
    assert!(refused.out.contains("decrit-full"), "one broken file hides the others: {}", refused.out);
    write("court", "schedule = {}");
    assert!(run(&["schedule"], 1).await.err.contains("`schedule` is empty"));
}

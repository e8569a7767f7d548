//! Quiet hours and the limit of a day, which the whole pool keeps by the clock of the database.

use std::{fmt::Write as _, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use domain::QuietHours;
use replay::MockServer;
use serde_json::Value;
use store::{Slot, Store};

use crate::support::{Road, html, opportunities::fresh, terminate, wait_until, with_partner};

const HOST: &str = "www.portail.cm";

/// A portal with ten posts, each with its own page.
async fn portal(limits: &str) -> (Road, MockServer) {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", &spec(limits), &behavior, &[]).await;
    let mut list = String::new();
    for id in 10..20 {
        write!(list, "<li><a href=/offre/{id}>Soudeur {id}</a></li>").unwrap();
        replay.replace(HOST, &format!("/offre/{id}"), html(&format!("<h1>Soudeur {id}</h1>")));
    }
    replay.replace(HOST, "/offres", html(&list));
    (road, replay)
}

fn spec(limits: &str) -> String {
    format!(
        "name = 'Portail'\nbase_url = 'https://{HOST}'\nrate = '200/s'\nrobots = false\n{limits}\n\
         [streams.offres]\nkind = 'job'\nformat = 'html'\nrequest = {{ path = '/offres' }}\nrecords = 'li'\n\
         [streams.offres.fields]\nexternal_id = {{ css = 'a', attr = 'href', regex = '/offre/(\\d+)' }}\n\
         [streams.offres.detail]\nlink = 'a'\n[streams.offres.detail.fields]\ntitle = 'h1'\n"
    )
}

async fn clock(store: &Store) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(store.pool()).await.unwrap()
}

/// Returns a window on the clock of Douala, from so many minutes after now to so many.
async fn window(store: &Store, from: i64, to: i64) -> String {
    let here = clock(store).await + TimeDelta::hours(1);
    let at = |minutes| (here + TimeDelta::minutes(minutes)).format("%H:%M");
    format!("{}-{}", at(from), at(to))
}

async fn run(store: &Store) -> (String, Option<String>) {
    let runs = store.runs(None, 1).await.unwrap();
    (runs[0].state.to_string(), runs[0].message.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_across_quiet_hours_and_is_told_of_them() {
    let (road, replay) = portal("").await;
    let store = road.database.store().await;
    let quiet = window(&store, -60, 60).await;
    road.put("specs/portail.toml", spec(&format!("quiet_hours = '{quiet}'")));
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.bin(&["ingest", "portail", "--no-wait"]).run().await.expect(0);
    let is_told = async || run(&store).await.1.is_some_and(|why| why.contains("these are its quiet hours"));
    wait_until("the run says what it waits for", is_told).await;
    assert_eq!(replay.arrivals().len(), 0);
    let spent: i64 = sqlx::query_scalar(
        "SELECT sum(attempts + losses)::bigint FROM queue.jobs WHERE lane = 'fetch:portail'",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert!(spent <= 1, "{spent} attempts were counted");

    let said = road.bin(&["sources", "show", "portail"]).run().await.expect(0).out;
    assert!(said.contains(&format!("requests   none between {quiet}; the next one at ")), "{said}");
    let said = road.bin(&["sources", "rate", "portail"]).run().await.expect(0).out;
    assert!(said.contains(&format!("portail  none between {quiet}")), "{said}");
    let said = road.bin(&["status"]).run().await.expect(0).out;
    assert!(said.contains("resting        portail: none between "), "{said}");
    assert!(said.contains("in Douala  (1 job waits)"), "{said}");
    let said = road.bin(&["sources", "show", "portail", "--output", "json"]).run().await.expect(0).json();
    let next: DateTime<Utc> = said["source"]["next_request"].as_str().unwrap().parse().unwrap();
    let left = (next - clock(&store).await).num_minutes();
    assert!((55..=60).contains(&left), "{left}");

    // The source file changes its mind: the same run continues at once.
    road.put("specs/portail.toml", spec(""));
    wait_until("the run ends", async || run(&store).await.0 == "complete").await;
    assert_eq!(replay.arrivals().len(), 11);
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requests_of_a_day_are_counted_for_the_whole_pool_and_the_run_waits_for_the_next_day() {
    let (road, replay) = portal("daily_requests = 4").await;
    let store = road.database.store().await;
    let start = || road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let mut workers = [start(), start()];
    wait_until("both workers are there", async || store.queue().workers().await.unwrap().len() == 2).await;
    road.bin(&["ingest", "portail", "--no-wait"]).run().await.expect(0);
    let waiting = "SELECT count(*) FROM queue.jobs WHERE lane = 'fetch:portail' AND state = 'ready' AND run_at > now() AND last_error LIKE '%used up%'";
    let all_wait = async || {
        let count: i64 = sqlx::query_scalar(waiting).fetch_one(store.pool()).await.unwrap();
        count == 7
    };
    wait_until("seven pages wait for the next day", all_wait).await;
    assert_eq!(replay.arrivals().len(), 4, "the list, and three pages");
    let said = road.bin(&["status"]).run().await.expect(0).out;
    assert!(said.contains("resting        portail: 4 of 4 requests used today; the next one at "), "{said}");
    let said: Value =
        road.bin(&["sources", "show", "portail", "--output", "json"]).run().await.expect(0).json();
    let next: DateTime<Utc> = said["source"]["next_request"].as_str().unwrap().parse().unwrap();
    assert_eq!((next + TimeDelta::hours(1)).format("%H:%M:%S").to_string(), "00:00:00", "midnight in Douala");

    // The next day comes.
    for query in [
        "UPDATE ingest.daily_requests SET day = day - 1",
        "UPDATE queue.jobs SET run_at = now() WHERE lane = 'fetch:portail'",
    ] {
        sqlx::query(query).execute(store.pool()).await.unwrap();
    }
    let more = async || replay.arrivals().len() == 8;
    wait_until("it has four requests, too", more).await;
    road.put("specs/portail.toml", spec("daily_requests = 100"));
    wait_until("the run ends", async || run(&store).await.0 == "complete").await;
    assert_eq!(replay.arrivals().len(), 11);
    for worker in &mut workers {
        terminate(worker).await;
    }
}

#[tokio::test]
async fn a_slot_that_would_fall_into_quiet_hours_is_not_reserved() {
    let store = fresh().await;
    let set = "UPDATE ingest.sources SET quiet_hours = ARRAY[$1]";
    sqlx::query(set).bind(window(&store, 30, 90).await).execute(store.pool()).await.unwrap();
    let ask = async |minutes| {
        let interval = Duration::from_mins(minutes);
        store.reserve_slot("fne", (interval, Duration::ZERO), Duration::from_hours(3)).await.unwrap()
    };
    assert!(matches!(ask(45).await, Slot::Reserved { .. }), "now is not quiet");
    for _ in 0..2 {
        let Slot::Resting { wait, is_quiet: true } = ask(45).await else { panic!("in 45 minutes it is") };
        assert!((88..=90).contains(&(wait.as_secs() / 60)), "{wait:?}");
    }
    // What was refused has moved nothing.
    let next: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM next_slot - clock_timestamp())::float8 / 60 FROM ingest.rate_budget",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert!((44.0..=45.0).contains(&next), "{next}");
}

#[tokio::test]
async fn quiet_hours_end_on_the_clock_of_douala() {
    let store = fresh().await;
    for (windows, at, ends) in [
        (vec!["22:00-06:00"], "2026-11-27T20:59:59Z", None),
        (vec!["22:00-06:00"], "2026-11-27T21:00:00Z", Some("2026-11-28T05:00:00Z")),
        (vec!["22:00-06:00"], "2026-11-27T23:30:00Z", Some("2026-11-28T05:00:00Z")),
        (vec!["22:00-06:00"], "2026-11-28T04:59:59Z", Some("2026-11-28T05:00:00Z")),
        (vec!["22:00-06:00"], "2026-11-28T05:00:00Z", None),
        (vec!["08:00-12:00", "12:00-14:00"], "2026-11-27T07:30:00Z", Some("2026-11-27T13:00:00Z")),
        (vec!["18:00-24:00", "00:00-06:00"], "2026-12-31T18:00:00Z", Some("2027-01-01T05:00:00Z")),
        (vec!["18:00-24:00"], "2026-12-31T18:00:00Z", Some("2026-12-31T23:00:00Z")),
        (vec![], "2026-12-31T18:00:00Z", None),
    ] {
        for window in &windows {
            assert_eq!(
                window.parse::<QuietHours>().unwrap().to_string(),
                *window,
                "the file's words are stored so"
            );
        }
        let found: Option<DateTime<Utc>> =
            sqlx::query_scalar("SELECT ingest.quiet_until($1, $2::timestamptz)")
                .bind(windows.iter().map(ToString::to_string).collect::<Vec<String>>())
                .bind(at.parse::<DateTime<Utc>>().unwrap())
                .fetch_one(store.pool())
                .await
                .unwrap();
        assert_eq!(found, ends.map(|ends| ends.parse().unwrap()), "{windows:?} at {at}");
    }
}

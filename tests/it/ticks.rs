//! The timetable: a tick becomes one run, however many workers watch.

use chrono::{DurationRound as _, TimeDelta, Utc};
use store::{Fired, Mode};

use crate::support::{Database, opportunities::register};

#[tokio::test]
async fn twenty_schedulers_make_one_run_of_a_tick() {
    let store = Database::new().await.store().await;
    let slug = register(&store, "fne").await;
    store.last_tick("fne-recent").await.unwrap();
    let at = (Utc::now() + TimeDelta::minutes(1)).duration_trunc(TimeDelta::minutes(1)).unwrap();
    let schedulers = (0..20).map(|_| {
        let (store, slug) = (store.clone(), slug.clone());
        tokio::spawn(async move { store.fire("fne-recent", &slug, Mode::Incremental, at).await.unwrap() })
    });
    let fired = futures::future::join_all(schedulers)
        .await
        .into_iter()
        .filter(|fired| *fired.as_ref().unwrap() == Fired::Run)
        .count();
    assert_eq!(fired, 1);
    let runs = store.runs(Some(&slug), 10).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(store.last_tick("fne-recent").await.unwrap(), at);
}

#[tokio::test]
async fn a_new_entry_does_not_fire_for_the_past() {
    let store = Database::new().await.store().await;
    let before = Utc::now();
    let last = store.last_tick("new").await.unwrap();
    assert!(last >= before - TimeDelta::seconds(5), "{last}");
    assert_eq!(store.last_tick("new").await.unwrap(), last, "looking moved the tick");
}

#[tokio::test]
async fn ticks_missed_in_a_downtime_fire_once() {
    let store = Database::new().await.store().await;
    let slug = register(&store, "fne").await;
    let table = schedules::Timetable::parse(
        "t.toml",
        "[entries.fne-often]\nsource = \"fne\"\nmode = \"full\"\ncron = \"*/5 * * * *\"\n",
    )
    .unwrap();
    let entry = &table.entries[0];
    store.last_tick("fne-often").await.unwrap();
    let down = Utc::now() - TimeDelta::hours(6);
    sqlx::query("UPDATE ingest.ticks SET last = $1").bind(down).execute(store.pool()).await.unwrap();
    let mut fired = 0;
    for _ in 0..3 {
        let last = store.last_tick("fne-often").await.unwrap();
        if let Some(at) = entry.due(last, Utc::now()) {
            fired += u32::from(store.fire("fne-often", &slug, Mode::Full, at).await.unwrap() == Fired::Run);
        }
    }
    assert_eq!(fired, 1, "72 ticks were missed");
}

#[tokio::test]
async fn ticks_of_a_paused_source_are_skipped_with_the_reason_and_the_next_one_fires() {
    let store = Database::new().await.store().await;
    let slug = register(&store, "fne").await;
    store.last_tick("fne-recent").await.unwrap();
    store.pause_source(&slug, "awa", Some("entretien")).await.unwrap();
    let at =
        |minutes| (Utc::now() + TimeDelta::minutes(minutes)).duration_trunc(TimeDelta::minutes(1)).unwrap();
    let fire = async |minutes| store.fire("fne-recent", &slug, Mode::Incremental, at(minutes)).await.unwrap();
    let Fired::Skipped(why) = fire(1).await else { panic!("it was fired") };
    assert!(why.starts_with("source fne is paused by awa") && why.ends_with(": entretien"), "{why}");
    assert_eq!(fire(1).await, Fired::Elsewhere, "a skipped tick comes back");
    assert!(store.runs(Some(&slug), 1).await.unwrap().is_empty());
    store.resume_source(&slug, "awa").await.unwrap();
    assert_eq!(fire(2).await, Fired::Run);
    let unknown = store.fire("fne-recent", &"fnee".parse().unwrap(), Mode::Full, at(3)).await.unwrap();
    assert_eq!(unknown, Fired::Skipped("source fnee has no source file".to_owned()));
}

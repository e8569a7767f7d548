//! The pool-wide budget: slots have equal distances, whichever worker reserves them.

use std::time::Duration;

use store::Slot;

use crate::support::Database;

/// The wait for a reserved slot, or else for the next one.
fn waited(slot: Slot) -> Result<Duration, Duration> {
    match slot {
        Slot::Reserved { wait, .. } => Ok(wait),
        Slot::TooFar(wait) | Slot::Resting { wait, .. } => Err(wait),
        Slot::Held(why) => panic!("{why}"),
    }
}

#[tokio::test]
async fn slots_of_many_askers_are_one_interval_apart() {
    let store = Database::new().await.store().await;
    let interval = Duration::from_secs(10);
    let askers = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            waited(
                store.reserve_slot("fne", (interval, Duration::ZERO), Duration::from_hours(1)).await.unwrap(),
            )
            .unwrap()
        })
    });
    let mut waits: Vec<f64> =
        futures::future::join_all(askers).await.into_iter().map(|wait| wait.unwrap().as_secs_f64()).collect();
    waits.sort_by(f64::total_cmp);
    for (n, wait) in waits.iter().enumerate() {
        let due = 10.0 * f64::from(u32::try_from(n).unwrap());
        assert!((wait - due).abs() < 9.0, "slot {n} is {wait} s away instead of about {due}");
    }
    // However late the workers were, the slots are exact: the last one is 19 intervals after the first.
    let next: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM next_slot - clock_timestamp())::float8 FROM ingest.rate_budget",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert!(next > 190.0 && next <= 200.0, "{next}");
}

#[tokio::test]
async fn a_slot_too_far_away_is_not_reserved() {
    let store = Database::new().await.store().await;
    let (interval, patience) = (Duration::from_mins(1), Duration::from_secs(5));
    assert!(waited(store.reserve_slot("fne", (interval, Duration::ZERO), patience).await.unwrap()).is_ok());
    for _ in 0..3 {
        let wait = waited(store.reserve_slot("fne", (interval, Duration::ZERO), patience).await.unwrap())
            .unwrap_err();
        assert!(wait > Duration::from_secs(50) && wait <= interval, "a refusal reserved something: {wait:?}");
    }
    assert!(
        waited(store.reserve_slot("other", (interval, Duration::ZERO), patience).await.unwrap()).is_ok(),
        "budgets are not shared between sources"
    );
}

#[tokio::test]
async fn a_hold_stops_everybody_and_is_never_shortened() {
    let store = Database::new().await.store().await;
    store.hold_slots("fne", Duration::from_secs(100)).await.unwrap();
    store.hold_slots("fne", Duration::from_secs(10)).await.unwrap();
    let wait = waited(
        store
            .reserve_slot("fne", (Duration::from_secs(1), Duration::ZERO), Duration::from_secs(5))
            .await
            .unwrap(),
    )
    .unwrap_err();
    assert!(wait > Duration::from_secs(90), "{wait:?}");
}

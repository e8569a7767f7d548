//! A partner that asks for a pause gets it, from the whole pool.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use fetch::{Budget, BudgetError, FetchError, Pace, Permit, Retry};

use crate::support::{Counting, answer, client, get, serve};

#[tokio::test]
async fn seconds_are_waited_for_and_hold_the_pool() {
    let server = serve(|_, n| match n {
        1 => answer(429, &[("retry-after", "1")], ""),
        _ => answer(200, &[], "ok"),
    })
    .await;
    let budget = Counting::default();
    let got = client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap();
    assert_eq!(*budget.held.lock().unwrap(), [Duration::from_secs(1)]);
    assert_eq!((got.requests, budget.count()), (2, 2));
    let [first, second] = &server.arrivals()[..] else { panic!("two arrivals") };
    assert!(second.at - first.at >= Duration::from_secs(1), "{:?}", second.at - first.at);
}

#[tokio::test]
async fn too_many_requests_without_a_time_hold_the_pool_for_a_second() {
    for value in [None, Some("soon")] {
        let server = serve(move |_, n| match n {
            1 => answer(429, &value.map(|value| ("retry-after", value)).into_iter().collect::<Vec<_>>(), ""),
            _ => answer(200, &[], "ok"),
        })
        .await;
        let budget = Counting::default();
        client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap();
        assert_eq!(*budget.held.lock().unwrap(), [Duration::from_secs(1)], "{value:?}");
    }
}

#[tokio::test]
async fn part_of_a_second_is_a_whole_one() {
    let server = serve(|_, n| match n {
        1 => answer(429, &[("retry-after", "0.5")], ""),
        _ => answer(200, &[], "ok"),
    })
    .await;
    let budget = Counting::default();
    client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap();
    assert_eq!(*budget.held.lock().unwrap(), [Duration::from_secs(1)]);
}

#[tokio::test]
async fn a_date_is_waited_for_and_holds_the_pool() {
    let server = serve(|_, n| {
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(1));
        match n {
            1 => answer(503, &[("retry-after", &soon)], ""),
            _ => answer(200, &[], "ok"),
        }
    })
    .await;
    let budget = Counting::default();
    client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap();
    let held = budget.held.lock().unwrap().clone();
    assert!(held.len() == 1 && held[0] <= Duration::from_secs(1), "{held:?}");
}

#[tokio::test]
async fn a_long_pause_is_the_callers_in_both_forms() {
    let in_an_hour = httpdate::fmt_http_date(SystemTime::now() + Duration::from_hours(1));
    for (value, seconds) in [
        ("3600", 3_600),
        (in_an_hour.as_str(), 3_600),
        ("18446744073709551615", 86_400),
        ("9".repeat(40).as_str(), 86_400),
    ] {
        let value = value.to_owned();
        let server = serve(move |_, _| answer(429, &[("retry-after", &value)], "")).await;
        let budget = Counting::default();
        let later = client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap_err();
        let Retry::At(at) = later.retry() else { panic!("{later}") };
        let left = (at - chrono::Utc::now()).num_seconds();
        assert!((seconds - 30..=seconds).contains(&left), "{later}: {left}");
        assert_eq!((server.asked().len(), budget.held.lock().unwrap().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_pause_on_the_way_to_a_token_is_kept_too() {
    let server = serve(|_, _| answer(429, &[("retry-after", "3600")], "")).await;
    let budget = Counting::default();
    let later = client().fetch(&server.with_oauth2(), &get("/a"), &budget).await.unwrap_err();
    assert!(matches!(later, FetchError::Later { .. }), "{later}");
    assert_eq!(server.asked(), ["POST api.fnecm.org/token"]);
}

#[tokio::test]
async fn a_pause_asked_for_where_there_is_nothing_is_none() {
    let server = serve(|_, _| answer(404, &[("retry-after", "3600")], "")).await;
    let budget = Counting::default();
    let gone = client().fetch(&server.partner(), &get("/a"), &budget).await.unwrap_err();
    assert_eq!(gone.gone(), Some(404), "{gone}");
    assert!(budget.held.lock().unwrap().is_empty());
}

/// A budget that gives the second caller a slot 200 ms away, and knows of no pause.
#[derive(Default)]
struct Spaced(AtomicU32);

#[async_trait]
impl Budget for Spaced {
    async fn reserve(&self, _: &str, _: Pace, _: Duration) -> Result<Permit, BudgetError> {
        let wait = if self.0.fetch_add(1, Ordering::SeqCst) == 1 { 200 } else { 0 };
        Ok(Permit::After(Duration::from_millis(wait)))
    }
    async fn hold(&self, _: &str, _: Duration) -> Result<(), BudgetError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_slot_that_falls_into_the_pause_is_not_used() {
    let server = serve(|_, n| match n {
        1 => answer(429, &[("retry-after", "1")], ""),
        _ => answer(200, &[], "ok"),
    })
    .await;
    let (client, partner, budget) = (client(), server.partner(), Spaced::default());
    let (left, right) = (get("/left"), get("/right"));
    let both = tokio::join!(client.fetch(&partner, &left, &budget), client.fetch(&partner, &right, &budget));
    assert!(both.0.is_ok() && both.1.is_ok());
    let arrivals = server.arrivals();
    assert_eq!(arrivals.len(), 3);
    for arrival in &arrivals[1..] {
        let after = arrival.at - arrivals[0].at;
        assert!(after >= Duration::from_millis(950), "{} came after {after:?}", arrival.line);
    }
}

//! The audit of a run, through the store's own steps: what holds it, and what an operator decides then.

use domain::{Fingerprint, Reason};
use serde_json::json;
use store::{Reading, RunState};

use crate::support::{
    opportunities::fresh,
    runs::{employers, ids, one_employer, open, run, slices, with_a_history},
};

type Spoil<'a> = &'a dyn Fn(&mut Reading);

#[tokio::test]
async fn an_implausible_run_is_held_and_closes_nothing() {
    let store = fresh().await;
    let ids = ids(20);
    let all = slices(&ids);
    run(&store, &all, true, |_| ()).await;
    for shows in [&all[..0], &all[..9]] {
        let id = run(&store, shows, true, |_| ()).await;
        assert_eq!(store.run(id).await.unwrap().state, RunState::Held);
        assert_eq!(open(&store).await.len(), 20);
    }
    run(&store, &all[..12], true, |_| ()).await;
    assert_eq!(open(&store).await.len(), 12);
}

#[tokio::test]
async fn a_source_is_held_to_its_own_history() {
    let (store, ids) = with_a_history().await;
    let shows = slices(&ids);
    let no_dates = |reading: &mut Reading| {
        employers(reading);
        for row in &mut reading.opportunities {
            row.closes_on = None;
            row.fingerprint = Fingerprint::of(row);
        }
    };
    let no_terms = |reading: &mut Reading| {
        employers(reading);
        for row in &mut reading.opportunities {
            (row.interest, row.interest_text) = (None, None);
            row.fingerprint = Fingerprint::of(row);
        }
    };
    // Nineteen of twenty are shown, so that the volume alone is plausible and one could close.
    let cases: [(Spoil<'_>, &str); 3] = [
        (&no_terms, "interest_max: 0 %, where 100 % are usual"),
        (&one_employer, "different organization: 5 %, where 100 % are usual"),
        (&no_dates, "closes_on: 0 %, where 100 % are usual"),
    ];
    for (spoil, sign) in cases {
        let id = run(&store, &shows[..19], true, spoil).await;
        let row = store.run(id).await.unwrap();
        assert_eq!(row.state, RunState::Held);
        assert!(row.message.as_deref().unwrap().contains(sign), "{:?}", row.message);
        assert_eq!(open(&store).await.len(), 20);
    }
    let id = run(&store, &shows[..19], true, employers).await;
    assert_eq!((store.run(id).await.unwrap().state, open(&store).await.len()), (RunState::Complete, 19));
}

#[tokio::test]
async fn records_without_an_identity_may_be_those_that_are_missing() {
    let (store, ids) = with_a_history().await;
    let shows = slices(&ids);
    let id = run(&store, &shows[..17], true, |reading| {
        employers(reading);
        let nobody = normalize::reject(Reason::NoIdentity, None, json!({}));
        reading.rejections = vec![nobody.clone(), nobody.clone(), nobody];
    })
    .await;
    let row = store.run(id).await.unwrap();
    assert_eq!(row.state, RunState::Held);
    assert!(row.message.unwrap().contains("3 records have no identity"));
    assert_eq!(open(&store).await.len(), 20);
}

#[tokio::test]
async fn an_operator_publishes_or_discards_a_held_run_once() {
    let (store, ids) = with_a_history().await;
    let shows = slices(&ids);
    let first = run(&store, &shows[..5], true, employers).await;
    let second = run(&store, &shows[..6], true, employers).await;
    store.discard_run(first, "ada").await.unwrap();
    assert!(store.publish_run(first, "ada").await.unwrap_err().to_string().contains("was discarded already"));
    assert_eq!(open(&store).await.len(), 20);
    assert_eq!(store.publish_run(second, "ada").await.unwrap(), (0, 0, 14));
    let row = store.run(second).await.unwrap();
    assert_eq!((row.state, row.closed, open(&store).await.len()), (RunState::Complete, 14, 6));
    assert!(
        row.message.unwrap().starts_with("published by ada; it was doubted: stream offres: 6 usable records")
    );
    // A newer complete run knows better than an older one.
    let third = run(&store, &[], true, |_| ()).await;
    run(&store, &shows[..6], true, employers).await;
    assert!(store.publish_run(third, "ada").await.unwrap_err().to_string().contains("a newer run"));
    assert!(store.publish_run(second, "ada").await.unwrap_err().to_string().contains("published already"));
}

//! What closes with time: the last day to answer, and the day it ends.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Kind, Opportunity, OpportunityId, SourceSlug};
use store::Store;

use crate::support::opportunities::{fresh, noon, opportunity, origin};

/// Long before noon: no day of the tests has passed.
fn early() -> DateTime<Utc> {
    "2026-01-05T11:00:00Z".parse().unwrap()
}

/// A row of each kind for each pair of days: none, past at noon, the day before that, and far away.
fn rows() -> Vec<Opportunity> {
    let days: [Option<NaiveDate>; 4] =
        [None, "2026-11-18".parse().ok(), "2026-11-19".parse().ok(), "2099-01-01".parse().ok()];
    let source: SourceSlug = "fne".parse().unwrap();
    let base = opportunity("1", "Soudeur", None);
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        for closes_on in days {
            for ends_on in days {
                let external_id = format!("{kind} {closes_on:?} {ends_on:?}");
                let id = OpportunityId::of(&source, &external_id);
                rows.push(Opportunity { id, external_id, kind, closes_on, ends_on, ..base.clone() });
            }
        }
    }
    rows
}

async fn stand(store: &Store) -> Vec<(String, String, Option<String>)> {
    let sql = "SELECT external_id, status, closed_why FROM api.opportunities ORDER BY external_id";
    sqlx::query_as(sql).fetch_all(store.pool()).await.unwrap()
}

#[tokio::test]
async fn the_clock_closes_what_a_page_of_that_day_would_show_closed() {
    let (by_clock, by_page) = (fresh().await, fresh().await);
    assert_eq!(by_clock.load(&origin(early()), &rows()).await.unwrap().0, 64);
    assert!(stand(&by_clock).await.iter().all(|(_, status, _)| status == "open"), "nothing has passed yet");
    let closed = by_clock.close_by_date().await.unwrap();
    by_page.load(&origin(noon()), &rows()).await.unwrap();
    let stood = stand(&by_clock).await;
    assert_eq!(stood, stand(&by_page).await);
    let count = |why: Option<&str>| stood.iter().filter(|(.., of)| of.as_deref() == why).count();
    assert_eq!((count(Some("date")) + count(Some("ended"))) as u64, closed);
    assert_eq!((count(None), count(Some("date")), count(Some("ended"))), (20, 26, 18));
    for (id, expected) in [
        // A course that is over takes nobody, whatever its enrolment says. A program is open while it runs or its call is open.
        ("training Some(2099-01-01) Some(2026-11-18)", Some("ended")),
        ("training Some(2026-11-18) Some(2099-01-01)", Some("date")),
        ("agr Some(2099-01-01) Some(2026-11-18)", None),
        ("agr Some(2026-11-18) Some(2099-01-01)", None),
        ("agr Some(2026-11-18) Some(2026-11-19)", Some("ended")),
        ("agr Some(2026-11-19) Some(2026-11-18)", Some("date")),
        ("agr None Some(2026-11-19)", Some("ended")),
        ("job None None", None),
    ] {
        let why = stood.iter().find(|(known, ..)| known == id).map(|(.., why)| why.as_deref());
        assert_eq!(why, Some(expected), "{id}");
    }
}

#[tokio::test]
async fn what_has_ended_opens_again_with_a_new_end() {
    let store = fresh().await;
    let course = |ends: &str| Opportunity {
        kind: Kind::Training,
        ends_on: ends.parse().ok(),
        ..opportunity("1", "Formation en soudure", None)
    };
    let refreshed = |row: Opportunity| Opportunity { fingerprint: domain::Fingerprint::of(&row), ..row };
    store.load(&origin(noon()), &[refreshed(course("2026-11-19"))]).await.unwrap();
    assert_eq!(stand(&store).await[0].2.as_deref(), Some("ended"));
    assert_eq!(store.load(&origin(noon()), &[refreshed(course("2026-11-20"))]).await.unwrap(), (0, 1));
    assert_eq!(stand(&store).await[0].1, "open");
}

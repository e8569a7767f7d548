//! Adaptive revisits: a detail page is asked again only when its list record changed, when it is due, or when its absence must be
//! settled. What stands in the list counts as seen all the same.

use std::{collections::BTreeMap, fmt::Write as _};

use replay::{CannedResponse, MockServer};
use serde_json::Value;

use crate::support::{Held, Road, html, rows_of, with_partner};

const HOST: &str = "www.portail.cm";

const SPEC: &str = "name = 'Portail'
base_url = 'https://www.portail.cm'
rate = '200/s'
robots = false
[streams.offres]
kind = 'job'
format = 'html'
request = { path = '/offres' }
records = 'li'
[streams.offres.fields]
external_id = { css = 'a', attr = 'href', regex = '/offre/(\\d+)' }
title = 'a'
url = { css = 'a', attr = 'href' }
[streams.offres.detail]
link = 'a'
revisit = { least = '6h', most = '4d' }
[streams.offres.detail.fields]
title = 'h1'
description = 'p'
";

/// What the portal shows: for each post, what its list entry and its own page say. No page is a 404.
type Posts = BTreeMap<u32, (String, Option<String>)>;

fn posts(ids: std::ops::Range<u32>) -> Posts {
    let text = |id| format!("L'atelier {id} cherche un soudeur.");
    ids.map(|id| (id, (format!("Soudeur {id}"), Some(text(id))))).collect()
}

/// Serves the list, whose links end in `tail`, and the pages.
fn serve(replay: &MockServer, posts: &Posts, tail: &str) {
    replay.restore(HOST);
    let mut list = String::new();
    for (id, (title, text)) in posts {
        write!(list, "<li><a href=\"/offre/{id}{tail}\">{title}</a></li>").unwrap();
        let page = match text {
            Some(text) => html(&format!("<h1>Soudeur {id}</h1><p>{text}</p>")),
            None => CannedResponse { status: 404, headers: Vec::new(), body: Vec::new().into() },
        };
        replay.replace(HOST, &format!("/offre/{id}"), page);
    }
    replay.replace(HOST, "/offres", html(&list));
}

struct Portal {
    road: Road,
    replay: MockServer,
    store: Held,
    looked: usize,
}

impl Portal {
    async fn open() -> Self {
        let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
        let (road, replay) = with_partner("portail", SPEC, &behavior, &[]).await;
        let store = road.database.store().await;
        Self { road, replay, store, looked: 0 }
    }

    /// Ingests the portal. Returns its run, and the posts whose pages were asked.
    async fn ingest(&mut self, more: &[&str]) -> (Value, Vec<u32>) {
        let command = [&["ingest", "portail", "--output", "json"], more].concat();
        let run = self.road.bin(&command).run().await.expect(0).json()[0].clone();
        let arrivals = self.replay.arrivals();
        let asked =
            arrivals.iter().skip(self.looked).filter_map(|arrival| arrival.path.strip_prefix("/offre/"));
        let mut asked: Vec<u32> = asked.map(|path| path[..2].parse().unwrap()).collect();
        asked.sort_unstable();
        self.looked = arrivals.len();
        assert_eq!(run["state"], "complete", "{run}");
        (run, asked)
    }

    /// Makes the page of a post due.
    async fn due(&self, id: u32) {
        let changed = sqlx::query("UPDATE ingest.visits SET due_at = now() WHERE url LIKE $1")
            .bind(format!("%/offre/{id}"))
            .execute(self.store.pool())
            .await
            .unwrap();
        assert_eq!(changed.rows_affected(), 1);
    }

    /// Returns the hours between two visits to the page of a post.
    async fn hours(&self, id: u32) -> i64 {
        sqlx::query_scalar("SELECT (interval_seconds / 3600)::bigint FROM ingest.visits WHERE url LIKE $1")
            .bind(format!("%/offre/{id}"))
            .fetch_one(self.store.pool())
            .await
            .unwrap()
    }

    /// Returns the external ids of the open posts.
    async fn open_posts(&self) -> Vec<u32> {
        let rows = rows_of(&self.store).await;
        let open = rows.iter().filter(|row| row["status"] == "open");
        let mut ids: Vec<u32> =
            open.map(|row| row["external_id"].as_str().unwrap().parse().unwrap()).collect();
        ids.sort_unstable();
        ids
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_asked_again_when_its_list_record_changed_or_when_it_is_due() {
    let mut portal = Portal::open().await;
    let mut shown = posts(10..20);
    serve(&portal.replay, &shown, "");
    let (run, asked) = portal.ingest(&[]).await;
    assert_eq!((run["created"].as_u64(), asked.len()), (Some(10), 10));

    // Nothing changed, but for how visitors are counted: all of it is seen, and nothing is asked.
    for tail in ["", "?utm_source=liste", "?PHPSESSID=4f2a"] {
        serve(&portal.replay, &shown, tail);
        let (run, asked) = portal.ingest(&[]).await;
        assert_eq!(asked, [0; 0], "{tail}");
        assert_eq!((&run["unchanged"], &run["closed"]), (&10.into(), &0.into()), "{run}");
    }
    assert_eq!(portal.open_posts().await, (10..20).collect::<Vec<_>>());

    // The list says something else of one, one page is due and has changed, and one is due and has not.
    shown.insert(12, ("Soudeur 12 (urgent)".to_owned(), shown[&12].1.clone()));
    shown.insert(14, (shown[&14].0.clone(), Some("L'atelier ferme le lundi.".to_owned())));
    shown.insert(16, (shown[&16].0.clone(), Some("Personne ne le voit encore.".to_owned())));
    serve(&portal.replay, &shown, "");
    portal.due(14).await;
    portal.due(15).await;
    let (run, asked) = portal.ingest(&[]).await;
    assert_eq!(asked, [12, 14, 15]);
    assert_eq!((&run["changed"], &run["unchanged"]), (&1.into(), &9.into()), "{run}");
    assert_eq!((portal.hours(13).await, portal.hours(14).await, portal.hours(15).await), (24, 12, 48));
    // Within the bounds of the source file.
    for expected in [96, 96] {
        portal.due(15).await;
        portal.ingest(&[]).await;
        assert_eq!(portal.hours(15).await, expected);
    }
    // A full run asks for every page, and finds what was not due.
    let (run, asked) = portal.ingest(&["--full"]).await;
    assert_eq!((&run["changed"], asked.len()), (&1.into(), 10), "{run}");

    let told = portal.road.bin(&["runs", "show", run["id"].as_str().unwrap()]).run().await.expect(0).out;
    assert!(!told.contains("not due"), "{told}");
    let (run, _) = portal.ingest(&[]).await;
    let told = portal.road.bin(&["runs", "show", run["id"].as_str().unwrap()]).run().await.expect(0).out;
    assert!(told.contains("not due   10 detail pages"), "{told}");
    let told = portal.road.bin(&["sources", "show", "portail"]).run().await.expect(0).out;
    assert!(told.contains("details    10 pages known, 0 due, the next one in "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn absence_is_settled_by_asking_and_a_page_that_is_gone_is_asked_until_it_closes() {
    let mut portal = Portal::open().await;
    let all = posts(10..20);
    serve(&portal.replay, &all, "");
    portal.ingest(&[]).await;
    // The list lacks one. It closes once that is proven, and its return is settled by its page.
    let mut fewer = all.clone();
    fewer.remove(&17);
    serve(&portal.replay, &fewer, "");
    let (run, asked) = portal.ingest(&[]).await;
    assert_eq!((&run["closed"], asked), (&1.into(), vec![]), "{run}");
    serve(&portal.replay, &all, "");
    let (_, asked) = portal.ingest(&[]).await;
    assert_eq!(asked, [17]);
    assert_eq!(portal.open_posts().await.len(), 10);

    // A page that is due is gone: a second run must find that too, whatever its list shows.
    let mut gone = all.clone();
    gone.insert(13, (all[&13].0.clone(), None));
    serve(&portal.replay, &gone, "");
    portal.due(13).await;
    let (run, asked) = portal.ingest(&[]).await;
    assert_eq!((&run["closed"], asked), (&0.into(), vec![13]), "{run}");
    let (run, asked) = portal.ingest(&[]).await;
    assert_eq!((&run["closed"], asked), (&1.into(), vec![13]), "{run}");
    // It is back.
    serve(&portal.replay, &all, "");
    let (_, asked) = portal.ingest(&[]).await;
    assert_eq!(asked, [13]);
    assert_eq!(portal.open_posts().await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_found_counts_only_once_it_is_published() {
    let mut portal = Portal::open().await;
    let mut shown = posts(10..20);
    serve(&portal.replay, &shown, "");
    portal.ingest(&[]).await;
    shown.insert(11, (shown[&11].0.clone(), Some("Un autre atelier.".to_owned())));
    serve(&portal.replay, &shown, "");
    portal.due(11).await;
    let (run, _) = portal.ingest(&[]).await;
    assert_eq!(run["changed"], 1, "{run}");
    portal.road.bin(&["runs", "revert", run["id"].as_str().unwrap()]).run().await.expect(0);
    // What the reverted run found is not served: every page that it asked, or that stood in it, is looked at again.
    let (run, asked) = portal.ingest(&[]).await;
    assert_eq!(asked, [11]);
    assert_eq!(run["changed"], 1, "{run}");
    // Another source file reads the same answers: no page is asked for it.
    portal.road.put("specs/portail.toml", SPEC.replace("description = 'p'", "description = 'h1'"));
    let (run, asked) = portal.ingest(&[]).await;
    assert_eq!(asked, [0; 0]);
    assert_eq!(run["changed"], 10, "{run}");
}

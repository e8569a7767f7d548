//! A crash of PostgreSQL during staging. The staging table is unlogged, so it is empty afterwards. Its rows are parsed again from
//! the archive, without a visit.

use rustix::process::Signal;

use super::{
    state::{State, assert_same},
    work::{Work, all_complete, hurry, is_done},
};
use crate::support::{
    Private,
    portals::{
        Portals,
        site::Day,
        world::{Format, Shape, World},
    },
};

/// Lists of several pages. The third page is late.
fn shapes() -> [Shape; 2] {
    [Shape::new(Format::Json, 120, true, 91), Shape::new(Format::Xml, 120, false, 92)]
}

/// The third page of each list.
const THIRD: [&str; 2] = ["/offres?page=3", "/flux?nombre=40&debut=80"];

/// Returns how many pages are staged, and how many rows they have staged.
async fn staged(work: &Work<'_>) -> (i64, i64) {
    // Each connection that the crash has broken fails once.
    for _ in 0..20 {
        let found = sqlx::query_as(
            "SELECT (SELECT count(*) FROM ingest.pages WHERE staged > 0), (SELECT count(*) FROM ingest.staged)",
        )
        .fetch_one(work.store.pool())
        .await;
        if let Ok(found) = found {
            return found;
        }
    }
    panic!("the database does not answer")
}

/// Returns the requests for a target.
fn requests(portals: &Portals, target: &str) -> usize {
    portals.replay.arrivals().iter().filter(|arrival| arrival.path == target).count()
}

/// Runs two days. On the second, this signal kills PostgreSQL once two pages of each list are staged; the worker survives.
async fn two_days(crash: Option<Signal>) -> State {
    let mut server = Private::start().await;
    let shapes = shapes();
    let portals = Portals::on(server.database().await, &shapes, None).await;
    portals.road.bin(&["migrate"]).run().await.expect(0);
    let mut worlds = shapes.each_ref().map(|shape| World::new(shape, 5));
    let mut work = Work::on(&portals).await;
    for day in 0..2 {
        for (shape, world) in shapes.iter().zip(&mut worlds) {
            if day > 0 {
                world.pass(3, 6);
                world.edit();
            }
            portals.show(shape, &Day::of(world.rows()));
            work.request(&shape.slug, "full").await;
        }
        if day == 0 {
            work.finish().await;
        }
    }
    for (shape, third) in shapes.iter().zip(THIRD) {
        portals.answer(shape, third, 503);
    }
    work.start(None);
    work.until("the pages before are staged", async |store| {
        let pages = sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM ingest.pages p JOIN ingest.runs r ON r.id = p.run WHERE r.state = 'running' AND p.state = 'read'",
        );
        pages.fetch_one(store.pool()).await.unwrap() == 4
    })
    .await;
    let before = THIRD.map(|third| third.replace("page=3", "page=2").replace("debut=80", "debut=40"));
    let visits = before.each_ref().map(|target| requests(&portals, target));
    let (pages, rows) = staged(&work).await;
    assert!(pages > 0 && rows > 0, "nothing was staged");
    if let Some(signal) = crash {
        server.crash(signal);
        server.recover().await;
        assert_eq!(staged(&work).await, (pages, 0), "the crash took nothing");
    }
    for (shape, world) in shapes.iter().zip(&worlds) {
        portals.show(shape, &Day::of(world.rows()));
    }
    // The worker has survived, or the next one continues. A request that was under way may fail once more.
    work.until("all work is done", async |store| {
        hurry(store).await;
        is_done(store).await
    })
    .await;
    assert!(all_complete(&work.store).await, "{:?}", work.store.runs(None, 10).await.unwrap());
    work.kill();
    assert_eq!(
        before.each_ref().map(|target| requests(&portals, target)),
        visits,
        "a page was fetched again"
    );
    work.state().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_database_costs_a_second_parsing_and_no_visit() {
    let expected = two_days(None).await;
    for signal in [Signal::QUIT, Signal::KILL] {
        assert_same(&expected, &two_days(Some(signal)).await, &format!("PostgreSQL died by {signal:?}"));
    }
}

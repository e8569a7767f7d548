//! Ordinary weeks: what happens at every portal now and then must not hold a run.

use super::verdict::{Verdict, ids, judge};
use crate::support::{
    Database,
    portals::{
        Portals,
        site::Day,
        world::{Format, Shape, World},
    },
    wait_until,
};

/// The number of days.
const DAYS: usize = 20;
/// Days on which nothing new comes.
const WEEKENDS: [usize; 6] = [5, 6, 12, 13, 19, 20];
/// The day on which the partner corrects something.
const EDITS: [usize; 4] = [3, 9, 11, 16];
/// The day on which a value comes that no record had.
const NEW_VALUE: usize = 14;
/// The day on which one page fails once, and the second attempt succeeds.
const HICCUP: usize = 4;
/// The day on which the page of one record is missing.
const NOT_FOUND: usize = 8;
/// The day on which three in ten records close.
const MONTH_END: usize = 10;

/// Returns twelve sources: each format in three sizes.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for (at, format) in Format::ALL.into_iter().enumerate() {
        for (size, is_varied) in [(12, at % 2 == 0), (40, at % 2 == 1), (120, true)] {
            let number = 30 + u32::try_from(shapes.len()).unwrap();
            shapes.push(Shape::new(format, size, is_varied, number));
        }
    }
    shapes
}

/// Changes the world for this day.
fn pass(world: &mut World, shape: &Shape, day: usize) {
    let gone = world.gone();
    match day {
        1 => (),
        MONTH_END => world.pass(shape.size * 3 / 10, gone),
        _ if WEEKENDS.contains(&day) => world.pass(gone / 2, 0),
        _ => world.pass(gone, gone.max(shape.size * 6 / 100)),
    }
    if EDITS.contains(&day) {
        world.edit();
    }
    if day == NEW_VALUE {
        world.new_value();
    }
}

/// Returns the second page of the list, or the only one.
fn second_page(shape: &Shape) -> String {
    match shape.format {
        Format::Html | Format::Json if shape.size > shape.per_page => "/offres?page=2".to_owned(),
        Format::Html | Format::Json => "/offres?page=1".to_owned(),
        Format::Csv => "/export.csv".to_owned(),
        Format::Xml if shape.size > shape.per_page => format!("/flux?nombre={0}&debut={0}", shape.per_page),
        Format::Xml => format!("/flux?nombre={}&debut=0", shape.per_page),
    }
}

/// Lets one page of each source answer 503 to its first request.
async fn heal(portals: &Portals, shown: &[(&Shape, Day)]) {
    let targets: Vec<(&Shape, String)> =
        shown.iter().map(|(shape, _)| (*shape, second_page(shape))).collect();
    let mut is_healed = vec![false; shown.len()];
    wait_until("each page was asked for once", async || {
        let arrivals = portals.replay.arrivals();
        for (at, (shape, target)) in targets.iter().enumerate() {
            let met = |status| {
                let host = shape.host();
                arrivals
                    .iter()
                    .any(|one| one.host == host && one.path.starts_with(target) && one.status == status)
            };
            if !is_healed[at] && met(503) {
                portals.show(shape, &shown[at].1);
                is_healed[at] = true;
            }
        }
        is_healed.iter().all(|is_healed| *is_healed)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_days_are_published_without_a_word() {
    let portals = Portals::on(Database::new().await, &shapes(), None).await;
    let sources: Vec<&Shape> = portals.shapes.iter().collect();
    let mut worlds: Vec<World> = sources.iter().map(|shape| World::new(shape, 7)).collect();
    let mut verdicts = Vec::new();
    for day in 1..=DAYS {
        let mut shown = Vec::new();
        for (shape, world) in sources.iter().zip(&mut worlds) {
            pass(world, shape, day);
            shown.push((*shape, Day::of(world.rows())));
            portals.show(shape, &shown.last().unwrap().1);
            if day == HICCUP {
                portals.answer(shape, &second_page(shape), 503);
            }
            if day == NOT_FOUND && shape.has_details {
                portals.answer(shape, &format!("/offre/{}", world.rows()[0].id), 404);
            }
        }
        let runs = if day == HICCUP {
            tokio::join!(portals.ingest(&sources), heal(&portals, &shown)).0
        } else {
            portals.ingest(&sources).await
        };
        for (shape, _) in &shown {
            let run = &runs[&shape.slug];
            let mut verdict = Verdict::new(&format!("quiet day {day}"), shape, run);
            let may_be_partial = day == NOT_FOUND && shape.has_details;
            if run.state != "complete" && !(may_be_partial && run.state == "partial") {
                verdict.faults.push(format!("expected complete, seen {}", run.state));
            }
            verdicts.push(verdict);
        }
    }
    // The last day is repeated twice: what is gone may need two walks that prove it.
    portals.ingest(&sources).await;
    portals.ingest(&sources).await;
    let served = portals.served().await;
    for (shape, world) in sources.iter().zip(&worlds) {
        let rows = &served[&shape.slug];
        let verdict = verdicts.iter_mut().rfind(|verdict| verdict.source == shape.slug).unwrap();
        let open: Vec<&str> =
            rows.iter().filter(|(_, row)| row["status"] == "open").map(|(id, _)| id.as_str()).collect();
        if open != ids(world.rows()).into_iter().collect::<Vec<_>>() {
            verdict.faults.push(format!("expected {} open rows, seen {}", world.rows().len(), open.len()));
        }
        for row in world.rows() {
            if rows.get(&row.id).is_none_or(|seen| seen["title"] != row.title.as_str()) {
                verdict.faults.push(format!(
                    "expected {} {:?}, seen {:?}",
                    row.id,
                    row.title,
                    rows.get(&row.id)
                ));
            }
        }
    }
    judge(&verdicts);
}

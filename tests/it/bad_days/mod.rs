//! Bad days of sources do not reach what is served, and quiet days pass.
//!
//! The tests follow the rules and know nothing of the audit. An implausible run is held, and nothing that is served changes. A run
//! whose ending proves nothing is partial: it may publish what is true, and closes nothing. The next good day is published.
//!
//! `BAD_DAY="8b" cargo test -p it --test it no_bad_day` tries the kinds whose name contains that text.

mod kinds;
mod quiet;
mod verdict;

use std::collections::BTreeMap;

use futures::StreamExt as _;

use self::{
    kinds::{Kind, Past},
    verdict::{Verdict, differences, ids, judge},
};
use crate::support::{
    Database,
    portals::{
        Portals, Served,
        site::Day,
        world::{Format, Row, Shape, World},
    },
};

/// The number of good days before the bad one.
const GOOD_DAYS: usize = 10;
/// The number of kinds that are tried in parallel. Each waits a part of its time.
const AT_ONCE: usize = 3;
/// The number of walks on the good day after. What is gone may need two walks that prove it.
const WALKS: usize = 3;

/// Sources after ten good days, and what each really offers on these days, the bad day and the day after.
struct History {
    portals: Portals,
    days: BTreeMap<String, Vec<Vec<Row>>>,
    /// What is served and what is embedded before the bad day.
    evening: [Served; 2],
}

/// Returns sources in each format, small and large, with few values and with many.
fn shapes() -> Vec<Shape> {
    let mut shapes = Vec::new();
    for format in Format::ALL {
        for size in [12, 120] {
            for is_varied in [false, true] {
                let number = 10 + u32::try_from(shapes.len()).unwrap();
                shapes.push(Shape::new(format, size, is_varied, number));
            }
        }
    }
    shapes
}

impl History {
    async fn load() -> Self {
        let portals = Portals::on(Database::new().await, &shapes(), None).await;
        let mut days = BTreeMap::new();
        for shape in &portals.shapes {
            let mut world = World::new(shape, 2026);
            let mut shown = vec![world.rows().to_vec()];
            for _ in 1..GOOD_DAYS + 2 {
                world.next_day();
                shown.push(world.rows().to_vec());
            }
            days.insert(shape.slug.clone(), shown);
        }
        let mut history = Self { portals, days, evening: [Served::new(), Served::new()] };
        for day in 0..GOOD_DAYS {
            history.good_day(&history.portals, day).await;
        }
        history.evening = [history.portals.served().await, history.portals.embedded().await];
        history
    }

    /// Runs a true day, which all sources complete.
    async fn good_day(&self, portals: &Portals, day: usize) {
        for shape in &portals.shapes {
            portals.show(shape, &Day::of(&self.days[&shape.slug][day]));
        }
        let sources: Vec<&Shape> = portals.shapes.iter().collect();
        for (source, run) in portals.ingest(&sources).await {
            assert_eq!(run.state, "complete", "good day {} of {source}: {}", day + 1, run.message);
        }
    }

    /// Returns what is served if the bad day does not happen.
    async fn without_it(&self) -> Served {
        let portals = self.portals.copy().await;
        for _ in 0..WALKS {
            self.good_day(&portals, GOOD_DAYS + 1).await;
        }
        let served = portals.served().await;
        for (source, rows) in &served {
            let truth = &self.days[source][GOOD_DAYS + 1];
            let open = rows.iter().filter(|(_, row)| row["status"] == "open").map(|(id, _)| id.as_str());
            assert_eq!(
                open.collect::<std::collections::BTreeSet<_>>(),
                ids(truth),
                "{source}: not what it offers"
            );
            for row in truth {
                let told =
                    [&rows[&row.id]["title"], &rows[&row.id]["organization"], &rows[&row.id]["closes_on"]];
                let closes = row.closes.unwrap().to_string();
                assert_eq!(
                    told,
                    [row.title.as_str(), row.employer.as_str(), closes.as_str()],
                    "{source} {}",
                    row.id
                );
            }
        }
        served
    }

    /// Runs a bad day of this kind, and the good day after it.
    async fn bad_day(&self, kind: &Kind, without_it: &Served) -> Vec<Verdict> {
        let portals = self.portals.copy().await;
        let sources: Vec<&Shape> =
            portals.shapes.iter().filter(|shape| kind.formats.contains(&shape.format)).collect();
        for shape in &sources {
            let past = Past { shape, days: &self.days[&shape.slug][..=GOOD_DAYS] };
            portals.show(shape, &kind.day(&past));
        }
        let runs = portals.ingest(&sources).await;
        let seen = [portals.served().await, portals.embedded().await];
        let mut verdicts: Vec<Verdict> = Vec::new();
        for shape in &sources {
            let (slug, truth) = (&shape.slug, &self.days[&shape.slug][GOOD_DAYS]);
            let mut verdict = Verdict::bad(kind, shape, &runs[slug]);
            for (at, what) in ["served", "embedded"].into_iter().enumerate() {
                verdict.keeps(kind, what, &self.evening[at][slug], &seen[at][slug], truth);
            }
            verdicts.push(verdict);
        }
        self.good_days_after(&portals, &sources, &mut verdicts, without_it).await;
        verdicts
    }

    /// Runs the good day after, until what is gone is closed.
    async fn good_days_after(
        &self,
        portals: &Portals,
        sources: &[&Shape],
        verdicts: &mut [Verdict],
        without_it: &Served,
    ) {
        for shape in sources {
            portals.show(shape, &Day::of(&self.days[&shape.slug][GOOD_DAYS + 1]));
        }
        for walk in 1..=WALKS {
            let (runs, seen) = (portals.ingest(sources).await, portals.served().await);
            let mut is_settled = true;
            for verdict in verdicts.iter_mut() {
                let slug = verdict.source.clone();
                let (expected, seen) = (&without_it[&slug], &seen[&slug]);
                if walk == 1 {
                    verdict.recovers(&runs[&slug], expected, seen, &self.days[&slug][GOOD_DAYS + 1]);
                }
                // The first walk shows damage. The later ones show whether what is gone is closed.
                if let Some(what) = differences(expected, seen, |_| verdict.faults.is_empty()) {
                    is_settled = false;
                    if walk == WALKS {
                        verdict.faults.push(format!("{WALKS} walks later: expected the truth, seen {what}"));
                    }
                }
            }
            if is_settled {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bad_day_reaches_what_is_served() {
    let history = History::load().await;
    let without_it = history.without_it().await;
    let kinds = kinds::all();
    let only = std::env::var("BAD_DAY").unwrap_or_default();
    let kinds = kinds.iter().filter(|kind| kind.name.contains(&only));
    let tried = kinds.map(|kind| history.bad_day(kind, &without_it)).collect::<Vec<_>>();
    assert!(!tried.is_empty(), "there is no kind of bad day named {only}");
    let verdicts: Vec<Vec<Verdict>> = futures::stream::iter(tried).buffered(AT_ONCE).collect().await;
    judge(&verdicts.into_iter().flatten().collect::<Vec<_>>());
}

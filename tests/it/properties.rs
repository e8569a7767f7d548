//! What holds for any input: publishing the same twice changes nothing, a revert restores, a replay equals the ingest.
//!
//! Inputs are generated from a seed, which a failure prints; `OIM_SEED` sets another.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use domain::{Draft, Kind, Opportunity, RunId, StreamName};
use fastrand::Rng;
use normalize::{Context, normalize};
use replay::CannedResponse;
use serde_json::{Value, json};
use store::{Origin, Store};
use uuid::Uuid;

use crate::support::{
    Database,
    opportunities::{fresh, noon},
    portals::{
        Portals, Served,
        site::{Day, answers},
        world::{Format, Shape, World},
    },
};

fn seed() -> u64 {
    std::env::var("OIM_SEED").ok().map_or(20_261_127, |seed| seed.parse().unwrap())
}

/// Texts that are hard to transfer: quotes, tabs, line ends, backslashes, braces, other scripts, nothing.
const WORDS: [&str; 24] = [
    "Soudeur",
    "à l'arc",
    "\\N",
    "\\",
    "\t",
    "a\tb",
    "\n\n",
    "\"",
    "{x,\"y\"}",
    "NULL",
    "{}",
    "\u{0}",
    "\u{1}",
    "\u{feff}",
    "é\u{301}",
    "عربي",
    "日本",
    "🔧",
    "<b>gras</b>",
    "&amp;",
    "1 000",
    "150 000 FCFA",
    " ",
    "",
];

fn words(rng: &mut Rng) -> String {
    (0..rng.usize(0..5)).map(|_| WORDS[rng.usize(0..WORDS.len())]).collect::<Vec<_>>().join(" ")
}

fn any<'a>(rng: &mut Rng, of: &[&'a str]) -> &'a str {
    of[rng.usize(0..of.len())]
}

/// Returns a draft of random words. Most drafts become opportunities.
fn draft(rng: &mut Rng, id: usize) -> Draft {
    let kind = [Kind::Job, Kind::Training, Kind::Agr, Kind::Microfinance][rng.usize(0..4)];
    let mut draft = Draft::new(kind, json!({ "id": id }));
    draft.external_id = Some(id.to_string());
    draft.title = Some(format!("Poste {} {}", rng.u32(0..1_000), words(rng)));
    draft.place =
        Some(any(rng, &["Douala", "Yaoundé & Douala", "Littoral", "Garoua, Nord", "CM-OU"]).to_owned());
    for (name, texts) in [
        ("salary", &["150 000 - 250 000 FCFA / mois", "2 000 000 F CFA maximum", "à négocier", "0", ""][..]),
        ("interest", &["1,5 - 2 % par mois + TAF (10 %)", "9,5 % par an", "?", ""]),
        ("fees", &["1 % + 5 000 FCFA", "gratuit", ""]),
        ("duration", &["6 - 36 mois", "1 an et demi", ""]),
        ("contract", &["CDI", "CDD & Stage", "x", ""]),
        ("starts_at", &["15/01/2027", "2027-02-30", ""]),
        ("closes_at", &["2099-12-31", "2026-11-01", ""]),
        ("posted_at", &["01/10/2026", "il y a 3 jours", ""]),
        ("positions", &["3", "trois", "99999999999", ""]),
        ("education", &["BAC+2", "CAP", ""]),
        ("language", &["fr", "bilingue", ""]),
        ("status", &["open", "pourvue", ""]),
    ] {
        *draft.field_mut(name).unwrap() = Some(any(rng, texts).to_owned()).filter(|_| rng.bool());
    }
    for name in ["organization", "description", "experience", "sector"] {
        *draft.field_mut(name).unwrap() = Some(words(rng)).filter(|_| rng.bool());
    }
    draft
}

fn opportunities(rng: &mut Rng, ids: std::ops::Range<usize>, has_digest: bool) -> Vec<Opportunity> {
    let context = Context {
        source: "fne".parse().unwrap(),
        stream: StreamName::new("offres").unwrap(),
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: noon(),
    };
    let ids: Vec<usize> = ids.filter(|_| rng.f64() < 0.9).collect();
    let drafts: Vec<Draft> = ids.into_iter().map(|id| draft(rng, id)).collect();
    let rows = drafts.into_iter().filter_map(|draft| {
        let digest = draft.digest("v1", noon().date_naive());
        let row = normalize(draft, &context).ok()?;
        Some(Opportunity { draft: has_digest.then_some(digest), ..row })
    });
    rows.collect()
}

/// Returns all rows with their versions, the history, the outbox and the match requests.
async fn versions(store: &Store) -> Value {
    let sql = "SELECT jsonb_build_array(
        (SELECT jsonb_agg(jsonb_build_array(o.external_id, o.xmin::text, o.ctid::text) ORDER BY o.source, o.external_id) FROM ingest.opportunities o),
        (SELECT count(*) FROM ingest.changes),
        (SELECT jsonb_agg(jsonb_build_array(b.opportunity, b.version) ORDER BY b.opportunity) FROM ingest.outbox b),
        (SELECT jsonb_agg(jsonb_build_array(m.version, m.opportunities) ORDER BY m.version) FROM ingest.to_match m),
        (SELECT jsonb_agg(jsonb_build_array(e.opportunity, e.embedded_at) ORDER BY e.opportunity) FROM ingest.embeddings e))";
    sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn publishing_the_same_rows_twice_changes_nothing() {
    let (seed, store) = (seed(), fresh().await);
    let mut rng = Rng::with_seed(seed);
    let mut published = 0;
    for round in 0..40 {
        let rows = opportunities(&mut rng, 0..30, round % 2 == 1);
        let at = noon() + TimeDelta::hours(round);
        let from = |at| Origin {
            run: RunId::from(Uuid::now_v7()),
            page: None,
            fetched_at: at,
            replaces_newer: false,
        };
        let (created, changed) = store.load(&from(at), &rows).await.unwrap();
        published += created + changed;
        let before = versions(&store).await;
        let again = store.load(&from(at + TimeDelta::minutes(1)), &rows).await.unwrap();
        assert_eq!(again, (0, 0), "seed {seed}, round {round}");
        assert_eq!(versions(&store).await, before, "seed {seed}, round {round}");
    }
    assert!(published > 600, "{published} rows published: the generator has become too narrow");
}

/// Sources in every format, two of each.
fn shapes() -> Vec<Shape> {
    let formats = Format::ALL.into_iter().flat_map(|format| [(format, true), (format, false)]);
    formats.zip(41..).map(|((format, is_varied), number)| Shape::new(format, 30, is_varied, number)).collect()
}

/// Sources whose days follow from a seed.
struct Road {
    portals: Portals,
    worlds: Vec<World>,
}

impl Road {
    async fn new(seed: u64) -> Self {
        let shapes = shapes();
        let portals = Portals::on(Database::new().await, &shapes, None).await;
        let worlds = shapes.iter().map(|shape| World::new(shape, seed)).collect();
        let road = Self { portals, worlds };
        road.show();
        road.ingest().await;
        road
    }

    fn show(&self) {
        for (shape, world) in self.portals.shapes.iter().zip(&self.worlds) {
            self.portals.show(shape, &Day::of(world.rows()));
        }
    }

    fn next_day(&mut self) {
        for world in &mut self.worlds {
            world.edit();
            world.edit();
            world.pass(1, 2);
        }
        self.show();
    }

    async fn ingest(&self) {
        let sources: Vec<&Shape> = self.portals.shapes.iter().collect();
        for (source, run) in self.portals.ingest(&sources).await {
            assert_eq!(run.state, "complete", "{source}: {}", run.message);
        }
    }

    /// Returns all rows by source and id, without the columns for times, runs and missing walks.
    async fn rows(&self) -> BTreeMap<(String, String), Value> {
        let store = self.portals.road.database.store().await;
        let rows: Vec<(String, String, Value)> = sqlx::query_as(
            "SELECT source, external_id, to_jsonb(o) - '{updated_at,changed_run,missed_by}'::text[] FROM ingest.opportunities o",
        )
        .fetch_all(store.pool())
        .await
        .unwrap();
        rows.into_iter().map(|(source, id, row)| ((source, id), row)).collect()
    }

    /// Returns what is served of the records of the day. Closing what the day does not show may take two walks.
    async fn shown(&self) -> Served {
        let mut served = self.portals.served().await;
        for (shape, world) in self.portals.shapes.iter().zip(&self.worlds) {
            let rows = served.get_mut(&shape.slug).unwrap();
            rows.retain(|id, _| world.rows().iter().any(|row| row.id == *id));
            assert_eq!(rows.len(), world.rows().len(), "{}", shape.slug);
        }
        served
    }

    /// Reverts the newest run of every source.
    async fn revert(&self) {
        let store = self.portals.road.database.store().await;
        for shape in &self.portals.shapes {
            let run = store.runs(Some(&shape.slug.parse().unwrap()), 1).await.unwrap()[0].id;
            self.portals.road.bin(&["runs", "revert", &run.to_string()]).run().await.expect(0);
        }
    }
}

/// Returns the rows in which two states differ.
fn differ(left: &Served, right: &Served) -> Vec<String> {
    let mut lines = Vec::new();
    for (source, rows) in left {
        let other = &right[source];
        let ids: BTreeSet<&String> = rows.keys().chain(other.keys()).collect();
        for id in ids.into_iter().filter(|id| rows.get(*id) != other.get(*id)) {
            lines.push(format!("{source} {id}: {:?} and {:?}", rows.get(id), other.get(id)));
        }
    }
    lines.truncate(3);
    lines
}

/// Returns the open rows of what is served.
fn open(served: &Served) -> Served {
    let open = |rows: &BTreeMap<String, Value>| {
        rows.iter()
            .filter(|(_, row)| row["status"] == "open")
            .map(|(id, row)| (id.clone(), row.clone()))
            .collect()
    };
    served.iter().map(|(source, rows)| (source.clone(), open(rows))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ingesting_the_same_day_again_changes_nothing() {
    let mut road = Road::new(seed()).await;
    for _ in 0..2 {
        road.next_day();
        // In a list that may shift, the second walk closes what is missing.
        road.ingest().await;
        road.ingest().await;
        let store = road.portals.road.database.store().await;
        let before = versions(&store).await;
        road.ingest().await;
        assert_eq!(versions(&store).await, before, "seed {}", seed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_restores_every_column_and_the_next_run_brings_the_day_back() {
    let mut road = Road::new(seed()).await;
    for day in 0..3 {
        // A page with the same bytes was parsed before, but by a run that was reverted.
        road.next_day();
        let before = road.rows().await;
        road.ingest().await;
        let (after, served) = (road.rows().await, road.shown().await);
        assert_ne!(before, after);
        road.revert().await;
        for (key, row) in road.rows().await {
            match before.get(&key) {
                Some(was) => assert_eq!(row, *was, "seed {}, day {day}, {key:?}", seed()),
                None => assert_eq!(
                    (&row["status"], &row["closed_why"]),
                    (&json!("closed"), &json!("reverted")),
                    "{key:?}"
                ),
            }
        }
        road.ingest().await;
        let lost = differ(&served, &road.shown().await);
        assert!(lost.is_empty(), "seed {}, day {day}: the same bytes bring other rows: {lost:#?}", seed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_modified_is_read_again_after_a_revert() {
    let mut road = Road::new(seed()).await;
    road.next_day();
    let tag = |road: &Road, status: u16| {
        for (shape, world) in road.portals.shapes.iter().zip(&road.worlds) {
            for (target, mut answer) in answers(shape, &Day::of(world.rows())) {
                answer.headers.push(("etag".to_owned(), format!("\"{target}\"")));
                if status == 304 {
                    answer = CannedResponse { status, body: "".into(), ..answer };
                }
                road.portals.replay.replace(&shape.host(), &target, answer);
            }
        }
    };
    tag(&road, 200);
    road.ingest().await;
    let served = open(&road.portals.served().await);
    road.revert().await;
    assert_ne!(open(&road.portals.served().await), served);
    tag(&road, 304);
    road.ingest().await;
    assert!(
        road.portals.replay.arrivals().iter().any(|arrival| arrival.status == 304),
        "nothing was asked with a validator"
    );
    let lost = differ(&served, &open(&road.portals.served().await));
    assert!(lost.is_empty(), "seed {}: {lost:#?}", seed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_the_archive_serves_what_the_ingest_served() {
    let mut road = Road::new(seed()).await;
    for _ in 0..3 {
        road.next_day();
        road.ingest().await;
        road.ingest().await;
    }
    let served = open(&road.portals.served().await);
    let copy = road.portals.copy().await;
    let store = copy.road.database.store().await;
    for table in ["ingest.opportunities CASCADE", "ingest.outbox", "ingest.to_match"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("TRUNCATE {table}"))).execute(store.pool()).await.unwrap();
    }
    for shape in &copy.shapes {
        let ended = copy.road.bin(&["replay", &shape.slug]).run().await;
        assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    }
    let replayed = open(&copy.served().await);
    let lost = differ(&served, &replayed);
    assert!(lost.is_empty(), "seed {}: {lost:#?}", seed());
    assert_eq!(copy.replay.arrivals().len(), 0, "a partner was visited");
}

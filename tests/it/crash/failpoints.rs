//! A worker dies before and after each step of a run, and the next one continues.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use replay::CannedResponse;
use store::{Store, failpoint::Step};

use super::{
    state::{State, assert_same},
    work::{Work, is_done},
};
use crate::support::{
    Database, Qdrant,
    portals::{
        Portals,
        site::{Day, answers},
        world::{Format, Shape, World},
    },
    wait_until,
};

/// What happens when the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scenario {
    /// A whole walk with new, changed, gone and closed records, which have pages of their own.
    Day,
    /// The same lists, unchanged since their last visit: 304.
    Unmodified,
    /// A file of several parts.
    Large,
    /// A walk whose third page is late, with a checkpoint meanwhile.
    Checkpoint,
    /// The same, but the staged rows are lost.
    LostRows,
    /// A replay of the archive.
    Replay,
    /// An operator's decisions.
    Publish,
    Discard,
    Revert,
    /// A command fills the index of another model, and lets it be served.
    Rebuild,
}

/// Returns the scenario that reaches a step. A new step needs a line here.
fn scenario(step: Step) -> Scenario {
    match step {
        Step::RegisterSources
        | Step::RegisterTarget
        | Step::Reap
        | Step::CloseByDate
        | Step::ArchiveAnswer
        | Step::EnterListPage
        | Step::DetailGone
        | Step::EndCrawl
        | Step::StageRows
        | Step::CommitPage
        | Step::StartClosing
        | Step::PublishRows
        | Step::CloseMissing
        | Step::MoveCursors
        | Step::EndRun
        | Step::WriteLedger
        | Step::EndEmbedding
        | Step::WriteClusters
        | Step::EndMatching => Scenario::Day,
        Step::EnterDetail => Scenario::Unmodified,
        Step::CommitPart | Step::Believe | Step::PublishBatch => Scenario::Large,
        Step::PublishNew => Scenario::Checkpoint,
        Step::ParseAgain => Scenario::LostRows,
        Step::CopyArchive => Scenario::Replay,
        Step::PublishHeld => Scenario::Publish,
        Step::DiscardHeld => Scenario::Discard,
        Step::Revert => Scenario::Revert,
        Step::KeepTarget
        | Step::RequestPoints
        | Step::KeepVectors
        | Step::WritePoints
        | Step::Serve
        | Step::MoveAlias => Scenario::Rebuild,
    }
}

/// Whether a step of a rebuild is played on a server, because it matters there.
fn is_on_server(step: Step) -> bool {
    matches!(step, Step::WritePoints | Step::Serve | Step::MoveAlias)
}

/// The number of scenarios that run in parallel. Each waits a part of its time.
const AT_ONCE: usize = 3;
/// The longest time of a scenario. A bound against hanging: it measures nothing, and a busy machine stays far below it.
const PATIENCE: Duration = Duration::from_mins(10);
/// The time in which an idle worker reaches the steps of its start, on a busy machine too.
const UNREACHED: Duration = Duration::from_mins(3);

fn list() -> Shape {
    Shape::new(Format::Json, 120, true, 61)
}

fn details() -> Shape {
    Shape::new(Format::Html, 12, true, 62)
}

/// The third page of the list.
const THIRD: &str = "/offres?page=3";

/// Two sources after a first day, their second day, and a second day on which every employer is the portal.
struct Evening {
    portals: Portals,
    first: BTreeMap<String, Day>,
    next: BTreeMap<String, Day>,
}

impl Evening {
    async fn load() -> Self {
        let shapes = [list(), details()];
        let portals = Portals::on(Database::new().await, &shapes, None).await;
        let (mut first, mut next) = (BTreeMap::new(), BTreeMap::new());
        for shape in &shapes {
            let mut world = World::new(shape, 3);
            first.insert(shape.slug.clone(), Day::of(world.rows()));
            portals.show(shape, &first[&shape.slug]);
            world.pass(2, 3);
            world.edit();
            next.insert(shape.slug.clone(), Day::of(world.rows()));
        }
        let evening = Self { portals, first, next };
        evening.tagged(&evening.portals, 200);
        for (source, run) in evening.portals.ingest(&shapes.iter().collect::<Vec<_>>()).await {
            assert_eq!(run.state, "complete", "{source}: {}", run.message);
        }
        evening
    }

    /// Gives the answers of the first day validators: those of status 200 with their pages, those of 304 without.
    fn tagged(&self, portals: &Portals, status: u16) {
        for (target, mut answer) in answers(&details(), &self.first[&details().slug]) {
            if target.starts_with("/offre/") {
                answer.headers.push(("etag".to_owned(), format!("\"{target}\"")));
                if status == 304 {
                    answer = CannedResponse { status, body: "".into(), ..answer };
                }
                portals.replay.replace(&details().host(), &target, answer);
            }
        }
    }

    /// Shows the second day of both sources.
    fn show_next(&self, portals: &Portals) {
        for shape in &portals.shapes {
            portals.show(shape, &self.next[&shape.slug]);
        }
        let gone = &self.next[&details().slug].rows[0].id;
        portals.answer(&details(), &format!("/offre/{gone}"), 404);
    }

    /// Runs a scenario, undisturbed or with deaths before and after a step. Returns the state that it leaves.
    async fn play(&self, scenario: Scenario, dies: Option<Step>) -> State {
        if scenario == Scenario::Large {
            return large(dies).await;
        }
        let portals = self.portals.copy().await;
        let mut work = Work::on(&portals).await;
        self.show_next(&portals);
        match scenario {
            Scenario::Day => {
                for shape in &portals.shapes {
                    work.request(&shape.slug, "full").await;
                }
                die(&mut work, dies, is_done, async |_| ()).await;
            }
            Scenario::Unmodified => {
                portals.show(&details(), &self.first[&details().slug]);
                self.tagged(&portals, 304);
                work.request(&details().slug, "full").await;
                die(&mut work, dies, is_done, async |_| ()).await;
            }
            Scenario::Replay => {
                work.request(&details().slug, "replay").await;
                die(&mut work, dies, is_done, async |_| ()).await;
            }
            Scenario::Checkpoint | Scenario::LostRows => self.late(&mut work, scenario, dies).await,
            Scenario::Publish | Scenario::Discard | Scenario::Revert => {
                self.decide(&mut work, scenario, dies).await;
            }
            Scenario::Rebuild => rebuild(&mut work, dies).await,
            Scenario::Large => unreachable!("played above"),
        }
        if scenario != Scenario::Rebuild {
            let verify = ["vectors", "verify", "--output", "json"];
            let verified = portals.road.bin(&verify).run().await.expect(0).json();
            assert_eq!(verified["total"], 0, "{scenario:?} {dies:?}: {verified}");
        }
        work.state().await
    }

    /// A walk whose third page is late. Meanwhile its first rows are published, or lost.
    async fn late(&self, work: &mut Work<'_>, scenario: Scenario, dies: Option<Step>) {
        let portals = work.portals;
        portals.answer(&list(), THIRD, 503);
        work.request(&list().slug, "full").await;
        let mut stage = 0;
        die(work, dies, is_done, async |work| {
            match stage {
                0 if count(&work.store, "ingest.pages p JOIN ingest.runs r ON r.id = p.run WHERE r.state = 'running' AND p.state = 'read'").await == 2 => {
                    assert!(count(&work.store, "ingest.staged").await > 0, "nothing was staged");
                    let act = if scenario == Scenario::Checkpoint {
                        "SELECT queue.enqueue('publish_new', 'close', jsonb_build_object('run', id)) FROM ingest.runs WHERE state = 'running'"
                    } else {
                        "TRUNCATE ingest.staged"
                    };
                    sqlx::query(act).execute(work.store.pool()).await.unwrap();
                    stage = 1;
                }
                1 if count(&work.store, "queue.jobs WHERE kind = 'publish_new'").await == 0 => {
                    self.show_next(portals);
                    work.hurry().await;
                    stage = 2;
                }
                // A job that failed while the page was late waits for its next attempt.
                2 => work.hurry().await,
                _ => (),
            }
        })
        .await;
    }

    /// A day that is held or published, on which an operator decides by a command that dies.
    async fn decide(&self, work: &mut Work<'_>, scenario: Scenario, dies: Option<Step>) {
        let portals = work.portals;
        if scenario != Scenario::Revert {
            let mut day = self.next[&list().slug].clone();
            for row in &mut day.rows {
                "Portail".clone_into(&mut row.employer);
            }
            portals.show(&list(), &day);
        }
        work.request(&list().slug, "full").await;
        work.finish().await;
        let run = &work.store.runs(None, 1).await.unwrap()[0];
        let (verb, state) = match scenario {
            Scenario::Publish => ("publish", "held"),
            Scenario::Discard => ("discard", "held"),
            _ => ("revert", "complete"),
        };
        assert_eq!(run.state.as_str(), state, "{:?}", run.message);
        let command = || portals.road.bin(&["runs", verb, &run.id.to_string()]);
        match dies {
            None => drop(command().run().await.expect(0)),
            Some(step) => {
                for moment in ["before", "after"] {
                    let point = format!("{moment}:{}", step.name());
                    command().env("OIM_FAILPOINT", &point).run().await.expect(-1);
                }
                assert_ne!(command().run().await.code, 0, "{verb} was done twice");
            }
        }
        work.finish().await;
    }
}

async fn count(store: &Store, of: &str) -> i64 {
    let query = format!("SELECT count(*) FROM {of}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(store.pool()).await.unwrap()
}

/// Runs workers until all is done. The first dies before the step, the second after it. `meanwhile` is called repeatedly.
async fn die(
    work: &mut Work<'_>,
    step: Option<Step>,
    is_done: impl AsyncFn(&Store) -> bool,
    mut meanwhile: impl AsyncFnMut(&Work<'_>),
) {
    let mut points: Vec<String> = step.map_or_else(Vec::new, |step| {
        ["before", "after"].map(|moment| format!("{moment}:{}", step.name())).into()
    });
    work.start(points.first().map(String::as_str));
    let since = Instant::now();
    loop {
        if work.has_died() {
            points.remove(0);
            work.let_time_pass().await;
            work.start(points.first().map(String::as_str));
        }
        meanwhile(work).await;
        // A worker that starts runs some steps, however little is left to do.
        if is_done(&work.store).await && (points.is_empty() || since.elapsed() > UNREACHED) {
            break;
        }
        assert!(since.elapsed() < PATIENCE, "not done; to come: {points:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(points.is_empty(), "no worker came to {points:?}");
    work.kill();
    work.let_time_pass().await;
}

/// Fills the index of a model by a command that dies, and by the next one. However it went, index and database are in step. The steps that
/// matter on a server are played on one.
async fn rebuild(work: &mut Work<'_>, dies: Option<Step>) {
    let (_open, _, url) = crate::embedding::gate(true).await;
    let server = dies.is_some_and(is_on_server).then(Qdrant::start);
    let road = &work.portals.road;
    let by = |model: &str, args: &[&str]| {
        let bin = road.bin(args).env("OLLAMA_URL", &url).env("OLLAMA_MODEL", model);
        match &server {
            Some(server) => bin.env("QDRANT_URL", &server.url),
            None => bin,
        }
    };
    let with = |args: &[&str]| by("other", args);
    if server.is_some() && dies != Some(Step::WritePoints) {
        // The first index of a server is served at once. The deaths before and after that are those of the second.
        by("first", &["vectors", "rebuild"]).run().await.expect(0);
    }
    for moment in ["before", "after"] {
        let Some(step) = dies else { break };
        let point = format!("{moment}:{}", step.name());
        with(&["vectors", "rebuild"]).env("OIM_FAILPOINT", &point).run().await.expect(-1);
        work.let_time_pass().await;
        if step == Step::Serve && moment == "after" || step == Step::MoveAlias {
            // It is served; what is left to do is done by whoever comes next.
            break;
        }
    }
    with(&["vectors", "rebuild"]).run().await.expect(0);
    let verified = with(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(verified["total"], 0, "{verified}");
    if let Some(server) = &server {
        let alias = server.tell("alias opportunities").to_string();
        assert!(alias.contains("-other-"), "the alias does not name what is served: {alias}");
        let first = sqlx::query_scalar::<_, i32>("SELECT id FROM ingest.targets WHERE model_name = 'first'");
        if let Some(first) = first.fetch_optional(work.store.pool()).await.unwrap() {
            with(&["vectors", "drop", &first.to_string()]).run().await.expect(0);
        }
    }
    let model: String =
        sqlx::query_scalar("SELECT t.model FROM ingest.served s JOIN ingest.targets t ON t.id = s.target ORDER BY s.since DESC LIMIT 1")
            .fetch_one(work.store.pool())
            .await
            .unwrap();
    assert_eq!(model, "other");
}

/// A file that is committed in parts. It is not indexed: that takes long, and follows from the rows.
async fn large(dies: Option<Step>) -> State {
    let shape = Shape::new(Format::Csv, 4_300, true, 63);
    let portals = Portals::on(Database::new().await, std::slice::from_ref(&shape), None).await;
    portals.road.bin(&["migrate"]).run().await.expect(0);
    let mut day = Day::of(World::new(&shape, 4).rows());
    for row in &mut day.rows {
        row.text = row.text.repeat(1 + 900 / row.text.len());
    }
    portals.show(&shape, &day);
    let mut work = Work::on(&portals).await;
    work.request(&shape.slug, "full").await;
    die(
        &mut work,
        dies,
        async |store| count(store, "ingest.runs WHERE finished_at IS NULL").await == 0,
        async |_| (),
    )
    .await;
    let mut state = work.state().await;
    for part in ["ledger", "clusters", "left over"] {
        state.remove(part);
    }
    state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_at_any_step_leaves_what_none_leaves() {
    let evening = Evening::load().await;
    let only = std::env::var("FAILPOINT").unwrap_or_default();
    let steps: Vec<Step> = Step::ALL.iter().copied().filter(|step| step.name().contains(&only)).collect();
    let scenarios: BTreeSet<Scenario> = steps.iter().map(|step| scenario(*step)).collect();
    let calm: Vec<_> = scenarios.iter().map(|scenario| evening.play(*scenario, None)).collect();
    let calm: Vec<State> = futures::stream::iter(calm).buffered(AT_ONCE).collect().await;
    let calm: BTreeMap<Scenario, State> = scenarios.into_iter().zip(calm).collect();
    let dying: Vec<_> = steps.iter().map(|step| evening.play(scenario(*step), Some(*step))).collect();
    let mut dying = futures::stream::iter(dying).buffered(AT_ONCE);
    for step in &steps {
        let (mut expected, mut found) = (calm[&scenario(*step)].clone(), dying.next().await.unwrap());
        if is_on_server(*step) {
            // A job of the dead command may wait for a worker. Who opens a folder has such jobs at once.
            expected.remove("left over");
            found.remove("left over");
        }
        assert_same(&expected, &found, &format!("death before and after {}", step.name()));
    }
}

/// What a death costs the partner: one request if the answer was not archived yet, none if it was.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_archived_is_not_fetched_again() {
    let shape = Shape::new(Format::Csv, 12, true, 64);
    for (point, requests) in
        [("before:archive_answer", 2), ("after:archive_answer", 1), ("before:enter_list_page", 1)]
    {
        let portals = Portals::on(Database::new().await, std::slice::from_ref(&shape), None).await;
        portals.road.bin(&["migrate"]).run().await.expect(0);
        portals.show(&shape, &Day::of(World::new(&shape, 6).rows()));
        let mut work = Work::on(&portals).await;
        work.request(&shape.slug, "full").await;
        work.start(Some(point));
        wait_until("the worker has died", async || work.has_died()).await;
        work.let_time_pass().await;
        work.finish().await;
        assert_eq!(portals.replay.arrivals().len(), requests, "{point}");
        assert_eq!(count(&work.store, "ingest.opportunities WHERE status = 'open'").await, 12, "{point}");
    }
}

/// A transaction without a name has no scenario.
#[test]
fn every_transaction_of_the_store_is_a_step() {
    // The first is for benchmarks, and the second writes one row of its own. Each of the others is one transaction without a step
    // before or after it: the caller repeats it.
    let exempt = [
        "rows/publish.rs",
        "ticks.rs",
        "cancel.rs",
        "control.rs",
        "items.rs",
        "prune.rs",
        "revive.rs",
        "runs.rs",
        "tokens.rs",
        "dead_letters.rs",
        "registry.rs",
        "alerts.rs",
        "silences.rs",
        "notifications.rs",
        "finish/second_look.rs",
        "matching/review.rs",
        "outbox.rs",
    ];
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/store/src");
    let (mut folders, mut unnamed, mut named) = (vec![source.clone()], Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            named += text.matches("commit(tx, Step::").count();
            if text.contains(".commit()") && name != "failpoint.rs" && !exempt.contains(&name.as_str()) {
                unnamed.push(name);
            }
        }
    }
    assert_eq!(unnamed, Vec::<String>::new(), "commit by failpoint::commit");
    assert!(named >= 20, "{named} named transactions: does this test still look at the right place?");
}

//! `oim-etl vectors`

mod rebuild;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::vectors::{Depth, Drift};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use store::{Store, TargetId, TargetState, Verified};

use super::{Context, Outcome};
use crate::{
    app::{self, App, Role},
    lang::{Lang, chosen, say},
    pipeline::index::Kept,
    queue::{Pool, Stop},
    ui::{self, ago},
    vector::{self, Vectors},
    verify::{self, Report},
};

/// Time between two looks whether a worker has verified the index.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Time without progress after which the workers count as those of other indexes. A batch of texts takes minutes at most.
const PATIENCE: Duration = Duration::from_mins(5);

/// Compare the vector index with the database, repair it, and replace it by another one
#[derive(Debug, Args)]
#[command(
    after_help = "A worker repairs its index every night (the timetable's `verify`) and when it starts.\n\
    If a worker holds the index, it does the work, and this command waits for it."
)]
pub(super) struct VectorsCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the indexes that are kept in step, and the texts that are set aside
    List {
        /// Show at most this many texts of each index
        #[arg(long, short = 'n', default_value_t = 20)]
        count: u16,
    },
    /// Compare every point with its opportunity, and every opportunity with its point; exit with 1 if any differs
    Verify,
    /// Do the same, and write again what differs
    Repair,
    /// Fill an index beside the one that is served, verify it, and let searches go to it
    #[command(
        after_help = "Searches go to the old index until the new one is complete. The old one is kept in step for a way back:\n\
        `oim-etl vectors use` serves it again, `drop` removes it. If this command is interrupted, run it again."
    )]
    Rebuild {
        /// Use this embedding model instead of the configured one
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
    },
    /// Let searches go to another index that is kept in step
    Use {
        /// Number of the index, as `vectors list` shows it
        #[arg(value_name = "INDEX")]
        index: i32,
    },
    /// Remove an index that is not served, with all its points
    Drop {
        /// Number of the index, as `vectors list` shows it
        #[arg(value_name = "INDEX")]
        index: i32,
    },
}

impl VectorsCommand {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        match self.what {
            What::List { count } => list(&context, i64::from(count)).await,
            What::Verify => compare(&context, false).await,
            What::Repair => compare(&context, true).await,
            What::Rebuild { model } => rebuild::rebuild(&context, model.as_deref()).await,
            What::Use { index } => rebuild::serve(&context, TargetId(index)).await,
            What::Drop { index } => rebuild::drop(&context, TargetId(index)).await,
        }
    }
}

async fn list(context: &Context, count: i64) -> anyhow::Result<Outcome> {
    let store = app::connect(context.config(), 1).await?;
    let mut indexes = Vec::new();
    for target in store.targets().await? {
        let aside = store.set_aside(target.target, count).await?;
        indexes.push((target, aside));
    }
    if context.is_json() {
        let rows = indexes.iter().map(|(target, aside)| json!({"index": target, "set_aside": aside}));
        ui::json(&rows.collect::<Vec<_>>())?;
        return Ok(Outcome::Good);
    }
    for (target, aside) in &indexes {
        show(target);
        for text in aside {
            let at = ago(Some(text.at));
            ui::line(&format!(
                "  set aside    {} {} {:?} {at}: {}",
                text.opportunity, text.source, text.title, text.reason
            ));
        }
        if !aside.is_empty() {
            ui::line("               tried again when they change, or at once with `oim-etl vectors repair`");
        }
    }
    Ok(Outcome::Good)
}

async fn compare(context: &Context, repairs: bool) -> anyhow::Result<Outcome> {
    let config = context.config();
    let store = app::open_store(config).await?;
    let opened = Vectors::open_served(config, &store).await?;
    // An embedded index that this process could open is nobody else's.
    let is_ours = opened.is_some() && config.qdrant_url.is_none();
    let (report, target) = match opened {
        Some(vectors) => {
            let target = store.register_target(&vectors.target(config)).await?;
            let kept = Kept { vectors: Arc::new(vectors), target };
            if repairs {
                store.retry_now(target).await?;
            }
            let report = verify::compare(&store, &kept, Depth::Vectors, repairs).await?;
            store.keep_verification(target, repairs, &serde_json::to_value(&report)?).await?;
            // The pool that writes what is requested opens the index itself.
            drop(kept);
            (report, target)
        }
        None => by_worker(&store, context, repairs).await?,
    };
    let failure = if repairs { written(context, target, is_ours, false).await?.err() } else { None };
    if let Some(why) = &failure {
        ui::note(&format!(
            "not repaired yet: {why}; what differs is requested, and written as soon as that is mended"
        ));
    }
    if context.is_json() {
        ui::json(&json!({"index": target, "repaired": repairs, "total": report.total(), "report": report}))?;
    } else {
        print(&report, repairs);
    }
    let is_good = if repairs { failure.is_none() } else { report.total() == 0 };
    Ok(if is_good { Outcome::Good } else { Outcome::Wrong })
}

/// Waits until everything that is requested of an index is written, and with `verifies` until it is compared too. Without a worker, this
/// process does it. Returns what the comparison found, or why the index cannot be written now.
async fn written(
    context: &Context,
    target: TargetId,
    is_ours: bool,
    verifies: bool,
) -> anyhow::Result<Result<Report, String>> {
    let store = app::connect(context.config(), 1).await?;
    let before = state(&store, target).await?.map_or(0, |state| state.failures);
    let pool = if !is_ours && is_alive(&store).await? {
        None
    } else {
        let stop = Stop::new();
        let app =
            Box::pin(App::open(context.config().clone(), Role::Command)).await?.stopping_with(stop.clone());
        Some(Pool::start(Arc::new(app), None, stop).await?)
    };
    let (mut failure, mut left) = (None, (i64::MAX, Instant::now()));
    while let Some(state) = state(&store, target).await?
        && state.outbox > 0
    {
        if state.failures > before {
            failure = state.failure;
            break;
        }
        if state.outbox < left.0 {
            left = (state.outbox, Instant::now());
        } else if left.1.elapsed() > PATIENCE {
            failure = Some("no worker that is alive writes to this index".to_owned());
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let report = match &failure {
        None if verifies => verified(&store, target, false).await,
        _ => Ok(Report::default()),
    };
    if let Some(pool) = pool {
        pool.stop().await?;
    }
    let report = report?;
    Ok(failure.map_or(Ok(report), Err))
}

async fn state(store: &Store, target: TargetId) -> anyhow::Result<Option<TargetState>> {
    Ok(store.targets().await?.into_iter().find(|state| state.target == target))
}

/// Lets the worker that holds the embedded index compare it.
async fn by_worker(store: &Store, context: &Context, repairs: bool) -> anyhow::Result<(Report, TargetId)> {
    let served = store.served(&vector::collection(context.config())).await?;
    let target = served.map(|served| served.target).context(
        "another process holds the embedded index, and no worker keeps it; try again when it has ended",
    )?;
    if repairs {
        store.retry_now(target).await?;
    }
    Ok((verified(store, target, repairs).await?, target))
}

/// Lets a worker compare an index that it keeps, and waits for what it finds.
async fn verified(store: &Store, target: TargetId, repairs: bool) -> anyhow::Result<Report> {
    let verification = store.request_verification(target, repairs).await?;
    loop {
        match store.verified(verification).await? {
            Verified::Report(report) => return Ok(serde_json::from_value(report)?),
            Verified::Failed(why) => {
                anyhow::bail!("the worker that holds the index could not verify it: {why}")
            }
            Verified::Waiting if !is_alive(store).await? => {
                anyhow::bail!("the worker that held the index has ended; try again")
            }
            Verified::Waiting => tokio::time::sleep(LOOK_EVERY).await,
        }
    }
}

async fn is_alive(store: &Store) -> anyhow::Result<bool> {
    Ok(store.queue().workers().await?.iter().any(|worker| worker.indexes))
}

fn print(report: &Report, repairs: bool) {
    ui::line(&say!(
        "comparés       {} points avec la base, et {} opportunités ouvertes avec l'index; {} attendent",
        "compared       {} points with the database, and {} open opportunities with the index; {} wait in the outbox",
        report.points,
        report.rows,
        report.pending
    ));
    for kind in Drift::ALL {
        let Some(found) = report.drift.get(&kind) else { continue };
        let examples = found.examples.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        ui::line(&format!("{:14} {}: {}", kind.as_str(), found.count, meaning(chosen(), kind)));
        ui::line(&say!("               par exemple {examples}", "               such as {examples}"));
    }
    match (report.total(), repairs) {
        (0, _) => {
            ui::line(chosen().say(
                "à jour         chaque opportunité ouverte a son point, et chaque point son opportunité",
                "in step        every open opportunity has its point, and every point its opportunity",
            ));
        }
        (_, true) => {
            ui::line(chosen().say(
                "réparé         ce qui n'appartient à rien est ôté, et le reste est récrit",
                "repaired       what belongs to nothing is removed, and the rest is written again",
            ));
        }
        (_, false) => {
            ui::line(chosen().say(
                "               pour réparer: `oim-etl vectors repair`; chaque nuit fait de même",
                "               to heal it: `oim-etl vectors repair`; each night does the same",
            ));
        }
    }
}

/// Returns what a kind of drift is.
fn meaning(lang: Lang, kind: Drift) -> &'static str {
    match kind {
        Drift::Missing => lang.say(
            "opportunités ouvertes sans point: aucune recherche par vecteurs ne les trouve",
            "open opportunities without a point: no search by vectors finds them",
        ),
        Drift::Stale => lang.say(
            "points d'un contenu que l'opportunité n'a plus",
            "points of content that the opportunity no longer has",
        ),
        Drift::Payload => lang.say(
            "données changées après l'écriture: un résultat montre ce qui n'est pas",
            "payloads that were changed after they were written: a hit shows what is not so",
        ),
        Drift::Vector => lang.say(
            "vecteurs changés après l'écriture: ils sont trouvés pour d'autres questions",
            "vectors that were changed after they were written: they are found for the wrong questions",
        ),
        Drift::Unreadable => lang.say(
            "points sans ce que tout point a: aucun résultat n'en est montré",
            "points that lack what every point has: no hit is shown from them",
        ),
        Drift::Orphaned => lang.say("points d'aucune opportunité ouverte", "points of no open opportunity"),
        Drift::Newer => lang.say(
            "points d'écritures que cette base ne connaît pas: elle vient d'une sauvegarde, ou l'index est d'une autre",
            "points of writes that this database does not know: it was restored from a backup, or the index is another's",
        ),
    }
}

/// Shows an index as lines of `status`.
pub(super) fn show(target: &TargetState) {
    let is_wanted = target.is_shown || target.is_served || target.kept || target.outbox > 0;
    let Some(place) = target.place.as_deref().filter(|_| is_wanted) else { return };
    let oldest = target.oldest_seconds.map_or(String::new(), |seconds| {
        say!(", le plus ancien depuis {seconds:.0} s", ", the oldest for {seconds:.0} s")
    });
    let lang = chosen();
    let place = lang.phrase(place);
    let unused =
        if target.is_shown { "" } else { lang.say("  (aucun worker ne le tient)", "  (no worker keeps it)") };
    let number = format!("index {}", target.target.0);
    let unused =
        if target.is_served { say!(", servi{unused}", ", served{unused}") } else { unused.to_owned() };
    ui::line(&say!(
        "{number:14} {place}: {} indexées, {} en attente{oldest}{unused}",
        "{number:14} {place}: {} indexed, {} pending{oldest}{unused}",
        target.indexed,
        target.outbox
    ));
    if let Some(failure) = target.failure.as_deref().filter(|_| target.is_shown) {
        let since = ago(target.failing_since);
        ui::line(&say!(
            "  échoue       {} fois, d'abord {since}: {failure}",
            "  failing      {} times, first {since}: {failure}",
            target.failures
        ));
    }
    if target.set_aside > 0 {
        ui::line(&say!(
            "  de côté      {} textes que le modèle refuse, trouvés par les mots seuls: `oim-etl vectors list`",
            "  set aside    {} texts that the embedder refuses, found by words alone: `oim-etl vectors list`",
            target.set_aside
        ));
    }
    let report = target.report.clone().and_then(|report| serde_json::from_value::<Report>(report).ok());
    if let Some(report) = report {
        let at = ago(target.verified_at);
        let kinds: Vec<String> =
            report.drift.iter().map(|(kind, found)| format!("{} {}", found.count, kind.as_str())).collect();
        let found =
            if kinds.is_empty() { lang.say("à jour", "in step").to_owned() } else { kinds.join(", ") };
        ui::line(&say!("  vérifié      {at}: {found}", "  verified     {at}: {found}"));
    }
}

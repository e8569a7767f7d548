//! `oim-etl ingest`

mod file;
mod item;

use std::{pin::pin, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use clap::Args;
use domain::SourceSlug;
use store::{Mode, RejectionCount, RunRequest, RunRow, RunState, Store, Trigger};

use super::{
    Context, Outcome, asked_to_stop,
    common::{PoolSources, current_user, ensure_address, find_source, has_address, since},
    sources::preview,
};
use crate::{
    app::{self, App, Role},
    lang::{chosen, say},
    pipeline::trigger,
    queue::{Pool, Stop},
    registry,
    ui::{self, Follower, Line, counted},
};

/// Request a run of each source and follow it to its end
#[derive(Debug, Args)]
#[command(
    after_help = "If no worker is alive, this command runs the jobs itself until the runs have ended.\n\
    Ctrl-C stops following; workers continue their runs."
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Ingest {
    /// Slugs of the sources; or single opportunities, each as SOURCE/ID, as the URL of its page, or by its id
    #[arg(required_unless_present = "all", value_name = "SOURCE|SOURCE/ID|URL")]
    sources: Vec<String>,
    /// Ingest every enabled source
    #[arg(long, conflicts_with = "sources")]
    all: bool,
    /// Request everything, not only what is newer than the last complete run, and every detail page, due or not
    #[arg(long, conflicts_with = "since")]
    full: bool,
    /// Request what is newer, such as 2026-11-01 or 2026-11-01T08:00:00Z
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<DateTime<Utc>>,
    /// Stop after this many records of each source
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..))]
    limit: Option<i32>,
    /// Load a file from the partner: CSV, XLSX, XML or JSON, as the source file describes
    #[arg(long, value_name = "PATH|URL", conflicts_with_all = ["all", "full", "since"])]
    file: Option<String>,
    /// Load the file as this stream, if its name does not say
    #[arg(long, requires = "file")]
    stream: Option<String>,
    /// Treat the file as the whole list: close what it does not show
    #[arg(long, requires = "file")]
    complete: bool,
    /// Print what would be loaded, without writing
    #[arg(long)]
    dry_run: bool,
    /// Enqueue the runs and return
    #[arg(long, conflicts_with = "dry_run")]
    no_wait: bool,
}

/// Time between two checks whether any worker is alive.
const LOOK_FOR_WORKERS: Duration = Duration::from_secs(3);

impl Ingest {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        self.check_items()?;
        let files = registry::where_possible(&context.loaded).await?;
        let catalog = files.catalog.clone();
        if self.file.is_some() {
            let slugs = self.slugs(&context, &catalog)?;
            let [slug] = slugs.as_slice() else { anyhow::bail!("a file is of one source: name one") };
            let slug = slug.clone();
            return Box::pin(file::run(self, context, catalog, slug)).await;
        }
        if self.dry_run {
            let slugs = self.addressed(&catalog, self.slugs(&context, &catalog)?)?;
            slugs.iter().filter_map(|slug| catalog.get(slug)).for_each(|spec| files.note(spec));
            return preview(&context, &catalog, &slugs, self.limit, self.since).await;
        }
        let store = app::open_store(context.config()).await?;
        let known = PoolSources::of(&context, &store, catalog.clone()).await?;
        let (items, slugs) = self.words();
        self.addressed(
            &catalog,
            slugs.iter().filter_map(|word| SourceSlug::new(word.as_str()).ok()).collect(),
        )?;
        let states = if self.all {
            known.all(&context)
        } else {
            let found = slugs.iter().map(|word| known.find_visitable(&context, word));
            found.collect::<anyhow::Result<_>>()?
        };
        let mut lines = item::request(&context, &store, &known, &items).await?;
        for state in states {
            let slug = SourceSlug::new(&state.slug)?;
            if catalog.get(&slug).is_some_and(|spec| !has_address(spec)) {
                ui::note(&say!(
                    "{slug}  laissée de côté: elle n'a pas d'adresse, sa liste vient en fichier",
                    "{slug}  left out: it has no address, and its list comes as a file"
                ));
                continue;
            }
            let entered = trigger::request(&store, &self.request(slug.clone())).await?;
            if !entered.is_new {
                ui::note(&say!(
                    "{slug}: la collecte {} le fait déjà; suivie",
                    "{slug}: run {} is already at it; following it",
                    entered.run
                ));
            }
            lines.push(Line {
                run: entered.run,
                source: slug.to_string(),
                rate: state.rate_in_force().unwrap_or_default().parse()?,
            });
        }
        if self.no_wait {
            return print_enqueued(&context, &lines);
        }
        follow(context, store, lines).await
    }

    fn slugs(&self, context: &Context, catalog: &sources::Catalog) -> anyhow::Result<Vec<SourceSlug>> {
        if self.all {
            let enabled = catalog.iter().filter(|spec| app::is_enabled(context.config(), &spec.slug));
            return Ok(enabled.map(|spec| spec.slug.clone()).collect());
        }
        self.sources.iter().map(|word| find_source(catalog, word)).collect()
    }

    /// Refuses a source that is named and has no address; leaves it out where all are meant.
    fn addressed(
        &self,
        catalog: &sources::Catalog,
        slugs: Vec<SourceSlug>,
    ) -> anyhow::Result<Vec<SourceSlug>> {
        if self.all {
            let is_fetched = |slug: &SourceSlug| catalog.get(slug).is_some_and(|spec| has_address(spec));
            return Ok(slugs.into_iter().filter(is_fetched).collect());
        }
        slugs.iter().filter_map(|slug| catalog.get(slug)).try_for_each(|spec| ensure_address(spec))?;
        Ok(slugs)
    }

    /// Returns the words that name single opportunities, and those that name sources.
    fn words(&self) -> (Vec<&String>, Vec<&String>) {
        self.sources.iter().partition(|word| item::is_item(word))
    }

    /// Refuses what has no effect on a single opportunity.
    fn check_items(&self) -> anyhow::Result<()> {
        let flags = [
            ("--full", self.full),
            ("--since", self.since.is_some()),
            ("--limit", self.limit.is_some()),
            ("--file", self.file.is_some()),
            ("--dry-run", self.dry_run),
        ];
        let given = flags.iter().find(|(_, is_given)| *is_given);
        if let (Some((flag, _)), [item, ..]) = (given, self.words().0.as_slice()) {
            anyhow::bail!("{flag} has no effect on a single opportunity ({item}): leave it out");
        }
        Ok(())
    }

    fn request(&self, source: SourceSlug) -> RunRequest {
        RunRequest {
            mode: if self.full { Mode::Full } else { Mode::Incremental },
            since: self.since,
            limit: self.limit,
            ..RunRequest::new(source, Trigger::Cli, current_user())
        }
    }
}

fn print_enqueued(context: &Context, lines: &[Line]) -> anyhow::Result<Outcome> {
    if context.is_json() {
        let rows: Vec<_> =
            lines.iter().map(|line| serde_json::json!({"source": line.source, "run": line.run})).collect();
        ui::json(&rows)?;
    } else {
        for line in lines {
            ui::line(&say!("{}  collecte {} demandée", "{}  run {} enqueued", line.source, line.run));
        }
    }
    Ok(Outcome::Good)
}

/// Follows runs to their end, and runs their jobs here if no worker is alive.
pub(super) async fn follow(context: Context, store: Store, lines: Vec<Line>) -> anyhow::Result<Outcome> {
    let mut pool = None;
    let mut following = pin!(Follower::new(store.clone(), lines, context.is_json()).until_done());
    let mut stopping = pin!(asked_to_stop());
    let ended = loop {
        // Checked repeatedly, because the worker that had the runs may die.
        if pool.is_none() && store.queue().workers().await?.is_empty() {
            ui::note(chosen().say(
                "aucun worker ne vit: cette commande fait le travail elle-même (pour de bon: oim-etl worker)",
                "no worker is alive: this command works the queue itself (for good: oim-etl worker)",
            ));
            let stop = Stop::new();
            let app = Box::pin(App::open(context.config().clone(), Role::Command)).await?;
            let app = app.stopping_with(stop.clone());
            if let Some(why) = app.clock.wrong() {
                anyhow::bail!("{why}: set it right, then try again; the runs are kept");
            }
            pool = Some(Pool::start(Arc::new(app), None, stop).await?);
        }
        tokio::select! {
            runs = &mut following => break Some(runs),
            _ = &mut stopping => break None,
            () = tokio::time::sleep(LOOK_FOR_WORKERS) => (),
        }
    };
    if let Some(pool) = pool {
        pool.stop().await?;
    }
    let Some(runs) = ended else {
        let next = if store.queue().workers().await.is_ok_and(|alive| alive.is_empty()) {
            chosen().say("le prochain worker les continue", "the next worker continues them")
        } else {
            chosen().say("les workers les continuent", "the workers continue them")
        };
        ui::note(&say!(
            "plus suivies; les collectes restent, et {next}",
            "stopped following; the runs are kept, and {next}"
        ));
        return Ok(Outcome::Wrong);
    };
    let runs = runs?;
    report(&context, &store, &runs).await?;
    Ok(if runs.iter().all(|run| run.state == RunState::Complete) { Outcome::Good } else { Outcome::Wrong })
}

/// Prints how each run ended.
async fn report(context: &Context, store: &Store, runs: &[RunRow]) -> anyhow::Result<()> {
    if context.is_json() {
        return ui::json(&runs);
    }
    for run in runs {
        ui::line(&say!(
            "{}  {}: {} pages, {} fiches: {} nouvelles, {} changées, {} inchangées, {} refusées, {} fermées, {} dans l'index",
            "{}  {}: {} pages, {} records: {} new, {} changed, {} unchanged, {} rejected, {} closed, {} embedded",
            run.source,
            ui::state(run.outcome),
            run.pages,
            run.seen,
            run.created,
            run.changed,
            run.unchanged,
            run.rejected,
            run.closed,
            run.embedded
        ));
        if let Some(why) = &run.message {
            ui::note(&format!("{}  {}", run.source, chosen().phrase(why)));
        }
        for line in problem_lines(store, run).await? {
            ui::line(&line);
        }
    }
    Ok(())
}

/// Returns a line for what a run rejected, and a line for what it loaded with warnings.
pub(super) async fn problem_lines(store: &Store, run: &RunRow) -> anyhow::Result<Vec<String>> {
    let refused = (store.rejection_counts(run.id).await?, chosen().say("refusées", "rejected"), "");
    let doubted = (store.doubt_counts(run.id).await?, chosen().say("douteuses", "doubted"), " --doubted");
    let line = |(counts, word, option): (Vec<RejectionCount>, &str, &str)| {
        let told = || {
            format!(
                "{word}: {} {}    oim-etl rejections {}{option}",
                run.source,
                counted(&counts),
                run.source
            )
        };
        (!counts.is_empty()).then(told)
    };
    Ok([refused, doubted].into_iter().filter_map(line).collect())
}

//! `oim-etl replay`

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use domain::{RunId, SourceSlug};
use sources::Spec;
use store::{Mode, Replayed, RunRequest, Store, Trigger};

use super::{
    Context, Outcome,
    common::{PoolSources, current_user, find_run, find_source},
    ingest,
};
use crate::{
    app,
    lang::say,
    pipeline::trigger,
    registry,
    ui::{self, Line},
    workbench::reread::{Read, read_again},
};

/// Parse the newest archived answers of a source with its current source file, without visiting the partner
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Slug of the source
    source: String,
    /// Parse the archive of this run alone, and let it replace newer rows [default: the newest archived answers of the source]
    #[arg(long)]
    run: Option<String>,
    /// Parse only the pages of rows that an older source file or older rules have read, as `status` counts them
    #[arg(long, conflicts_with = "run")]
    stale: bool,
    /// Print what would change, without writing
    #[arg(long)]
    dry_run: bool,
}

impl Replay {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::open_store(context.config()).await?;
        let files = registry::for_command(&context.loaded, &store).await?;
        let catalog = &files.catalog;
        let source = find_source(catalog, &self.source)?;
        let run = match &self.run {
            Some(word) => Some(run_of(&store, word, &source).await?),
            None => None,
        };
        let spec = catalog.get(&source).with_context(|| format!("there is no source file for {source}"))?;
        files.note(spec);
        let read_by = app::read_by(spec);
        let which = if self.stale { Replayed::Stale { read_by: &read_by } } else { run.into() };
        if self.stale && store.stale(&[(source.clone(), read_by.clone())]).await?.is_empty() {
            return nothing_stale(&context, &source);
        }
        if self.dry_run {
            return dry(&context, &store, spec, which).await;
        }
        follow_file(&store, spec).await?;
        PoolSources::of(&context, &store, catalog.clone()).await?.find(&context, source.as_str())?;
        let request = RunRequest {
            mode: Mode::Replay,
            replay_of: run,
            only_stale: self.stale,
            ..RunRequest::new(source.clone(), Trigger::Cli, current_user())
        };
        let entered = trigger::request(&store, &request).await?;
        let line = Line { run: entered.run, source: source.to_string(), rate: spec.rate };
        ingest::follow(context, store, vec![line]).await
    }
}

/// Returns the run whose id begins so, if it is one of this source.
async fn run_of(store: &Store, word: &str, source: &SourceSlug) -> anyhow::Result<RunId> {
    let run = find_run(store, word).await?;
    let of = store.run(run).await?;
    anyhow::ensure!(of.source == source.as_str(), "run {run} is one of {}, not of {source}", of.source);
    Ok(run)
}

/// How long workers may take to follow a changed source file.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(15);

/// Waits until the workers have the source file of this command, so that a file saved a moment ago is the one that counts. Fails if
/// theirs stays another one: it would be read by theirs, and mend nothing.
async fn follow_file(store: &Store, spec: &Spec) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let has_worker = !store.queue().workers().await?.is_empty();
        let theirs = store.source_states().await?.into_iter().find(|state| state.slug == spec.slug.as_str());
        let Some(theirs) = theirs.filter(|theirs| has_worker && theirs.spec_version != spec.version) else {
            return Ok(());
        };
        if began.elapsed() > FOLLOWED_WITHIN {
            let short = |version: &str| version.get(..12).unwrap_or(version).to_owned();
            anyhow::bail!(
                "the workers read {} by version {} of its source file, and the file of this command is version {}: put it in force with `oim-etl sources apply`, or where they read theirs (`sources_dir`)",
                spec.slug,
                short(&theirs.spec_version),
                short(&spec.version)
            );
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Reports that no replay is needed.
fn nothing_stale(context: &Context, source: &SourceSlug) -> anyhow::Result<Outcome> {
    if context.is_json() {
        ui::json(&serde_json::json!([]))?;
    } else {
        ui::line(&say!(
            "{source}  chaque fiche est lue par ce fichier et ces règles",
            "{source}  every row was read by this source file and these rules"
        ));
    }
    Ok(Outcome::Good)
}

/// Most rejected records that are printed.
const SHOWN: usize = 20;

/// Parses the archived pages and prints what would become of their records.
async fn dry(
    context: &Context,
    store: &Store,
    spec: &Arc<Spec>,
    which: Replayed<'_>,
) -> anyhow::Result<Outcome> {
    let source = &spec.slug;
    let run = if let Replayed::Run(run) = which { Some(run) } else { None };
    let Read { pages, rejections, alarms } = read_again(context.config(), store, spec, which).await?;
    anyhow::ensure!(!pages.is_empty(), "nothing of {source} is archived; ingest it first");
    let would_be = store.preview_pages(&pages, run.is_some()).await?.tally;
    let opportunities: usize = pages.iter().map(|page| page.opportunities.len()).sum();
    if context.is_json() {
        ui::json(
            &serde_json::json!({"run": run, "pages": pages.len(), "opportunities": opportunities, "would_be": would_be, "rejected": rejections, "alarms": alarms}),
        )?;
    } else {
        ui::line(&say!(
            "{source}  relire {} pages archivées: {} seraient nouvelles, {} changées, {} inchangées, {} refusées; rien n'est écrit",
            "{source}  replay of {} archived pages: {} would be new, {} changed, {} unchanged, {} rejected; nothing was written",
            pages.len(),
            would_be.created,
            would_be.changed,
            would_be.unchanged,
            rejections.len()
        ));
        for rejection in rejections.iter().take(SHOWN) {
            ui::line(&say!(
                "refusée   {}  {}",
                "rejected  {}  {}",
                rejection.external_id.as_deref().unwrap_or("-"),
                ui::refusal(&rejection.reason)
            ));
        }
        if let Some(more) = rejections.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            ui::line(&say!("          et {more} autres", "          and {more} more"));
        }
        for alarm in &alarms {
            ui::note(alarm);
        }
    }
    Ok(if alarms.is_empty() { Outcome::Good } else { Outcome::Wrong })
}

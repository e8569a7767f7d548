//! `oim-etl replay`

use clap::Args;
use domain::RunId;
use store::{Mode, RunRequest, Trigger};

use super::{
    Context, Outcome,
    common::{current_user, find_source},
    ingest,
};
use crate::{
    app,
    pipeline::trigger,
    ui::{self, Line},
    workbench::rehearse::{Read, read_again},
};

/// Parse the archive of a source again with its current source file, without visiting the partner
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// Slug of the source
    source: String,
    /// Parse the archive of this run [default: the newest complete run]
    #[arg(long)]
    run: Option<RunId>,
    /// Print what would change, without writing
    #[arg(long)]
    dry_run: bool,
}

impl Replay {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let catalog = app::catalog(context.config())?;
        let source = find_source(&catalog, &self.source)?;
        let store = app::open_store(context.config()).await?;
        let earlier = match self.run {
            Some(run) => store.run(run).await?.id,
            None => store.last_archived_run(&source).await?,
        };
        let of = store.run(earlier).await?;
        anyhow::ensure!(
            of.source == source.as_str(),
            "run {earlier} is one of {}, not of {source}",
            of.source
        );
        if self.dry_run {
            return dry(&context, &store, &catalog, &source, earlier).await;
        }
        let request = RunRequest {
            mode: Mode::Replay,
            replay_of: Some(earlier),
            ..RunRequest::new(source.clone(), Trigger::Cli, current_user())
        };
        let entered = trigger::request(&store, &request).await?;
        anyhow::ensure!(
            entered.is_new,
            "run {} of {source} is active; try again when it has ended",
            entered.run
        );
        let rate = catalog.get(&source).map(|spec| spec.rate);
        let lines = rate.map(|rate| Line { run: entered.run, source: source.to_string(), rate });
        ingest::follow(context, store, lines.into_iter().collect()).await
    }
}

/// Reads every archived page of the run and tells what would become of its records.
async fn dry(
    context: &Context,
    store: &store::Store,
    catalog: &sources::Catalog,
    source: &domain::SourceSlug,
    run: RunId,
) -> anyhow::Result<Outcome> {
    let Some(spec) = catalog.get(source) else { anyhow::bail!("no partner file for {source}") };
    let Read { opportunities, rejections, alarms } = read_again(context.config(), store, spec, run).await?;
    let difference = store.rehearse(run, &opportunities).await?.tally;
    if context.is_json() {
        ui::json(
            &serde_json::json!({"run": run, "opportunities": opportunities.len(), "would_be": difference, "rejected": rejections, "alarms": alarms}),
        )?;
    } else {
        ui::line(&format!(
            "{source}  replay of {run}: {} would be new, {} changed, {} unchanged, {} rejected; nothing was written",
            difference.created,
            difference.changed,
            difference.unchanged,
            rejections.len()
        ));
        for rejection in &rejections {
            ui::line(&format!(
                "rejected  {}  {}",
                rejection.external_id.as_deref().unwrap_or("-"),
                rejection.reason
            ));
        }
        for alarm in &alarms {
            ui::note(alarm);
        }
    }
    Ok(if alarms.is_empty() { Outcome::Good } else { Outcome::Wrong })
}

//! `oim-etl sources diff`

use std::collections::{BTreeMap, HashSet};

use anyhow::Context as _;
use clap::Args;
use domain::{RunId, SourceSlug};
use store::Change;

use crate::{
    app,
    cli::{Context, Outcome, common::find_source},
    ui,
    workbench::rehearse::{Read, read_again},
};

/// Show what the current source file would change over the archive of a run, without writing
#[derive(Debug, Args)]
#[command(
    after_help = "Change the file in the folder of source files, then:\n  oim-etl --sources DIR sources diff fne"
)]
pub(super) struct Diff {
    /// Slug of the source
    source: String,
    /// Parse the archive of this run [default: the newest complete run]
    #[arg(long)]
    run: Option<RunId>,
    /// Show at most this many changed opportunities
    #[arg(long, short = 'n', default_value_t = 5)]
    show: usize,
}

impl Diff {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let catalog = app::catalog(context.config())?;
        let slug = find_source(&catalog, &self.source)?;
        let spec = catalog.get(&slug).context("the source vanished")?;
        let store = app::open_store(context.config()).await?;
        let run = match self.run {
            Some(run) => run,
            None => store.last_archived_run(&slug).await?,
        };
        let Read { opportunities, rejections, alarms } =
            read_again(context.config(), &store, spec, run).await?;
        let rehearsal = store.rehearse(run, &opportunities).await?;
        let before = store.rejection_counts(run).await?;
        let shown = store.shown_by(run).await?;
        let found: HashSet<_> = opportunities.iter().map(|row| row.id).collect();
        let (loaded, gone) = (shown.len(), shown.iter().filter(|id| !found.contains(id)).count());
        let mut reasons: BTreeMap<String, i64> = BTreeMap::new();
        for rejection in &rejections {
            *reasons.entry(rejection.reason.code().to_owned()).or_default() += 1;
        }
        // A page that was gone is not in the archive: nothing is known of it now.
        for count in before.iter().filter(|count| count.code != "detail_unavailable") {
            *reasons.entry(count.code.clone()).or_default() -= count.count;
        }
        reasons.retain(|_, difference| *difference != 0);
        if context.is_json() {
            ui::json(&serde_json::json!({
                "source": slug, "run": run, "spec": spec.version, "would_be": rehearsal.tally, "fields": rehearsal.fields,
                "changed": rehearsal.changed, "rejected": rejections.len(), "no_longer_found": gone, "rejected_more_or_less": reasons, "alarms": alarms
            }))?;
            return Ok(if alarms.is_empty() { Outcome::Good } else { Outcome::Wrong });
        }
        let tally = rehearsal.tally;
        ui::line(&format!(
            "{slug}  over the archive of run {run}: {} would be new, {} changed, {} unchanged, {} rejected, {gone} of {loaded} no longer found; nothing was written",
            tally.created,
            tally.changed,
            tally.unchanged,
            rejections.len()
        ));
        for (field, count) in &rehearsal.fields {
            ui::line(&format!("  {field:<14} changes in {count}"));
        }
        for (code, difference) in &reasons {
            ui::line(&format!("  rejected, {:<20} {difference:+}", code.replace('_', " ")));
        }
        rehearsal.changed.iter().take(self.show).for_each(|change| show(&slug, change));
        for alarm in &alarms {
            ui::note(alarm);
        }
        Ok(if alarms.is_empty() && (gone == 0 || !opportunities.is_empty()) {
            Outcome::Good
        } else {
            Outcome::Wrong
        })
    }
}

/// Prints one opportunity and its changes.
fn show(slug: &SourceSlug, change: &Change) {
    ui::line(&format!("{} {}  {}", slug, change.external_id, ui::strong(&change.title)));
    for (field, values) in &change.fields {
        ui::line(&format!("    {field}: {} → {}", short(values.get("from")), short(values.get("to"))));
    }
}

/// A value on one line.
fn short(value: Option<&serde_json::Value>) -> String {
    let text = value.map_or_else(|| "-".to_owned(), ToString::to_string);
    if text.chars().count() <= 100 {
        text
    } else {
        format!("{}…", text.chars().take(100).collect::<String>())
    }
}

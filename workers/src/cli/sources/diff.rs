//! `oim-etl sources diff`

use std::collections::{BTreeMap, HashSet};

use anyhow::Context as _;
use clap::Args;
use domain::{RunId, SourceSlug};
use store::Change;

use crate::{
    app,
    cli::{Context, Outcome, common::find_source},
    lang::{chosen, say},
    registry, ui,
    workbench::reread::{Read, read_again},
};

/// Show what the current source file would change over the archive of a run, without writing
#[derive(Debug, Args)]
#[command(
    after_help = "Without --sources, it reads the file in force. To see what a changed file would do:\n  oim-etl --sources DIR sources diff fne\n  oim-etl sources apply DIR/fne.toml"
)]
pub(super) struct Diff {
    /// Slug of the source
    source: String,
    /// Parse the archive of this run alone [default: the newest archived answers of the source]
    #[arg(long)]
    run: Option<RunId>,
    /// Show at most this many changed opportunities
    #[arg(long, short = 'n', default_value_t = 5)]
    show: usize,
}

impl Diff {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::open_store(context.config()).await?;
        let files = registry::for_command(&context.loaded, &store).await?;
        let slug = find_source(&files.catalog, &self.source)?;
        let spec = files.catalog.get(&slug).context("the source vanished")?;
        files.note(spec);
        let Read { pages, rejections, alarms } =
            read_again(context.config(), &store, spec, self.run.into()).await?;
        anyhow::ensure!(!pages.is_empty(), "nothing of {slug} is archived; ingest it first");
        let preview = store.preview_pages(&pages, self.run.is_some()).await?;
        let runs = store.runs_of_archive(&slug, self.run).await?;
        let (mut before, mut shown) = (Vec::new(), HashSet::new());
        for run in &runs {
            before.extend(store.rejection_counts(*run).await?);
            shown.extend(store.shown_by(*run).await?);
        }
        let found: HashSet<_> =
            pages.iter().flat_map(|page| page.opportunities.iter().map(|row| row.id)).collect();
        let (loaded, gone) = (shown.len(), shown.iter().filter(|id| !found.contains(id)).count());
        let mut reasons: BTreeMap<String, i64> = BTreeMap::new();
        for rejection in &rejections {
            *reasons.entry(rejection.reason.code().to_owned()).or_default() += 1;
        }
        // A page that was gone is not in the archive, so nothing is known about it.
        for count in before.iter().filter(|count| count.code != "detail_unavailable") {
            *reasons.entry(count.code.clone()).or_default() -= count.count;
        }
        reasons.retain(|_, difference| *difference != 0);
        if context.is_json() {
            ui::json(&serde_json::json!({
                "source": slug, "runs": runs, "spec": spec.version, "would_be": preview.tally, "fields": preview.fields,
                "changed": preview.changed, "rejected": rejections.len(), "no_longer_found": gone, "rejected_more_or_less": reasons, "alarms": alarms
            }))?;
            return Ok(if alarms.is_empty() { Outcome::Good } else { Outcome::Wrong });
        }
        let tally = preview.tally;
        ui::line(&say!(
            "{slug}  sur son archive: {} seraient nouvelles, {} changées, {} inchangées, {} refusées, {gone} sur {loaded} introuvables; rien n'est écrit",
            "{slug}  over its archive: {} would be new, {} changed, {} unchanged, {} rejected, {gone} of {loaded} no longer found; nothing was written",
            tally.created,
            tally.changed,
            tally.unchanged,
            rejections.len()
        ));
        for (field, count) in &preview.fields {
            let name = chosen().say(chosen().word("fields", field), field);
            ui::line(&say!("  {name:<22} change dans {count}", "  {name:<14} changes in {count}"));
        }
        for (code, difference) in &reasons {
            let reason = ui::reason(code);
            ui::line(&say!(
                "  refusées, {reason:<20} {difference:+}",
                "  rejected, {reason:<20} {difference:+}"
            ));
        }
        preview.changed.iter().take(self.show).for_each(|change| show(&slug, change));
        for alarm in &alarms {
            ui::note(alarm);
        }
        Ok(if alarms.is_empty() && (gone == 0 || !found.is_empty()) { Outcome::Good } else { Outcome::Wrong })
    }
}

/// Prints one opportunity and its changes.
fn show(slug: &SourceSlug, change: &Change) {
    ui::line(&format!("{} {}  {}", slug, change.external_id, ui::strong(&change.title)));
    for (field, values) in &change.fields {
        ui::line(&format!("    {field}: {} → {}", short(values.get("from")), short(values.get("to"))));
    }
}

/// Formats a value on one line.
fn short(value: Option<&serde_json::Value>) -> String {
    let text = value.map_or_else(|| "-".to_owned(), ToString::to_string);
    if text.chars().count() <= 100 {
        text
    } else {
        format!("{}…", text.chars().take(100).collect::<String>())
    }
}

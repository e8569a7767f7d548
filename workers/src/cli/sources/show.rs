//! `oim-etl sources show`

use anyhow::Context as _;
use chrono::Utc;
use clap::Args;
use domain::SourceSlug;
use serde_json::json;
use sources::Catalog;
use store::{RunRow, SourceState, Visits};

use super::rate::{limits_line, rate_line};
use crate::{
    app,
    cli::{
        Context, Outcome,
        common::{find_known, find_source},
    },
    scheduler,
    ui::{self, ago},
};

/// Show how a source stands: paused or not, rate, what waits, last and next run
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Slug of the source
    source: String,
    /// Print its source file instead: that of `sources_dir`, else the built-in one
    #[arg(long)]
    file: bool,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        if self.file {
            return file(context, &self.source);
        }
        let store = app::connect(context.config(), 2).await?;
        let (slug, state) = find_known(&store, &self.source).await?;
        let runs = store.runs(Some(&slug), 1).await?;
        let visits = store.visits(&slug).await?;
        let (usable, refused) = app::usable(context.config())?;
        let tick = next_tick(context, &usable, &slug)?;
        if context.is_json() {
            ui::json(
                &json!({ "state": state.word(), "source": state, "details": visits, "last_run": runs.first(), "next_tick": tick }),
            )?;
            return Ok(Outcome::Good);
        }
        ui::line(&format!("source     {slug}  {}", state.name));
        ui::line(&format!("state      {}", described(&state)));
        ui::line(&format!("rate       {}", rate_line(&state)));
        if let Some(limits) = limits_line(&state) {
            ui::line(&format!("requests   {limits}"));
        }
        ui::line(&format!("waiting    {} jobs that visit it", state.visits_waiting));
        if visits.known > 0 {
            ui::line(&format!("details    {}", details(&visits)));
        }
        ui::line(&format!("last run   {}", runs.first().map_or_else(|| "none yet".to_owned(), last)));
        let skipped = if state.held.is_some() { ", skipped unless it is visited again by then" } else { "" };
        ui::line(&match tick {
            Some(tick) => format!("next tick  {tick}{skipped}"),
            None => format!("next tick  none: {}", scheduler::HOW_TO_VISIT),
        });
        let is_same = usable.get(&slug).is_some_and(|spec| spec.version == state.spec_version);
        let whose = if is_same { "the same here" } else { "another one, or none, here" };
        ui::line(&format!(
            "file       version {} in the pool; {whose}",
            state.spec_version.get(..12).unwrap_or("?")
        ));
        for file in refused.iter().filter(|file| file.slug == slug.as_str()) {
            ui::note(&format!("its file here has errors, and workers keep the one they had:\n{}", file.why));
        }
        Ok(Outcome::Good)
    }
}

/// Prints the source file that this configuration uses, so that it can be copied and changed.
fn file(context: &Context, word: &str) -> anyhow::Result<Outcome> {
    let place = |slug: &SourceSlug| Some(context.config().sources_dir.as_ref()?.join(format!("{slug}.toml")));
    // A file with errors is shown, too: that is how they are looked for.
    let slug = match SourceSlug::new(word).ok().filter(|slug| place(slug).is_some_and(|path| path.is_file()))
    {
        Some(slug) => slug,
        None => find_source(&app::usable(context.config())?.0, word)?,
    };
    let own = place(&slug);
    let text = match own.filter(|path| path.is_file()) {
        Some(path) => std::fs::read_to_string(&path)
            .with_context(|| format!("Failed to read the source file {}", path.display()))?,
        None => Catalog::builtin_file(&slug).context("the source has no file")?.to_owned(),
    };
    if context.is_json() {
        ui::json(&json!({ "source": slug, "file": text }))?;
    } else {
        ui::line(text.trim_end_matches('\n'));
    }
    Ok(Outcome::Good)
}

/// Returns the state with its reason, and what ends it.
pub(in crate::cli) fn described(state: &SourceState) -> String {
    match (state.word(), &state.off_why) {
        ("off", Some(why)) => format!("off: {why}"),
        ("paused", _) => format!(
            "paused {} by {}{}; `oim-etl sources resume {}` ends it",
            ago(state.paused_at),
            state.paused_by.as_deref().unwrap_or("somebody"),
            state.paused_why.as_ref().map(|why| format!(": {why}")).unwrap_or_default(),
            state.slug
        ),
        (word, _) => word.to_owned(),
    }
}

/// Returns how many detail pages the next run asks for, whatever its list shows.
fn details(visits: &Visits) -> String {
    let next = visits
        .next_in
        .map(|seconds| format!(", the next one in {:.1} h", seconds / 3_600.0))
        .unwrap_or_default();
    format!("{} pages known, {} due{next}", visits.known, visits.due)
}

fn last(run: &RunRow) -> String {
    let why = run.message.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} {}, {}{why}", run.id, run.state, ago(Some(run.finished_at.unwrap_or(run.created_at))))
}

/// Returns the next tick of the source, in the zone of its entry.
fn next_tick(context: &Context, catalog: &Catalog, slug: &SourceSlug) -> anyhow::Result<Option<String>> {
    let timetable = scheduler::timetable(context.config(), catalog)?;
    let now = Utc::now();
    let ticks = timetable
        .entries
        .iter()
        .filter(|entry| entry.source == *slug)
        .filter_map(|entry| Some((*entry.upcoming(now, 1).first()?, entry)));
    Ok(ticks.min_by_key(|(at, _)| *at).map(|(at, entry)| {
        format!("{} ({})", at.with_timezone(&entry.zone).format("%a %d %b %H:%M %Z"), entry.name)
    }))
}

//! `oim-etl sources show`

use chrono::Utc;
use clap::Args;
use domain::SourceSlug;
use serde_json::json;
use store::{RunRow, SourceState, Visits};

use super::rate::{limits_line, rate_line};
use crate::{
    app,
    cli::{
        Context, Outcome,
        common::{find_known, find_source},
    },
    lang::{chosen, say},
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
        let tick = next_tick(context, &slug)?;
        if context.is_json() {
            ui::json(
                &json!({ "state": state.word(), "source": state, "details": visits, "last_run": runs.first(), "next_tick": tick }),
            )?;
            return Ok(Outcome::Good);
        }
        ui::line(&format!("source     {slug}  {}", state.name));
        ui::line(&say!("état       {}", "state      {}", described(&state)));
        ui::line(&say!("débit      {}", "rate       {}", rate_line(&state)));
        if let Some(limits) = limits_line(&state) {
            ui::line(&say!("requêtes   {limits}", "requests   {limits}"));
        }
        ui::line(&say!(
            "attendent  {} tâches qui la visitent",
            "waiting    {} jobs that visit it",
            state.visits_waiting
        ));
        if visits.known > 0 {
            ui::line(&say!("détails    {}", "details    {}", details(&visits)));
        }
        let last = runs.first().map_or_else(|| chosen().say("encore aucune", "none yet").to_owned(), last);
        ui::line(&say!("dernière   {last}", "last run   {last}"));
        let skipped = if state.held.is_some() {
            chosen().say(
                ", sautée si elle n'est pas reprise d'ici là",
                ", skipped unless it is visited again by then",
            )
        } else {
            ""
        };
        ui::line(&match tick {
            Some(tick) => say!("prochaine  {tick}{skipped}", "next tick  {tick}{skipped}"),
            None => {
                let how = chosen().phrase(scheduler::HOW_TO_VISIT);
                say!("prochaine  aucune: {how}", "next tick  none: {how}")
            }
        });
        let is_same =
            app::catalog(context.config())?.get(&slug).is_some_and(|spec| spec.version == state.spec_version);
        let whose = if is_same {
            chosen().say("la même ici", "the same here")
        } else {
            chosen().say("une autre ici, ou aucune", "another one, or none, here")
        };
        ui::line(&say!(
            "fichier    version {} pour tous les workers; {whose}",
            "file       version {} in the pool; {whose}",
            state.spec_version.get(..12).unwrap_or("?")
        ));
        Ok(Outcome::Good)
    }
}

/// Prints the source file that this configuration uses, so that it can be copied and changed.
fn file(context: &Context, word: &str) -> anyhow::Result<Outcome> {
    let slug = find_source(&app::catalog(context.config())?, word)?;
    let text = app::source_file(context.config(), &slug)?;
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
        ("off", Some(why)) => say!("hors service: {}", "off: {}", chosen().phrase(why)),
        ("paused", _) => say!(
            "en pause {} par {}{}; `oim-etl sources resume {}` y met fin",
            "paused {} by {}{}; `oim-etl sources resume {}` ends it",
            ago(state.paused_at),
            state.paused_by.as_deref().unwrap_or(chosen().say("quelqu'un", "somebody")),
            state.paused_why.as_ref().map(|why| format!(": {why}")).unwrap_or_default(),
            state.slug
        ),
        (word, _) => chosen().say(chosen().word("source_states", word), word).to_owned(),
    }
}

/// Returns how many detail pages the next run asks for, whatever its list shows.
fn details(visits: &Visits) -> String {
    let next = visits
        .next_in
        .map(|seconds| say!(", la prochaine dans {:.1} h", ", the next one in {:.1} h", seconds / 3_600.0))
        .unwrap_or_default();
    say!("{} pages connues, {} dues{next}", "{} pages known, {} due{next}", visits.known, visits.due)
}

fn last(run: &RunRow) -> String {
    let why = run.message.as_ref().map(|why| format!(": {}", chosen().phrase(why))).unwrap_or_default();
    format!(
        "{} {}, {}{why}",
        run.id,
        ui::state(run.outcome),
        ago(Some(run.finished_at.unwrap_or(run.created_at)))
    )
}

/// Returns the next tick of the source, in the zone of its entry.
fn next_tick(context: &Context, slug: &SourceSlug) -> anyhow::Result<Option<String>> {
    let timetable = scheduler::timetable(context.config(), &app::catalog(context.config())?)?;
    let now = Utc::now();
    let ticks = timetable
        .entries
        .iter()
        .filter(|entry| entry.source == *slug)
        .filter_map(|entry| Some((*entry.upcoming(now, 1).first()?, entry)));
    Ok(ticks.min_by_key(|(at, _)| *at).map(|(at, entry)| {
        format!(
            "{} ({})",
            at.with_timezone(&entry.zone).format(chosen().say("%d/%m %H:%M %Z", "%a %d %b %H:%M %Z")),
            entry.name
        )
    }))
}

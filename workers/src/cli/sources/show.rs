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
    lang::{self, Lang, chosen, say},
    registry::{self, Base, Files},
    scheduler,
    ui::{self, ago},
};

/// Show how a source stands and where its file is from, or print the file in force
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Slug of the source
    source: String,
    /// Print the source file in force instead
    #[arg(long)]
    file: bool,
}

impl Show {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        if self.file {
            return file(context, &self.source).await;
        }
        let store = app::connect(context.config(), 2).await?;
        let (slug, state) = find_known(&store, &self.source).await?;
        let runs = store.runs(Some(&slug), 1).await?;
        let visits = store.visits(&slug).await?;
        let files = registry::for_command(&context.loaded, &store).await?;
        let tick = next_tick(context, &files.catalog, &slug)?;
        if context.is_json() {
            ui::json(
                &json!({ "state": state.word(), "source": state, "details": visits, "last_run": runs.first(), "next_tick": tick, "file": files.in_force(&slug) }),
            )?;
            return Ok(Outcome::Good);
        }
        ui::line(&format!("source     {slug}  {}", state.name));
        ui::line(&say!("état       {}", "state      {}", described(&state)));
        ui::line(&say!("débit      {}", "rate       {}", rate_line(&state)));
        if let Some(limits) = limits_line(&state) {
            ui::line(&say!("requêtes   {limits}", "requests   {limits}"));
        }
        let (waiting, s) = (state.visits_waiting, lang::s(state.visits_waiting));
        ui::line(&say!(
            "attendent  {waiting} tâche{s} qui la visite{}",
            "waiting    {waiting} jobs that visit it{}",
            if chosen() == Lang::Fr && waiting > 1 { "nt" } else { "" }
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
        let next = tick.map_or_else(
            || say!("aucune: {}", "none: {}", chosen().phrase(scheduler::HOW_TO_VISIT)),
            |tick| format!("{tick}{skipped}"),
        );
        ui::line(&say!("prochaine  {next}", "next tick  {next}"));
        origin(&files, &slug, &state);
        Ok(Outcome::Good)
    }
}

/// Prints where the file in force is from, and what changed in it.
fn origin(files: &Files, slug: &SourceSlug, state: &SourceState) {
    let in_force = files.in_force(slug);
    let from = in_force.map_or_else(
        || chosen().say("aucun worker ne l'a encore apporté", "no worker has brought it yet").to_owned(),
        registry::origin,
    );
    let version = registry::short(&state.spec_version);
    ui::line(&say!("fichier    version {version}, {from}", "file       version {version}, {from}"));
    if let Some(note) = in_force.and_then(|file| file.version.note.as_ref()) {
        ui::line(&format!("           {}", registry::note_in(chosen(), note)));
    }
    if let Some(spec) = files.catalog.get(slug) {
        files.note(spec);
    }
}

/// Prints the source file in force, so that it can be copied and changed. Without a database, the one of this configuration.
async fn file(context: &Context, word: &str) -> anyhow::Result<Outcome> {
    let files = registry::where_possible(&context.loaded).await?;
    let slug = find_source(&files.catalog, word)?;
    let (text, from) = if let Some((text, file)) =
        files.in_force(&slug).and_then(|file| Some((file.file.clone()?, file)))
    {
        (text, registry::origin(file))
    } else {
        let text = Base::load(context.config())?.text(&slug).context("the source has no file")?.to_owned();
        (
            text,
            chosen().text(
                "de cette configuration: aucune base de données ne dit lequel est en vigueur",
                "of this configuration: no database says what is in force",
            ),
        )
    };
    if context.is_json() {
        ui::json(&json!({ "source": slug, "file": text, "from": from }))?;
    } else {
        ui::line(text.trim_end_matches('\n'));
        ui::note(&format!("{slug}  {from}"));
    }
    if let Some(spec) = files.catalog.get(&slug) {
        files.note(spec);
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
fn next_tick(context: &Context, catalog: &Catalog, slug: &SourceSlug) -> anyhow::Result<Option<String>> {
    let timetable = scheduler::timetable(context.config(), catalog)?;
    let now = Utc::now();
    let ticks = timetable
        .entries
        .iter()
        .filter(|entry| entry.source == *slug)
        .filter_map(|entry| Some((*entry.upcoming(now, 1).first()?, entry)));
    Ok(ticks.min_by_key(|(at, _)| *at).map(|(at, entry)| {
        format!(
            "{} ({})",
            at.with_timezone(&entry.zone)
                .format(&chosen().text("%d/%m %H:%M ", "%a %d %b %H:%M "))
                .to_string()
                + entry.zone.name(),
            entry.name
        )
    }))
}

//! When is each source visited? The timetable, with the next and the last visit of each entry.

use axum::{extract::State, response::Response};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use schedules::Entry;

use super::{
    format::{at, maybe_at},
    layout::{Act, answer, button, table, with_text},
    runs::badge,
    session::Visitor,
};
use crate::{
    http::{
        Problem, Surroundings,
        v1::sources::{SourceShown, all},
    },
    scheduler,
};

/// Ticks of an entry that are shown.
const TICKS: usize = 3;

/// Shows the timetable, the soonest first.
pub(super) async fn page(State(here): State<Surroundings>, visitor: Visitor) -> Response {
    let title = visitor.lang.say("Quand chaque source est-elle visitée ?", "When is each source visited?");
    answer(&visitor, title, body(&here, &visitor).await)
}

async fn body(here: &Surroundings, visitor: &Visitor) -> Result<Markup, Problem> {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    let catalog = here.app.catalog();
    let timetable =
        scheduler::timetable(&here.app.config, &catalog).map_err(|error| Problem::internal(&error))?;
    let sources = all(here).await?;
    let mut entries: Vec<(&Entry, Vec<DateTime<Utc>>)> =
        timetable.entries.iter().map(|entry| (entry, entry.upcoming(now, TICKS))).collect();
    entries.sort_by_key(|(_, ticks)| ticks.first().copied());
    let rows = html! { @for (entry, ticks) in &entries {
        (row(here, visitor, entry, ticks, sources.iter().find(|shown| shown.source.slug == entry.source.as_str())))
    } };
    let heads = [
        "Source",
        lang.say("Prochaine visite", "Next visit"),
        lang.say("Dernière collecte", "Last run"),
        lang.say("Calendrier", "Timetable"),
        lang.say("Agir", "Act"),
    ];
    let heads = if visitor.acts() { &heads[..] } else { &heads[..4] };
    let unvisited = scheduler::unvisited(&timetable, &catalog);
    Ok(html! {
        p.note { (lang.say("Une source en pause saute ses visites. Le calendrier vient des fichiers des sources: changez « schedule » dans le fichier.",
                           "A paused source skips its visits. The timetable comes from the source files: change “schedule” in the file.")) }
        (table(lang.say("Calendrier", "Timetable"), heads, &rows))
        @if !unvisited.is_empty() { p.warn {
            (lang.say("Personne ne visite: ", "Nobody visits: ")) (unvisited.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            ". " (lang.phrase(scheduler::HOW_TO_VISIT)) "."
        } }
    })
}

fn row(
    here: &Surroundings,
    visitor: &Visitor,
    entry: &Entry,
    ticks: &[DateTime<Utc>],
    shown: Option<&SourceShown>,
) -> Markup {
    let (lang, now, slug) = (visitor.lang, here.app.clock.now(), entry.source.as_str());
    let is = |word: &str| shown.is_some_and(|shown| shown.state == word);
    let act = |what, label| Act { what, subject: slug, label, of: slug };
    html! { tr {
        th scope="row" { a href={ "/sources/" (slug) } { (slug) }
            @if !is("on") { br; span.badge.warn { (lang.word("source_states", shown.map_or("off", |shown| shown.state))) } } }
        td { (maybe_at(lang, now, ticks.first().copied()))
            @for later in ticks.iter().skip(1) { br; span.note { (at(lang, now, *later)) } } }
        td { @if let Some(fresh) = shown.map(|shown| &shown.freshness) {
            @if let (Some(run), Some(state)) = (fresh.last_run, fresh.last_state) { a href={ "/runs/" (run) } { (badge(lang, state)) } br; }
            (maybe_at(lang, now, fresh.last_at)) } @else { "–" } }
        td { code { (entry.cron) } br; span.note { (entry.zone.name()) ", " (lang.word("run_modes", entry.mode.as_str())) } }
        @if visitor.acts() { td {
            @if is("paused") { (button(visitor, &act("resume", lang.say("Reprendre", "Resume")))) }
            @else if is("on") {
                (button(visitor, &act("ingest", lang.say("Collecter", "Ingest"))))
                (with_text(visitor, &act("pause", lang.say("Mettre en pause", "Pause")), lang.say("Pourquoi (facultatif)", "Why (optional)"), false))
            }
        } }
    } }
}

//! Is everything fresh? The sources, how old what they gave is, and when they are visited next.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use store::{RunOutcome, RunRow, WhichRuns};

use super::{
    file,
    format::{ago, at, brief, counted, maybe_at, message as message_of, who},
    lang::Lang,
    layout::{self, Act, answer, button, table, with_text},
    runs, secrets,
    session::Visitor,
    spark,
};
use crate::http::{
    Problem, Surroundings,
    v1::sources::{SourceShown, all, one as one_source},
};
use crate::scheduler::HOW_TO_VISIT;

/// Lists the sources, those with a problem first.
pub(super) async fn page(State(here): State<Surroundings>, visitor: Visitor) -> Response {
    let title = visitor.lang.say("Tout est-il frais ?", "Is everything fresh?");
    answer(&visitor, title, body(&here, &visitor).await)
}

async fn body(here: &Surroundings, visitor: &Visitor) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let mut sources = all(here).await?;
    let lacking = lacking(here, &sources);
    let lacks = |source: &SourceShown| lacking.contains_key(&source.source.slug);
    sources.sort_by_key(|source| {
        (
            !needs_look(source),
            !lacks(source),
            !source.is_late,
            source.state != "paused",
            source.state == "off",
        )
    });
    let count = |is: fn(&SourceShown) -> bool| sources.iter().filter(|source| is(source)).count();
    let (late, paused, off) = (
        count(|source| source.is_late),
        count(|source| source.state == "paused"),
        count(|source| source.state == "off"),
    );
    let wrong = count(needs_look);
    Ok(html! {
        p.summary {
            @if wrong > 0 { strong.bad { (counted(lang, i64::try_from(wrong).unwrap_or(i64::MAX), ["source a une dernière visite échouée, ou une collecte à décider.", "sources ont une dernière visite échouée, ou une collecte à décider."], ["source has a newest visit that failed, or a run that waits for a decision.", "sources have a newest visit that failed, or a run that waits for a decision."])) } " " }
            @if !lacking.is_empty() { strong.bad { (counted(lang, i64::try_from(lacking.len()).unwrap_or(i64::MAX), ["source attend un", "sources attendent un"], ["source waits for a", "sources wait for a"])) " "
                a href="/secrets" { (lang.say("secret", "secret")) } "." } " " }
            @if late == 0 { strong.good { (lang.say("Aucune source n'est en retard.", "No source is late.")) } }
            @else { strong.bad { (late) " " (lang.say("en retard.", "late.")) } }
            " " (sources.len()) " " (lang.say("sources", "sources")) ", " (paused) " " (lang.say("en pause", "paused")) ", "
            (off) " " (lang.say("hors service", "off")) "."
        }
        ul.cards { @for source in &sources { li { (card(here, visitor, source, lacking.get(&source.source.slug))) } } }
    })
}

/// Whether the newest visit of a source failed, or a run waits for a decision.
fn needs_look(source: &SourceShown) -> bool {
    let fresh = &source.freshness;
    fresh.held_run.is_some() || fresh.last_state == Some(RunOutcome::Failed)
}

/// Returns the sources that are visited and lack secrets, with these.
fn lacking(here: &Surroundings, sources: &[SourceShown]) -> BTreeMap<String, Vec<String>> {
    let on = sources.iter().filter(|source| source.state == "on");
    let each = on.map(|source| (source.source.slug.clone(), secrets::missing(here, &source.source.slug)));
    each.filter(|(_, names)| !names.is_empty()).collect()
}

/// Returns a word for how a source is, with a class for its color.
fn badge(lang: Lang, source: &SourceShown, lacks: bool) -> Markup {
    let word = lang.word("source_states", source.state);
    match source.state {
        "on" if source.freshness.held_run.is_some() => {
            html! { span.badge.warn { (lang.say("À décider", "To decide")) } }
        }
        "on" if needs_look(source) => {
            html! { span.badge.bad { (lang.say("Dernière visite échouée", "Newest visit failed")) } }
        }
        "on" if lacks => html! { span.badge.bad { (lang.say("Secret manquant", "Secret missing")) } },
        "on" if source.is_late => html! { span.badge.bad { (lang.say("En retard", "Late")) } },
        "on" => html! { span.badge.good { (word) } },
        "paused" => html! { span.badge.warn { (word) } },
        _ => html! { span.badge { (word) } },
    }
}

fn card(here: &Surroundings, visitor: &Visitor, shown: &SourceShown, lacks: Option<&Vec<String>>) -> Markup {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    let (source, fresh) = (&shown.source, &shown.freshness);
    let today = now.with_timezone(&chrono_tz::Africa::Douala).date_naive();
    html! { article aria-labelledby={ "source-" (source.slug) } {
        h2 id={ "source-" (source.slug) } { a href={ "/sources/" (source.slug) } { (source.name) } " " (badge(lang, shown, lacks.is_some())) }
        @if let Some(names) = lacks { p.bad { (lang.say("Il manque ", "It lacks ")) a href="/secrets" { (names.join(", ")) }
            (lang.say(": ses tâches attendent, et continuent dès qu'il est là.", ": its jobs wait, and continue once it is there.")) } }
        dl {
            dt { (lang.say("Dernière bonne collecte", "Last good run")) } dd { (maybe_at(lang, now, fresh.complete_at)) }
            dt { (lang.say("Prochaine visite", "Next visit")) } dd { (maybe_at(lang, now, shown.next_tick))
                @if shown.state == "paused" && shown.next_tick.is_some() { ", " (lang.say("sautée si la source n'est pas reprise d'ici là", "skipped unless the source is resumed by then")) } }
            dt { (lang.say("Débit", "Rate")) } dd { (rate(lang, shown)) }
            @if let Some(run) = fresh.held_run.filter(|run| fresh.last_run != Some(*run)) {
                dt { (lang.say("À décider", "To decide")) } dd { a href={ "/runs/" (run) } { (runs::badge(lang, RunOutcome::Held)) } }
            }
            @if let (Some(state), Some(run)) = (fresh.last_state, fresh.last_run) {
                dt { (lang.say("Dernière visite", "Newest visit")) }
                dd { a href={ "/runs/" (run) } { (runs::badge(lang, state)) }
                     @if let Some(asked) = fresh.last_at { ", " (ago(lang, now, asked)) }
                     @if let Some(message) = fresh.last_message.as_deref().filter(|_| needs_look(shown)) { br; (brief(&message_of(lang, message), 240)) } }
            }
            @if shown.next_tick.is_none() && shown.state == "on" { dt { (lang.say("Calendrier", "Timetable")) } dd.warn { (lang.say("personne ne la visite: ", "nobody visits it: ")) (lang.phrase(HOW_TO_VISIT)) } }
        }
        (held(lang, now, shown))
        (spark::drawing(lang, &source.slug, today, &fresh.days))
        (buttons(visitor, shown))
    } }
}

/// Returns why nothing is requested from a source; nothing if it may be visited.
fn held(lang: Lang, now: DateTime<Utc>, shown: &SourceShown) -> Markup {
    let source = &shown.source;
    html! {
        @if let ("paused", Some(since), Some(by)) = (shown.state, source.paused_at, &source.paused_by) { p.warn {
            (lang.say("En pause", "Paused")) " " (lang.say("par", "by")) " " (who(lang, by)) ", " (ago(lang, now, since))
            @if let Some(why) = &source.paused_why { ": " (why) }
        } } @else if let Some(why) = &source.off_why { p.warn { (lang.phrase(why)) } }
    }
}

/// Returns the rate in force beside the one that the source file allows.
fn rate(lang: Lang, shown: &SourceShown) -> Markup {
    let source = &shown.source;
    let allowed = source.file_rate.as_deref().unwrap_or("?");
    html! {
        @match &source.rate {
            Some(rate) => { (rate) " " (lang.say("au lieu de", "instead of")) " " (allowed)
                @if let Some(by) = &source.rate_by { ", " (lang.say("par", "by")) " " (who(lang, by)) } },
            None => { (allowed) },
        }
        @if source.share < 1.0 { ", " (lang.say("ralenti à", "slowed to")) " " (format!("{:.0}\u{a0}%", source.share * 100.0)) }
        @if source.visits_waiting > 0 { ", " (counted(lang, source.visits_waiting, ["visite en attente", "visites en attente"], ["visit waits", "visits wait"])) }
        @if !source.quiet_hours.is_empty() { ", " (lang.say("rien entre", "none between")) " " (source.quiet_hours.join(", ")) }
        @if let Some(most) = source.daily_requests { ", " (source.requests_today) "/" (most) " " (lang.say("aujourd'hui", "today")) }
    }
}

fn buttons(visitor: &Visitor, shown: &SourceShown) -> Markup {
    let lang = visitor.lang;
    let slug = shown.source.slug.as_str();
    let act = |what, label| Act { what, subject: slug, label, of: slug };
    html! { div.acts {
        @if shown.state == "on" { (button(visitor, &act("ingest", lang.say("Collecter", "Ingest")))) }
        @if shown.state == "paused" { (button(visitor, &act("resume", lang.say("Reprendre", "Resume")))) }
        @else if shown.state == "on" {
            (with_text(visitor, &act("pause", lang.say("Mettre en pause", "Pause")), lang.say("Pourquoi (facultatif)", "Why (optional)"), false))
        }
        (with_text(visitor, &act("rate", lang.say("Changer le débit", "Change the rate")),
                   lang.say("Par exemple 10/min; vide: celui du fichier de la source", "Such as 10/min; empty: the one of its source file"), false))
    } }
}

/// Shows one source with its runs and days.
pub(super) async fn one(
    State(here): State<Surroundings>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Response {
    match one_body(&here, &visitor, &slug).await {
        Ok((title, body)) => answer(&visitor, &title, Ok(body)),
        Err(problem) => layout::refused(&visitor, &problem, "/"),
    }
}

async fn one_body(here: &Surroundings, visitor: &Visitor, slug: &str) -> Result<(String, Markup), Problem> {
    let lang = visitor.lang;
    let shown = one_source(here, slug).await?;
    let which = WhichRuns { sources: vec![slug.to_owned()], ..WhichRuns::default() };
    let (newest, total) = here.app.store.runs_where(&which, None, 10).await?;
    let lacking = lacking(here, std::slice::from_ref(&shown));
    let body = html! {
        (card(here, visitor, &shown, lacking.get(slug)))
        h2 { (lang.say("Dernières collectes", "Newest runs")) }
        (runs::rows(here, lang, &newest))
        p { a href={ "/runs?source=" (slug) } { (lang.say("Toutes les collectes", "All runs")) " (" (total) ")" } }
        (file::section(here, visitor, &shown).await?)
        (spark::numbers(lang, &shown.freshness.days))
    };
    Ok((shown.source.name.clone(), body))
}

/// Returns the runs that failed or wait, for the page of what is stuck.
pub(super) async fn failed(here: &Surroundings, lang: Lang) -> Result<Markup, Problem> {
    let which = WhichRuns { states: vec![RunOutcome::Failed], ..WhichRuns::default() };
    let ((mut failed, _), fresh) =
        tokio::try_join!(here.app.store.runs_where(&which, None, 20), here.app.store.freshness())?;
    // What a later visit made up for is over.
    let is_over = |run: &RunRow| {
        let complete = fresh.get(&run.source).and_then(|fresh| fresh.complete_at);
        complete.is_some_and(|at| at > run.created_at)
    };
    failed.retain(|run| !is_over(run));
    failed.truncate(5);
    let now = here.app.clock.now();
    let rows = html! { @for run in &failed { tr {
        th scope="row" { a href={ "/runs/" (run.id) } { (run.source) } }
        td { (at(lang, now, run.created_at)) }
        td { (brief(&message_of(lang, run.message.as_deref().unwrap_or_default()), 240)) }
    } } };
    let heads = ["Source", lang.say("Demandée", "Asked"), lang.say("Pourquoi", "Why")];
    Ok(
        html! { @if !failed.is_empty() { (table(lang.say("Collectes échouées", "Failed runs"), &heads, &rows)) } },
    )
}

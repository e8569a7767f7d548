//! What happened in this run?

use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::RunId;
use maud::{Markup, html};
use serde::Deserialize;
use store::{Preview, RunChange, RunOutcome, RunRow, Timeline, WhichRejections};

use super::{
    format::{at, brief, column, head, maybe_at, message as message_of, number, short, value, who},
    lang::Lang,
    layout::{self, Act, answer, button, careful, pages, table},
    secrets::REFUSED,
    session::Visitor,
};
use crate::http::{Problem, Surroundings, extract};

/// Rejected records of a page.
const ROWS: i64 = 25;
/// Opportunities of each kind that a run changed which are shown.
const CHANGES: i64 = 5;
/// Examples of each kind.
const EXAMPLES: usize = 5;

/// Returns a table of runs.
pub(super) fn rows(here: &Surroundings, lang: Lang, runs: &[RunRow]) -> Markup {
    let now = here.app.clock.now();
    let heads = [
        lang.say("Collecte", "Run"),
        "Source",
        lang.say("État", "State"),
        lang.say("Demandée", "Asked"),
        lang.say("#vues", "#seen"),
        lang.say("#nouvelles", "#new"),
        lang.say("#changées", "#changed"),
        lang.say("#fermées", "#closed"),
        lang.say("#refusées", "#rejected"),
    ];
    let rows = html! { @for run in runs { tr {
        th scope="row" { a href={ "/runs/" (run.id) } { (head(&run.id.to_string())) } }
        td { (run.source) }
        td { (badge(lang, run.outcome)) @if let Some(message) = &run.message { br; span.note { (brief(&message_of(lang, message), 160)) } } }
        td { (at(lang, now, run.created_at)) }
        @for count in [run.seen, run.created, run.changed, run.closed, run.rejected] { td.n { (number(lang, count.into())) } }
    } } };
    table(lang.say("Collectes", "Runs"), &heads, &rows)
}

/// Returns how a run stands as a badge.
pub(super) fn badge(lang: Lang, state: RunOutcome) -> Markup {
    let class = match state {
        RunOutcome::Complete => "badge good",
        RunOutcome::Partial | RunOutcome::Held => "badge warn",
        RunOutcome::Failed => "badge bad",
        _ => "badge",
    };
    html! { span class=(class) { (lang.word("run_states", state.as_str())) } }
}

/// Where the list of the rejected records of a run begins.
#[derive(Debug, Deserialize)]
pub(super) struct Rejected {
    after: Option<String>,
}

/// Shows a run.
pub(super) async fn one(
    State(here): State<Surroundings>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(page): Query<Rejected>,
) -> Response {
    let lang = visitor.lang;
    let id = match found(&here, lang, &id).await {
        Ok(id) => id,
        Err(problem) => return layout::refused(&visitor, &problem, "/runs"),
    };
    let body = one_body(&here, &visitor, id, &page).await;
    answer(&visitor, &format!("{} {}", lang.say("Collecte", "Run"), head(&id.to_string())), body)
}

/// Returns the run whose id is or begins with these characters.
async fn found(here: &Surroundings, lang: Lang, word: &str) -> Result<RunId, Problem> {
    if let Ok(id) = word.parse() {
        return Ok(id);
    }
    match *here.app.store.runs_like(word).await? {
        [run] => Ok(run),
        [] => Err(Problem::missing(lang.say(
            "il n'y a pas de collecte dont l'identifiant commence ainsi",
            "there is no run whose id begins like this",
        ))),
        _ => Err(Problem::missing(lang.say(
            "plusieurs collectes commencent ainsi: écrivez plus de l'identifiant",
            "several runs begin like this: write more of the id",
        ))),
    }
}

async fn one_body(
    here: &Surroundings,
    visitor: &Visitor,
    id: RunId,
    page: &Rejected,
) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let store = &here.app.store;
    let run = store.run(id).await?;
    let which = WhichRejections { run: Some(id), ..WhichRejections::default() };
    let before: Option<i64> = extract::after(page.after.as_deref())?;
    let ((refused, by_code), warnings, timeline, changes) = tokio::try_join!(
        store.rejections_where(&which, before, ROWS),
        store.doubt_counts(id),
        store.timeline(id),
        store.changes_of(id, CHANGES)
    )?;
    let waits = run.outcome == RunOutcome::Held;
    let preview = if waits { Some(store.preview_run(id).await?) } else { None };
    let more = refused.last().filter(|_| i64::try_from(refused.len()).is_ok_and(|count| count == ROWS));
    let next = more.map(|last| format!("/runs/{id}?after={}#rejected", last.id));
    let first = page.after.as_ref().map(|_| format!("/runs/{id}#rejected"));
    let refused_rows = html! { @for row in &refused { tr {
        th scope="row" { (row.external_id.as_deref().unwrap_or("–")) }
        td { (lang.word("rejections", &row.code)) }
        td { (short(row.detail.as_deref().unwrap_or("–"), 80)) }
        td.w { @if visitor.acts() { (value(&row.record, 160)) } @else { "–" } }
    } } };
    Ok(html! {
        (facts(here, lang, &run, &timeline))
        (next_steps(visitor, &run))
        (buttons(visitor, &run, preview.as_ref()))
        @if let Some(preview) = &preview { (would_be(lang, preview)) }
        (did(lang, &changes))
        @if !by_code.is_empty() {
            h2 #rejected { (lang.say("Refusées", "Rejected")) }
            ul { @for count in &by_code { li { (number(lang, count.count)) " × " (lang.word("rejections", &count.code))
                @if let Some(example) = &count.example { ": " q { (short(example, 80)) } } } } }
            (table(lang.say("Fiches refusées", "Rejected records"),
                   &[lang.say("Identifiant", "Identifier"), lang.say("Raison", "Reason"), lang.say("Mots", "Words"), lang.say("Fiche", "Record")], &refused_rows))
            (pages(lang, first.as_deref(), next.as_deref()))
        }
        @if !warnings.is_empty() {
            h2 { (lang.say("Avertissements", "Warnings")) }
            ul { @for count in &warnings { li { (number(lang, count.count)) " × " (lang.word("warnings", &count.code)) } } }
        }
    })
}

/// Returns what a run did to opportunities, some of each kind.
fn did(lang: Lang, changes: &[RunChange]) -> Markup {
    let kinds = [
        ("created", lang.say("Nouvelles", "New")),
        ("changed", lang.say("Changées", "Changed")),
        ("reopened", lang.say("Rouvertes", "Opened again")),
        ("closed", lang.say("Fermées", "Closed")),
    ];
    html! { @for (what, title) in kinds {
        @let mut of = changes.iter().filter(|change| change.what == what).peekable();
        @if of.peek().is_some() {
            h2 { (title) " (" (lang.say("exemples", "examples")) ")" }
            ul { @for change in of { li { a href={ "/opportunities/" (change.id) } { (short(&change.title, 100)) }
                @if !change.fields.is_empty() { ": " (change.fields.iter().map(|field| column(lang, field)).collect::<Vec<_>>().join(", ")) } } } }
        }
    } }
}

fn facts(here: &Surroundings, lang: Lang, run: &RunRow, timeline: &Timeline) -> Markup {
    let now = here.app.clock.now();
    html! {
        dl {
            dt { "Source" } dd { a href={ "/sources/" (run.source) } { (run.source) } }
            dt { (lang.say("État", "State")) } dd { (badge(lang, run.outcome)) @if let Some(by) = &run.decided_by { " " (lang.say("par", "by")) " " (who(lang, by)) } }
            @if let Some(message) = &run.message { dt { (lang.say("Message", "Message")) } dd { (message_of(lang, message)) } }
            dt { (lang.say("Genre", "Kind")) } dd { (lang.word("run_modes", run.mode.as_str())) ", " (lang.word("triggers", run.trigger.as_str())) " (" (who(lang, &timeline.requested_by)) ")" }
            @if let Some(version) = &timeline.spec_version { dt { (lang.say("Fichier de la source", "Source file")) } dd { code { (head(version)) } } }
            dt { (lang.say("Demandée", "Asked")) } dd { (at(lang, now, run.created_at)) }
            dt { (lang.say("Commencée", "Started")) } dd { (maybe_at(lang, now, run.started_at)) }
            dt { (lang.say("Première réponse", "First answer")) } dd { (maybe_at(lang, now, timeline.first_answer)) }
            dt { (lang.say("Dernière réponse", "Last answer")) } dd { (maybe_at(lang, now, timeline.last_answer)) }
            dt { (lang.say("Publiée", "Published")) } dd { (maybe_at(lang, now, run.published_at)) }
            dt { (lang.say("Finie", "Ended")) } dd { (maybe_at(lang, now, run.finished_at)) }
            dt { "Pages" } dd { (run.pages) ", " (run.pages_failed) " " (lang.say("échouées", "failed")) ", " (run.requests) " " (lang.say("requêtes", "requests")) }
            dt { (lang.say("Fiches", "Records")) } dd {
                (number(lang, run.seen.into())) ": " (run.created) " " (lang.say("nouvelles", "new")) ", " (run.changed) " " (lang.say("changées", "changed")) ", "
                (run.unchanged) " " (lang.say("inchangées", "unchanged")) ", " (run.rejected) " " (lang.say("refusées", "rejected")) "; " (run.closed) " " (lang.say("fermées", "closed")) }
        }
        @if !run.doubts.is_empty() { section.warn { h2 { (lang.say("Ce dont le contrôle doute", "What the audit doubts")) } ul { @for doubt in &run.doubts { li { (lang.phrase(doubt)) } } } } }
    }
}

/// Returns what publishing a run comes to, in numbers.
fn effect(lang: Lang, run: &RunRow, preview: Option<&Preview>) -> String {
    let Some(preview) = preview else {
        return match lang {
            Lang::Fr => format!(
                "{} nouvelles, {} changées, et ce qu'elle ne montre plus est fermé.",
                run.created, run.changed
            ),
            Lang::En => format!(
                "{} new, {} changed, and what it no longer shows is closed.",
                run.created, run.changed
            ),
        };
    };
    let (tally, closed) = (&preview.tally, preview.missing.len());
    match lang {
        Lang::Fr => format!("{} nouvelles, {} changées, {closed} fermées.", tally.created, tally.changed),
        Lang::En => format!("{} new, {} changed, {closed} closed.", tally.created, tally.changed),
    }
}

/// Returns where to go after a run that failed or came in part.
fn next_steps(visitor: &Visitor, run: &RunRow) -> Markup {
    let (lang, slug) = (visitor.lang, run.source.as_str());
    let message = run.message.as_deref().unwrap_or_default();
    let is_about_secrets = message.contains(REFUSED) || message.contains("_FILE");
    html! { @if matches!(run.outcome, RunOutcome::Failed | RunOutcome::Partial) { section aria-labelledby="next" {
        h2 #next { (lang.say("Que faire", "What to do")) }
        ol {
            @if is_about_secrets { li { a href="/secrets" { (lang.say("Regardez les secrets", "Look at the secrets")) } (lang.say(" de cette source.", " of this source.")) } }
            li { a href={ "/stuck?source=" (slug) } { (lang.say("Regardez ce qui est abandonné", "Look at the dead letters")) }
                (lang.say(" de cette source; la cause réparée, reprenez-le.", " of this source; once the cause is mended, retry them.")) }
            li { a href={ "/sources/" (slug) } { (lang.say("La source", "The source")) } (lang.say(": ses autres collectes, et son fichier.", ": its other runs, and its file.")) }
            @if visitor.acts() { li { (button(visitor, &Act { what: "ingest", subject: slug, label: lang.say("Collecter à nouveau", "Ingest again"), of: slug })) } }
        }
    } } }
}

/// Returns what can be done with a run.
pub(super) fn buttons(visitor: &Visitor, run: &RunRow, preview: Option<&Preview>) -> Markup {
    let lang = visitor.lang;
    let id = run.id.to_string();
    let act = |what, label| Act { what, subject: &id, label, of: head(&id) };
    html! { div.acts {
        @if run.outcome == RunOutcome::Held {
            (careful(visitor, &act("publish", lang.say("Publier", "Publish")), &format!("{} {}", lang.say("Sera servi:", "Will be served:"), effect(lang, run, preview))))
            (careful(visitor, &act("discard", lang.say("Rejeter", "Discard")), &format!("{} {}", lang.say("Ne sera pas servi:", "Will not be served:"), effect(lang, run, preview))))
        }
        @if !run.state.ended() { (button(visitor, &act("cancel", lang.say("Arrêter", "Cancel")))) }
        @if matches!(run.outcome, RunOutcome::Complete | RunOutcome::Partial) && run.published_at.is_some() && run.revert_of.is_none() {
            (careful(visitor, &act("revert", lang.say("Défaire", "Revert")),
                     lang.say("Ce qu'elle a créé, changé et fermé sera défait.", "What it created, changed and closed will be undone.")))
        }
    } }
}

/// Returns what publishing a held run would do.
pub(super) fn would_be(lang: Lang, preview: &Preview) -> Markup {
    let examples = |title: &str, rows: &[(String, String)]| {
        html! { @if !rows.is_empty() {
            h3 { (title) " (" (rows.len()) ")" }
            ul { @for (id, name) in rows.iter().take(EXAMPLES) { li { (id) " – " (short(name, 100)) } } }
        } }
    };
    let rows = html! { @for (field, count) in &preview.fields {
        @let with_it = preview.changed.iter().filter(|change| change.fields.contains_key(field));
        @for change in with_it.take(2) {
            @let sides = change.fields.get(field);
            tr {
                th scope="row" { (column(lang, field)) " (" (count) ")" }
                td { (change.external_id) }
                td.w { (sides.and_then(|sides| sides.get("from")).map_or_else(String::new, |from| value(from, 80))) }
                td.w { (sides.and_then(|sides| sides.get("to")).map_or_else(String::new, |to| value(to, 80))) }
            }
        }
    } };
    html! { section.would {
        h2 { (lang.say("Ce que publier ferait", "What publishing would do")) }
        p { (preview.tally.created) " " (lang.say("nouvelles", "new")) ", " (preview.tally.changed) " " (lang.say("changées", "changed")) ", "
            (preview.missing.len()) " " (lang.say("fermées", "closed")) }
        @if !preview.fields.is_empty() {
            (table(lang.say("Exemples par champ", "Examples by field"),
                   &[lang.say("Champ", "Field"), lang.say("Opportunité", "Opportunity"), lang.say("Avant", "Before"), lang.say("Après", "After")], &rows))
        }
        (examples(lang.say("Nouvelles", "New"), &preview.created))
        (examples(lang.say("Seraient fermées", "Would be closed"), &preview.missing))
    } }
}

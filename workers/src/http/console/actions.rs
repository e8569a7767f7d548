//! Who did what, and when: by command, API or console.

use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    format::{at, brief, counted, head, message, who},
    lang::Lang,
    layout::{answer, table},
    session::Visitor,
};
use crate::{
    http::{Problem, Surroundings, extract},
    registry::note_in,
};

/// Rows of a page.
const ROWS: i64 = 50;

/// Where the page begins.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    after: Option<String>,
}

/// Lists actions, newest first.
pub(super) async fn page(
    State(here): State<Surroundings>,
    visitor: Visitor,
    Query(from): Query<From>,
) -> Response {
    let title = visitor.lang.say("Qui a fait quoi ?", "Who did what?");
    answer(&visitor, title, body(&here, &visitor, &from).await)
}

async fn body(here: &Surroundings, visitor: &Visitor, from: &From) -> Result<Markup, Problem> {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    let (rows, total) = here.app.store.actions(extract::after(from.after.as_deref())?, ROWS).await?;
    let more =
        rows.last().filter(|row| row.id > 1 && i64::try_from(rows.len()).is_ok_and(|count| count == ROWS));
    let listed = html! { @for row in &rows { tr {
        td { (at(lang, now, row.at)) }
        td { (who(lang, &row.by)) }
        th scope="row" { (lang.word("actions", &row.action)) }
        td { (subject(&row.subject)) }
        td { (detail(lang, &row.action, row.detail.as_deref().unwrap_or("–"))) }
    } } };
    let heads = [
        lang.say("Quand", "When"),
        lang.say("Qui", "Who"),
        lang.say("Quoi", "What"),
        lang.say("Sur quoi", "On what"),
        lang.say("Détail", "Detail"),
    ];
    Ok(html! {
        p { (counted(lang, total, ["action", "actions"], ["action", "actions"])) }
        (table(lang.say("Journal", "Audit log"), &heads, &listed))
        @if let Some(last) = more { p { a rel="next" href={ "/actions?after=" (last.id) } { (lang.say("Plus anciennes", "Older")) } } }
    })
}

/// Returns what is noted of an action, in the language of the reader: a run by its mode and a link.
fn detail(lang: Lang, action: &str, text: &str) -> Markup {
    let run = text.split_once(" run ").or_else(|| Some(("", text.strip_prefix("run ")?)));
    if let Some((mode, run)) = run.filter(|(_, run)| Uuid::parse_str(run).is_ok()) {
        return html! { (mode_of(lang, mode)) a href={ "/runs/" (run) } { (head(run)) } };
    }
    let said = message(lang, text);
    let words = match (action, lang) {
        ("create_token", _) => lang.word("scopes", text).to_owned(),
        ("apply_file" | "rollback_file", _) => match text.split_once(": ") {
            Some((version, note)) => format!("{version}: {}", note_in(lang, note)),
            None => said,
        },
        ("publish", Lang::Fr) => {
            said.replace(" new", " nouvelles").replace(" changed", " changées").replace(" closed", " fermées")
        }
        ("silence", Lang::Fr) => said.replacen("until ", "jusqu'au ", 1),
        ("rate", Lang::Fr) => said.replacen("as its source file says", "celui de son fichier", 1),
        _ => said,
    };
    html! { (brief(&words, 240)) }
}

/// Returns how a run was asked for; of a revert, that it was done by the run that follows.
fn mode_of(lang: Lang, mode: &str) -> String {
    match mode {
        "" => String::new(),
        "by" => lang.text("par ", "by "),
        mode => format!("{}, ", lang.word("run_modes", mode)),
    }
}

/// Returns what an action was about: a run or a pair by its links, anything else as it is.
fn subject(text: &str) -> Markup {
    let ids: Vec<&str> = text.split(' ').filter(|id| Uuid::parse_str(id).is_ok()).collect();
    html! { @match ids[..] {
        [run] => a href={ "/runs/" (run) } { (head(run)) },
        [one, other] => { a href={ "/opportunities/" (one) } { (head(one)) } " · " a href={ "/opportunities/" (other) } { (head(other)) } },
        _ => (text),
    } }
}

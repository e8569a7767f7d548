//! What is stuck? Dead letters, the backlog, workers, indexes and hosts that fail.

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use store::{DeadRow, PoolState, WhichDead};

use super::{
    format::{ago, at, head, number, short, span},
    fresh,
    lang::Lang,
    layout::{Act, answer, button, careful, table},
    session::Visitor,
};
use crate::http::{Problem, Surroundings};

/// Dead letters of a page.
const ROWS: i64 = 50;

/// Shows what is stuck.
pub(super) async fn page(State(here): State<Surroundings>, visitor: Visitor) -> Response {
    let title = visitor.lang.say("Qu'est-ce qui est bloqué ?", "What is stuck?");
    answer(&visitor, title, body(&here, &visitor).await)
}

async fn body(here: &Surroundings, visitor: &Visitor) -> Result<Markup, Problem> {
    let (lang, store) = (visitor.lang, &here.app.store);
    let all = WhichDead::default();
    let (overview, (dead, total), unmatched) =
        tokio::try_join!(store.pool_state(), store.dead(&all, ROWS), store.unmatched())?;
    let oldest = overview.queue.iter().map(|depth| depth.oldest_seconds).fold(0.0, f64::max);
    let waiting: i64 = overview.queue.iter().map(|depth| depth.ready).sum();
    Ok(html! {
        ul.figures {
            li { strong { (number(lang, total)) } " " (lang.say("tâches abandonnées", "dead letters")) }
            li { strong { (number(lang, waiting)) } " " (lang.say("tâches en attente, la plus ancienne depuis ", "jobs wait, the oldest for ")) (seconds(lang, oldest)) }
            li { strong { (overview.workers.len()) } " " (lang.say("workers vivants", "living workers")) }
            li { strong { (number(lang, overview.targets.iter().filter(|target| target.is_shown).map(|target| target.outbox).sum())) } " " (lang.say("changements à indexer", "changes to index")) }
            li { strong { (number(lang, unmatched)) } " " (lang.say("opportunités à comparer", "opportunities to compare")) }
        }
        (letters(here, visitor, &dead, total))
        (fresh::failed(here, lang).await?)
        (queue(lang, &overview))
        (workers(here, lang, &overview))
        (indexes(lang, &overview))
        (hosts(here, lang, &overview))
    })
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time that a job waits, never negative"
)]
fn seconds(lang: Lang, seconds: f64) -> String {
    span(lang, seconds.max(0.0) as u64)
}

fn letters(here: &Surroundings, visitor: &Visitor, dead: &[DeadRow], total: i64) -> Markup {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    let rows = html! { @for letter in dead {
        @let id = letter.id.to_string();
        tr {
            th scope="row" { (id) }
            td { (letter.source.as_deref().unwrap_or("–")) }
            td { (letter.kind) }
            td.w { (short(&letter.reason, 240)) @if let Some(url) = &letter.url { br; (short(url, 120)) } }
            td { (at(lang, now, letter.died_at)) }
            td { @if let Some(run) = letter.run { a href={ "/runs/" (run) } { (head(&run.to_string())) } } }
            @if visitor.acts() { td {
                (button(visitor, &Act { what: "retry", subject: &id, label: lang.say("Reprendre", "Retry"), of: &id }))
                (button(visitor, &Act { what: "drop", subject: &id, label: lang.say("Écarter", "Discard"), of: &id }))
            } }
        }
    } };
    let mut heads = vec![
        lang.say("Numéro", "Number"),
        "Source",
        lang.say("Tâche", "Job"),
        lang.say("Raison", "Reason"),
        lang.say("Abandonnée", "Given up"),
        lang.say("Collecte", "Run"),
    ];
    if visitor.acts() {
        heads.push(lang.say("Agir", "Act"));
    }
    let every = Act {
        what: "retry",
        subject: "all",
        label: lang.say("Tout reprendre", "Retry all"),
        of: lang.say("les tâches abandonnées", "dead letters"),
    };
    html! {
        h2 { (lang.say("Tâches abandonnées", "Dead letters")) }
        @if dead.is_empty() { p.good { (lang.say("Aucune.", "None.")) } }
        @else {
            (careful(visitor, &every, &format!("{} {}", number(lang, total), lang.say("tâches seront reprises.", "jobs will be tried again."))))
            (table(lang.say("Tâches abandonnées", "Dead letters"), &heads, &rows))
        }
    }
}

fn queue(lang: Lang, overview: &PoolState) -> Markup {
    let rows = html! { @for depth in &overview.queue { tr {
        th scope="row" { (depth.lane) }
        td { (depth.kind) }
        td.n { (number(lang, depth.ready)) } td.n { (number(lang, depth.later)) } td.n { (number(lang, depth.running)) }
        td { (seconds(lang, depth.oldest_seconds)) }
        td { (short(depth.last_error.as_deref().unwrap_or("–"), 120)) }
    } } };
    let heads = [
        lang.say("File", "Lane"),
        lang.say("Tâche", "Job"),
        lang.say("prêtes", "ready"),
        lang.say("plus tard", "later"),
        lang.say("en cours", "running"),
        lang.say("la plus ancienne", "oldest"),
        lang.say("dernière erreur", "last error"),
    ];
    html! { @if !overview.queue.is_empty() { (table(lang.say("Tâches en attente", "Backlog"), &heads, &rows)) } }
}

fn workers(here: &Surroundings, lang: Lang, overview: &PoolState) -> Markup {
    let now = here.app.clock.now();
    let rows = html! { @for worker in &overview.workers { tr {
        th scope="row" { (worker.host) }
        td.n { (worker.pid) }
        td { (worker.http_address.as_deref().unwrap_or("–")) }
        td { (if worker.indexes { lang.say("oui", "yes") } else { lang.say("non", "no") }) }
        td { (ago(lang, now, worker.started_at)) }
        td { @match worker.clock_off { Some(off) => span.bad { (off) " s" }, None => "–" } }
    } } };
    let heads = [
        lang.say("Machine", "Host"),
        "pid",
        lang.say("Adresse", "Address"),
        lang.say("Tient l'index", "Holds the index"),
        lang.say("Démarré", "Started"),
        lang.say("Horloge décalée", "Clock off"),
    ];
    table("Workers", &heads, &rows)
}

fn indexes(lang: Lang, overview: &PoolState) -> Markup {
    let rows = html! { @for target in overview.targets.iter().filter(|target| target.is_shown) { tr {
        th scope="row" { (target.place.as_deref().unwrap_or("–")) }
        td.n { (number(lang, target.indexed)) }
        td.n { (number(lang, target.outbox)) }
        td { (target.oldest_seconds.map_or_else(|| "–".to_owned(), |oldest| seconds(lang, oldest))) }
        td { (target.failure.as_deref().map_or_else(|| "–".to_owned(), |failure| short(failure, 160))) }
    } } };
    let heads = [
        "Index",
        lang.say("points", "points"),
        lang.say("en retard", "behind"),
        lang.say("depuis", "for"),
        lang.say("échec", "failure"),
    ];
    table(lang.say("Index vectoriels", "Vector indexes"), &heads, &rows)
}

fn hosts(here: &Surroundings, lang: Lang, overview: &PoolState) -> Markup {
    let now = here.app.clock.now();
    let rows = html! { @for host in &overview.hosts { tr {
        th scope="row" { (host.host) }
        td { (host.source) }
        td.n { (host.failures) }
        td { (at(lang, now, host.since)) }
        td { (at(lang, now, host.next_try)) }
        td { (short(&host.why, 160)) }
    } } };
    let heads = [
        lang.say("Hôte", "Host"),
        "Source",
        lang.say("échecs", "failures"),
        lang.say("depuis", "since"),
        lang.say("prochain essai", "next try"),
        lang.say("pourquoi", "why"),
    ];
    html! { @if !overview.hosts.is_empty() { (table(lang.say("Hôtes qui ne répondent pas", "Hosts that do not answer"), &heads, &rows)) } }
}

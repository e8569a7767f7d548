//! What is stuck? Dead letters, the backlog, workers, indexes and hosts that fail.

use axum::{
    extract::{Query, State},
    response::Response,
};
use domain::SourceSlug;
use maud::{Markup, html};
use serde::Deserialize;
use store::{DeadCursor, DeadRow, PoolState, WhichDead};

use super::{
    format::{ago, at, brief, counted, head, message, number, short, span},
    fresh,
    held::known,
    lang::Lang,
    layout::{Act, answer, button, careful, pages, table},
    session::Visitor,
};
use crate::http::{Problem, Surroundings, extract, v1::known_source};

/// Dead letters of a page.
const ROWS: i64 = 50;

/// What the subject of a button begins with that acts on all dead letters that fit. The query of the list follows.
pub(super) const ALL: &str = "all?";

/// Which dead letters to list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    source: String,
    reason: String,
    after: Option<String>,
}

impl Which {
    /// Parses the query of a list.
    pub(super) fn of_query(query: &str) -> Result<Self, Problem> {
        let mut which = Self::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "source" => which.source = value.into_owned(),
                "reason" => which.reason = value.into_owned(),
                // A condition that nobody knows must not widen what is acted on.
                other => return Err(Problem::bad(format!("there is no condition {other:?}"))),
            }
        }
        Ok(which)
    }

    fn query(&self) -> String {
        let pairs = [("source", self.source.trim()), ("reason", self.reason.trim())];
        let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish()
    }

    /// Returns the dead letters that fit. An unknown source is an error.
    pub(super) async fn dead(&self, here: &Surroundings) -> Result<WhichDead, Problem> {
        let source: Option<SourceSlug> = match self.source.trim() {
            "" => None,
            word => Some(known_source(here, word).await?.0),
        };
        let reason = Some(self.reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        Ok(WhichDead { source, reason, ..WhichDead::default() })
    }
}

/// Shows what is stuck.
pub(super) async fn page(
    State(here): State<Surroundings>,
    visitor: Visitor,
    Query(which): Query<Which>,
) -> Response {
    let title = visitor.lang.say("Qu'est-ce qui est bloqué ?", "What is stuck?");
    answer(&visitor, title, body(&here, &visitor, &which).await)
}

async fn body(here: &Surroundings, visitor: &Visitor, which: &Which) -> Result<Markup, Problem> {
    let (lang, store) = (visitor.lang, &here.app.store);
    let wanted = which.dead(here).await?;
    let after: Option<DeadCursor> = extract::after(which.after.as_deref())?;
    let (overview, (dead, total), unmatched) =
        tokio::try_join!(store.pool_state(), store.dead(&wanted, after, ROWS), store.unmatched())?;
    let oldest = overview.queue.iter().map(|depth| depth.oldest_seconds).fold(0.0, f64::max);
    let waiting: i64 = overview.queue.iter().map(|depth| depth.ready).sum();
    Ok(html! {
        ul.figures {
            li { strong { (counted(lang, total, ["tâche abandonnée", "tâches abandonnées"], ["dead letter", "dead letters"])) } }
            li { strong { (counted(lang, waiting, ["tâche en attente", "tâches en attente"], ["job waits", "jobs wait"])) }
                @if waiting > 0 { ", " (lang.say("la plus ancienne depuis ", "the oldest for ")) (seconds(lang, oldest)) } }
            li { strong { (counted(lang, i64::try_from(overview.workers.len()).unwrap_or(i64::MAX), ["worker vivant", "workers vivants"], ["living worker", "living workers"])) } }
            li { strong { (number(lang, overview.targets.iter().filter(|target| target.is_shown).map(|target| target.outbox).sum())) } " " (lang.say("changements à indexer", "changes to index")) }
            li { strong { (number(lang, unmatched)) } " " (lang.say("opportunités à comparer", "opportunities to compare")) }
        }
        (letters(here, visitor, which, &known(here).await?, (dead.as_slice(), total)))
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

fn letters(
    here: &Surroundings,
    visitor: &Visitor,
    which: &Which,
    known: &[SourceSlug],
    (dead, total): (&[DeadRow], i64),
) -> Markup {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    let rows = html! { @for letter in dead {
        @let id = letter.id.to_string();
        tr {
            th scope="row" { (id) }
            td { (letter.source.as_deref().unwrap_or("–")) }
            td { (lang.word("jobs", &letter.kind)) }
            td.w { (brief(&message(lang, &letter.reason), 240)) @if let Some(url) = &letter.url { br; (short(url, 120)) } }
            td { (at(lang, now, letter.died_at)) }
            td { @if let Some(run) = letter.run { a href={ "/runs/" (run) } { (head(&run.to_string())) } } }
            @if visitor.acts() { td {
                (button(visitor, &Act { what: "retry", subject: &id, label: lang.say("Reprendre", "Retry"), of: &id }))
                (careful(visitor, &Act { what: "drop", subject: &id, label: lang.say("Écarter", "Discard"), of: &id },
                         lang.say("Une tâche: elle n'est plus essayée, et sa page reste échouée.", "One job: it is not tried again, and its page stays failed.")))
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
    let more = dead.last().filter(|_| i64::try_from(dead.len()).is_ok_and(|count| count == ROWS));
    let address = |after: &str| format!("/stuck?{}{after}", which.query());
    let next = more.map(|last| address(&format!("&after={}", last.cursor())));
    let first = which.after.as_ref().map(|_| address(""));
    html! {
        h2 #dead { (lang.say("Tâches abandonnées", "Dead letters")) " (" (number(lang, total)) ")" }
        (filter(lang, which, known))
        @if dead.is_empty() { p.good { (lang.say("Aucune.", "None.")) } }
        @else {
            (every(visitor, which, total))
            (table(lang.say("Tâches abandonnées", "Dead letters"), &heads, &rows))
        }
        (pages(lang, first.as_deref(), next.as_deref()))
    }
}

fn filter(lang: Lang, which: &Which, known: &[SourceSlug]) -> Markup {
    html! { form.filter method="get" action="/stuck" {
        div { label for="source" { "Source" } select #source name="source" { option value="" { (lang.say("toutes", "all")) }
            @for slug in known { option value=(slug) selected[which.source == slug.as_str()] { (slug) } }
        } }
        div { label for="reason" { (lang.say("La raison contient", "The reason contains")) } input #reason name="reason" maxlength="200" value=(which.reason); }
        button type="submit" { (lang.say("Filtrer", "Filter")) }
    } }
}

/// Returns the buttons that act on every dead letter that the list is about, on this page or not.
fn every(visitor: &Visitor, which: &Which, total: i64) -> Markup {
    let lang = visitor.lang;
    let subject = format!("{ALL}{}", which.query());
    let of = lang.say("les tâches abandonnées", "dead letters");
    let act = |what, label| Act { what, subject: &subject, label, of };
    let count = counted(lang, total, ["tâche", "tâches"], ["job", "jobs"]);
    html! { div.acts {
        (careful(visitor, &act("retry", lang.say("Tout reprendre", "Retry all")),
                 &format!("{count}: {}", lang.say("à reprendre. Réparez d'abord la cause.", "to be tried again. Mend the cause first."))))
        (careful(visitor, &act("drop", lang.say("Tout écarter", "Discard all")),
                 &format!("{count}: {}", lang.say("à écarter; leurs pages restent échouées.", "to be discarded; their pages stay failed."))))
    } }
}

fn queue(lang: Lang, overview: &PoolState) -> Markup {
    let rows = html! { @for depth in &overview.queue { tr {
        th scope="row" { (depth.lane) }
        td { (lang.word("jobs", &depth.kind)) }
        td.n { (number(lang, depth.ready)) } td.n { (number(lang, depth.later)) } td.n { (number(lang, depth.running)) }
        td { (seconds(lang, depth.oldest_seconds)) }
        td { (brief(&message(lang, depth.last_error.as_deref().unwrap_or("–")), 160)) }
    } } };
    let heads = [
        lang.say("File", "Lane"),
        lang.say("Tâche", "Job"),
        lang.say("#prêtes", "#ready"),
        lang.say("#plus tard", "#later"),
        lang.say("#en cours", "#running"),
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
        td { @match worker.clock_off { Some(off) => span.bad { (off) "\u{a0}s" }, None => "–" } }
    } } };
    let heads = [
        lang.say("Machine", "Host"),
        "#pid",
        lang.say("Adresse", "Address"),
        lang.say("Tient l'index", "Holds the index"),
        lang.say("Démarré", "Started"),
        lang.say("Horloge décalée", "Clock off"),
    ];
    table("Workers", &heads, &rows)
}

fn indexes(lang: Lang, overview: &PoolState) -> Markup {
    let rows = html! { @for target in overview.targets.iter().filter(|target| target.is_shown) { tr {
        th scope="row" { (lang.phrase(target.place.as_deref().unwrap_or("–"))) }
        td.n { (number(lang, target.indexed)) }
        td.n { (number(lang, target.outbox)) }
        td { (target.oldest_seconds.map_or_else(|| "–".to_owned(), |oldest| seconds(lang, oldest))) }
        td { (target.failure.as_deref().map_or_else(|| "–".to_owned(), |failure| short(failure, 160))) }
    } } };
    let heads = [
        "Index",
        lang.say("#points", "#points"),
        lang.say("#en retard", "#behind"),
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
        td { @if host.next_try > now { (at(lang, now, host.next_try)) } @else { (lang.say("à la prochaine requête", "with the next request")) } }
        td { (brief(&message(lang, &host.why), 160)) }
    } } };
    let heads = [
        lang.say("Hôte", "Host"),
        "Source",
        lang.say("#échecs", "#failures"),
        lang.say("depuis", "since"),
        lang.say("prochain essai", "next try"),
        lang.say("pourquoi", "why"),
    ];
    html! { @if !overview.hosts.is_empty() { (table(lang.say("Hôtes qui ne répondent pas", "Hosts that do not answer"), &heads, &rows)) } }
}

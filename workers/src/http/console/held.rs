//! What do we hold? A list of opportunities by words and filters, and the open ones in groups.

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{OpportunityId, SourceSlug};
use maud::{Markup, html};
use store::ServedRow;

use super::{
    find::{Total, find},
    format::{at, counted, number, short, value},
    groups::{closing, groups},
    lang::Lang,
    layout::{self, Act, answer, button, pages, table},
    map,
    session::Visitor,
    wanted::{CLOSING, Wanted},
};
use crate::{
    http::{Problem, Surroundings},
    words,
};

/// Shows what is held.
pub(super) async fn page(
    State(here): State<Surroundings>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let title = visitor.lang.say("Qu'avons-nous ?", "What do we hold?");
    let known = match known(&here).await {
        Ok(known) => known,
        Err(problem) => return layout::refused(&visitor, &problem, "/"),
    };
    let wanted = Wanted::of(visitor.lang, query.as_deref().unwrap_or_default(), &known);
    let named = named(wanted.get("q"), &known);
    if let Some(id) = named {
        match here.app.store.served_one(id).await {
            Ok(Some(_)) => return Redirect::to(&format!("/opportunities/{id}")).into_response(),
            Ok(None) => (),
            Err(error) => return layout::refused(&visitor, &error.into(), "/"),
        }
    }
    answer(&visitor, title, body(&here, &visitor, &wanted, &known, named.is_some()).await)
}

/// Returns the sources that the registry knows.
pub(super) async fn known(here: &Surroundings) -> Result<Vec<SourceSlug>, Problem> {
    let states = here.app.store.source_states().await?;
    Ok(states.iter().filter_map(|state| SourceSlug::new(&state.slug).ok()).collect())
}

/// Returns the opportunity that the words of a search name: `SOURCE/IDENTIFIER`, or an id. Words such as `chef/cheffe` name none.
fn named(words: &str, known: &[SourceSlug]) -> Option<OpportunityId> {
    let of_source = || {
        let (source, id) = words.split_once('/')?;
        Some(OpportunityId::of(known.iter().find(|slug| slug.as_str() == source)?, id))
    };
    words.parse().ok().or_else(of_source)
}

/// Returns why a record that a search names is rejected; nothing if it is not.
async fn refused(
    here: &Surroundings,
    visitor: &Visitor,
    words: &str,
    is_name: bool,
) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let rows = if is_name { here.app.store.rejections_of(words, 3).await? } else { Vec::new() };
    if rows.is_empty() && is_name {
        let text = lang.say(
            "Il n'y a ni opportunité ni fiche refusée",
            "There is neither an opportunity nor a rejected record",
        );
        return Ok(html! { p.warn role="status" { (text) " " (words) } });
    }
    Ok(html! { @for row in &rows { section.warn {
        h2 { (lang.say("Cette fiche est refusée", "This record is rejected")) ": " (row.source) "/" (row.external_id.as_deref().unwrap_or("–")) }
        p { (lang.word("rejections", &row.code)) @if let Some(detail) = &row.detail { ": " q { (short(detail, 200)) } }
            " (" (at(lang, here.app.clock.now(), row.at)) ", " a href={ "/runs/" (row.run) } { (lang.say("collecte", "run")) } ")" }
        @if visitor.acts() { p.w { (value(&row.record, 400)) } }
        div.acts { (button(visitor, &Act { what: "item", subject: words, label: lang.say("Collecter à nouveau", "Ingest again"), of: words })) }
    } } })
}

async fn body(
    here: &Surroundings,
    visitor: &Visitor,
    wanted: &Wanted,
    known: &[SourceSlug],
    is_name: bool,
) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let counts = here.counted.get(here).await?;
    let found = find(here, lang, wanted, &counts.held).await?;
    let next = found.next.map(|next| wanted.address(&[("after", &next)]));
    let first = Some(wanted.address(&[])).filter(|_| !wanted.get("after").is_empty());
    Ok(html! {
        (filter(lang, wanted, known))
        @for ignored in wanted.ignored.iter().chain(&found.ignored) { p.warn role="status" { (ignored) } }
        (refused(here, visitor, wanted.get("q"), is_name).await?)
        p role="status" { (total(lang, &found.total)) }
        (list(lang, &found.rows))
        (pages(lang, first.as_deref(), next.as_deref()))
        (groups(lang, &counts))
    })
}

/// Returns how many there are, as far as that is known.
fn total(lang: Lang, total: &Total) -> String {
    let opportunities = |count| {
        counted(
            lang,
            count,
            ["opportunité, chaque doublon une fois", "opportunités, chaque doublon une fois"],
            ["opportunity, each duplicate once", "opportunities, each duplicate once"],
        )
    };
    match *total {
        Total::Exact(count) => opportunities(count),
        Total::More(count) => format!("{} {}", lang.say("Plus de", "More than"), opportunities(count)),
        Total::Best(count) => lang.text(
            &format!("Les {} qui conviennent le mieux: il peut y en avoir d'autres", number(lang, count)),
            &format!("The {} that fit best: there may be more", number(lang, count)),
        ),
    }
}

fn filter(lang: Lang, wanted: &Wanted, sources: &[SourceSlug]) -> Markup {
    let select = |id: &str, name: &str, list: &str, chosen: &str| {
        html! {
            div { label for=(id) { (name) } select id=(id) name=(id) {
                option value="" { "–" }
                @for word in words::all().filter(|word| word.list == list) { option value=(word.code) selected[word.code == chosen] { (lang.say(word.fr, word.en)) } }
            } }
        }
    };
    let option = |key: &str, value: &str, name: &str| html! { option value=(value) selected[wanted.get(key) == value] { (name) } };
    html! { form.filter method="get" action="/opportunities" role="search" {
        div { label for="q" { (lang.say("Mots, ou SOURCE/IDENTIFIANT", "Words, or SOURCE/IDENTIFIER")) } input #q name="q" type="search" maxlength="200" value=(wanted.get("q")); }
        (select("kind", lang.say("Genre", "Kind"), "kinds", wanted.get("kind")))
        (select("region", lang.say("Région", "Region"), "regions", wanted.get("region")))
        (select("language", lang.say("Langue", "Language"), "languages", wanted.get("language")))
        div { label for="source" { "Source" } select #source name="source" { option value="" { "–" } @for slug in sources { (option("source", slug.as_str(), slug.as_str())) } } }
        div { label for="status" { (lang.say("État", "Status")) } select #status name="status" {
            option value="" { (lang.word("status", "open")) }
            (option("status", "closed", lang.word("status", "closed")))
            (option("status", "all", lang.say("Toutes", "All")))
        } }
        div { label for="town" { (lang.say("Ville", "Town")) } input #town name="town" maxlength="60" value=(wanted.get("town")); }
        div { label for="closes" { (lang.say("Clôture", "Closes")) } select #closes name="closes" { option value="" { "–" }
            @for code in CLOSING { (option("closes", code, closing(lang, code))) }
        } }
        @for (key, name) in [("closes_from", lang.say("Ferme à partir du", "Closes from")), ("closes_to", lang.say("Ferme jusqu'au", "Closes until"))] {
            div { label for=(key) { (name) } input id=(key) name=(key) type="date" value=[wanted.day(key)]; }
        }
        div { label for="order" { (lang.say("Ordre", "Order")) } select #order name="order" { option value="" { "–" }
            (option("order", "closes", lang.say("ferment bientôt", "closing soon")))
            (option("order", "changed", lang.say("changées récemment", "changed lately")))
        } }
        button type="submit" { (lang.say("Chercher", "Search")) }
    } }
}

fn list(lang: Lang, found: &[ServedRow]) -> Markup {
    let rows = html! { @for row in found { tr {
        th scope="row" { a href={ "/opportunities/" (row.id) } { (row.title) } }
        td { (row.organization.as_deref().unwrap_or("–")) }
        td { (lang.word("kinds", &row.kind)) }
        td { (place(lang, row)) }
        td.day { @if let Some(day) = row.closes_on { (day) } @else { "–" } }
        td { (row.source) }
        td { (lang.word("status", row.status.as_str())) }
    } } };
    let heads = [
        lang.say("Titre", "Title"),
        lang.say("Organisation", "Organization"),
        lang.say("Genre", "Kind"),
        lang.say("Lieu", "Place"),
        lang.say("Ferme le", "Closes"),
        "Source",
        lang.say("État", "Status"),
    ];
    table(lang.say("Opportunités", "Opportunities"), &heads, &rows)
}

/// Returns the places of an opportunity, in one line.
pub(super) fn place(lang: Lang, row: &ServedRow) -> String {
    let mut names: Vec<String> = row.localities.clone();
    names.extend(row.regions.iter().map(|code| map::name(lang, code)));
    if row.remote {
        names.push(lang.say("à distance", "remote").to_owned());
    }
    if names.is_empty() { row.countries.join(", ") } else { names.join(", ") }
}

//! What do we hold? The opportunities by kind, source, region, language and closing day, and a list of them.

use std::collections::BTreeMap;

use axum::{
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::{OpportunityId, SourceSlug};
use maud::{Markup, html};
use serde::Deserialize;
use store::{Cursor, Filters, ServedRow, Status};

use super::{
    format::{at, number, short, value},
    lang::Lang,
    layout::{self, Act, answer, button, table},
    map,
    session::Visitor,
};
use crate::{
    http::{
        Problem, Surroundings, extract,
        v1::opportunities::{OpportunitiesAsk, cursor},
    },
    search::{self, Ask, Mistake},
    words,
};

/// Rows of a page.
const ROWS: i64 = 20;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    q: String,
    kind: String,
    source: String,
    region: String,
    language: String,
    status: String,
    after: Option<String>,
}

impl Wanted {
    fn ask(&self) -> Result<OpportunitiesAsk, Problem> {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let status = match self.status.as_str() {
            "all" => None,
            "" => Some(Status::Open),
            word => Some(word.parse().map_err(|_| Problem::impossible("status is open, closed or all"))?),
        };
        Ok(OpportunitiesAsk {
            status,
            q: some(&self.q),
            kind: some(&self.kind),
            source: some(&self.source),
            region: some(&self.region),
            language: some(&self.language),
            ..OpportunitiesAsk::default()
        })
    }

    /// Returns the address of this list behind a row.
    fn address(&self, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("q", self.q.as_str()),
            ("kind", &self.kind),
            ("source", &self.source),
            ("region", &self.region),
            ("language", &self.language),
            ("status", &self.status),
            ("after", after),
        ];
        query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
        format!("/opportunities?{}", query.finish())
    }
}

/// Shows what is held.
pub(super) async fn page(
    State(here): State<Surroundings>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Response {
    let words = wanted.q.trim();
    if let Some(id) = named(words) {
        match here.app.store.served_one(id).await {
            Ok(Some(_)) => return Redirect::to(&format!("/opportunities/{id}")).into_response(),
            Ok(None) => (),
            Err(error) => return layout::failed(visitor.lang, &error.into()),
        }
    }
    let title = visitor.lang.say("Qu'avons-nous ?", "What do we hold?");
    answer(&visitor, title, body(&here, &visitor, &wanted).await)
}

/// Returns the opportunity that the words of a search name: `SOURCE/IDENTIFIER`, or an id.
fn named(words: &str) -> Option<OpportunityId> {
    let of_source = || {
        let (source, id) = words.split_once('/')?;
        Some(OpportunityId::of(&SourceSlug::new(source).ok()?, id))
    };
    words.parse().ok().or_else(of_source)
}

/// Returns why a record that a search names is rejected; nothing if it is not.
async fn refused(here: &Surroundings, visitor: &Visitor, words: &str) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let rows = if words.contains('/') { here.app.store.rejections_of(words, 3).await? } else { Vec::new() };
    if rows.is_empty() && named(words).is_some() {
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

async fn body(here: &Surroundings, visitor: &Visitor, wanted: &Wanted) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let counts = here.counted.get(here).await?;
    let filters = wanted.ask()?.filters()?;
    let after: Option<Cursor> = extract::after(wanted.after.as_deref())?;
    let store = &here.app.store;
    let (found, total, more) = if let Some(best) = best(here, wanted).await? {
        let total = i64::try_from(best.len()).unwrap_or(i64::MAX);
        (best, total, None)
    } else {
        let (found, total) = match counts.passing(&filters) {
            Some(total) => (store.served_in_order(&filters, after, ROWS).await?, total),
            None => store.served_rows(&filters, after, ROWS).await?,
        };
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == ROWS);
        let more = found.last().filter(|_| is_full).map(cursor);
        (found, total, more)
    };
    Ok(html! {
        (filter(lang, wanted, &counts.sources))
        (refused(here, visitor, wanted.q.trim()).await?)
        p role="status" { (number(lang, total)) " " (lang.say("opportunités, chaque doublon une fois", "opportunities, each duplicate once")) }
        (list(lang, &found))
        @if let Some(more) = more { p { a rel="next" href=(wanted.address(&more)) { (lang.say("Suivantes", "Next")) } } }
        h2 { (lang.say("Les opportunités ouvertes", "The open opportunities")) ": " (number(lang, counts.total)) }
        div.columns {
            div { (map::drawing(lang, &counts.regions)) p.note { (lang.say("Carte schématique: la place des régions, non leurs frontières.", "A schematic map: where regions lie, not their borders.")) } }
            (breakdown(lang, lang.say("Par région", "By region"), "region", &counts.regions, |code| map::name(lang, code)))
            (breakdown(lang, lang.say("Par genre", "By kind"), "kind", &counts.kinds, |code| lang.word("kinds", code).to_owned()))
            (breakdown(lang, lang.say("Par source", "By source"), "source", &counts.sources, str::to_owned))
            (breakdown(lang, lang.say("Par langue", "By language"), "language", &counts.languages, |code| lang.word("languages", code).to_owned()))
            (breakdown(lang, lang.say("Par jour de clôture", "By closing day"), "", &counts.closing, |code| closing(lang, code).to_owned()))
        }
    })
}

/// Most hits of a search.
const HITS: u16 = 50;

/// Returns what fits the words best, if there are words, only open ones are asked for, and this worker holds the vector index. Elsewhere
/// the words are looked for in titles and names, row by row.
async fn best(here: &Surroundings, wanted: &Wanted) -> Result<Option<Vec<ServedRow>>, Problem> {
    let Some(kept) = here
        .app
        .indexes
        .served()
        .filter(|_| !wanted.q.trim().is_empty() && matches!(wanted.status.as_str(), "" | "open"))
    else {
        return Ok(None);
    };
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let ask = Ask {
        kind: some(&wanted.kind),
        source: some(&wanted.source),
        region: some(&wanted.region),
        language: some(&wanted.language),
        ..Ask::of(&wanted.q, HITS)
    };
    let found = search::search(&kept.vectors, &here.app.store, &ask).await.map_err(|error| match error
        .downcast_ref::<Mistake>()
    {
        Some(mistake) => Problem::impossible(mistake.to_string()),
        None => Problem::internal(&error),
    })?;
    let ids: Vec<uuid::Uuid> = found.hits.iter().map(|hit| hit.id.uuid()).collect();
    let among = Filters { among: Some(ids.clone()), ..Filters::default() };
    let (mut rows, _) = here.app.store.served_rows(&among, None, HITS.into()).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    Ok(Some(rows))
}

fn closing(lang: Lang, code: &str) -> &str {
    match code {
        "none" => lang.say("sans dernier jour", "no last day"),
        "week" => lang.say("dans la semaine", "within a week"),
        "month" => lang.say("dans le mois", "within a month"),
        "later" => lang.say("plus tard", "later"),
        other => other,
    }
}

/// Rows of a breakdown: abroad there are many regions.
const MOST: usize = 20;

fn breakdown(
    lang: Lang,
    title: &str,
    key: &str,
    counts: &BTreeMap<String, i64>,
    name: impl Fn(&str) -> String,
) -> Markup {
    let mut rows: Vec<(&String, &i64)> = counts.iter().collect();
    rows.sort_by(|left, right| right.1.cmp(left.1).then(left.0.cmp(right.0)));
    let rows = html! { @for (code, count) in rows.into_iter().take(MOST) { tr {
        th scope="row" { @if key.is_empty() { (name(code)) } @else { a href={ "/opportunities?" (key) "=" (code) } { (name(code)) } } }
        td.n { (number(lang, *count)) }
    } } };
    table(title, &[lang.say("Groupe", "Group"), lang.say("#ouvertes", "#open")], &rows)
}

fn filter(lang: Lang, wanted: &Wanted, sources: &BTreeMap<String, i64>) -> Markup {
    let select = |id: &str, name: &str, list: &str, chosen: &str| {
        html! {
            div { label for=(id) { (name) } select id=(id) name=(id) {
                option value="" { "–" }
                @for word in words::all().filter(|word| word.list == list) { option value=(word.code) selected[word.code == chosen] { (lang.say(word.fr, word.en)) } }
            } }
        }
    };
    html! { form.filter method="get" action="/opportunities" role="search" {
        div { label for="q" { (lang.say("Mots, ou SOURCE/IDENTIFIANT", "Words, or SOURCE/IDENTIFIER")) } input #q name="q" type="search" maxlength="200" value=(wanted.q); }
        (select("kind", lang.say("Genre", "Kind"), "kinds", &wanted.kind))
        (select("region", lang.say("Région", "Region"), "regions", &wanted.region))
        (select("language", lang.say("Langue", "Language"), "languages", &wanted.language))
        div { label for="source" { "Source" } select #source name="source" { option value="" { "–" } @for slug in sources.keys() { option value=(slug) selected[*slug == wanted.source] { (slug) } } } }
        div { label for="status" { (lang.say("État", "Status")) } select #status name="status" {
            option value="" { (lang.word("status", "open")) }
            option value="closed" selected[wanted.status == "closed"] { (lang.word("status", "closed")) }
            option value="all" selected[wanted.status == "all"] { (lang.say("Toutes", "All")) }
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

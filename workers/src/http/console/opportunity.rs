//! One opportunity: what is served, where each value came from, and its history.

use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::{Field, OpportunityId};
use maud::{Markup, html};
use serde_json::Value;
use store::{OpportunityHistory, ServedRow};

use super::{
    explain::{Origin, origin},
    format::{at, column as column_name, head, maybe_at, readable, short},
    held::place,
    lang::Lang,
    layout::{self, Act, button, page as whole, table},
    session::Visitor,
};
use crate::http::{Problem, Surroundings};

/// Longest value that is shown in one cell, in characters.
const LONGEST: usize = 200;

/// Shows an opportunity.
pub(super) async fn page(
    State(here): State<Surroundings>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let lang = visitor.lang;
    let missing = || {
        Problem::missing(
            lang.say("il n'y a pas d'opportunité de ce nom", "there is no opportunity of this name"),
        )
    };
    let found = async {
        let id: OpportunityId = id.parse().map_err(|_| missing())?;
        let row = here.app.store.served_one(id).await?.ok_or_else(missing)?;
        let life = here.app.store.life(id).await?;
        let mut origin = origin(&here.app, &life).await?;
        if !visitor.acts() {
            // They may hold contacts of persons, which are taken out of what is served.
            origin.words =
                Err(lang.say("il faut un jeton operate", "it takes a token of scope operate").to_owned());
        }
        Ok::<_, Problem>((row, life, origin))
    };
    match found.await {
        Ok((row, life, origin)) => whole(&visitor, &row.title, &body(&here, &visitor, &row, &life, &origin)),
        Err(problem) => layout::refused(&visitor, &problem, "/opportunities"),
    }
}

fn body(
    here: &Surroundings,
    visitor: &Visitor,
    row: &ServedRow,
    life: &OpportunityHistory,
    origin: &Origin,
) -> Markup {
    let lang = visitor.lang;
    let now = here.app.clock.now();
    html! {
        h1 { (row.title) }
        dl {
            dt { (lang.say("État", "Status")) } dd { (lang.word("status", row.status.as_str()))
                @if let Some(why) = &row.closed_why { ": " (lang.word("closed_why", why)) } }
            dt { (lang.say("Organisation", "Organization")) } dd { (row.organization.as_deref().unwrap_or("–")) }
            dt { (lang.say("Genre", "Kind")) } dd { (lang.word("kinds", &row.kind)) }
            dt { (lang.say("Lieu", "Place")) } dd { (place(lang, row)) }
            dt { (lang.say("Ferme le", "Closes")) } dd { @if let Some(day) = row.closes_on { (day) } @else { "–" } }
            dt { "Source" } dd { a href={ "/sources/" (row.source) } { (row.source) } "/" (row.external_id) }
            @if let Some(url) = &row.url { dt { (lang.say("Page du partenaire", "Page of the partner")) } dd { a href=(url) rel="noreferrer nofollow" { (short(url, 100)) } } }
            dt { (lang.say("Première fois", "First loaded")) } dd { (at(lang, now, row.created_at)) }
            dt { (lang.say("Dernier changement", "Last change")) } dd { (at(lang, now, row.updated_at)) }
            @if let Some(quality) = row.quality { dt { (lang.say("Qualité", "Quality")) } dd { (quality) "/100" (doubts(lang, &row.quality_parts)) } }
        }
        @if let Some(description) = &row.description { details { summary { "Description" } p.text lang=[row.languages.first()] { (description) } } }
        div.acts { (button(visitor, &Act { what: "item", subject: &row.id.to_string(), label: lang.say("Collecter à nouveau", "Ingest again"), of: &row.title })) }
        (provenance(lang, life, origin))
        dl {
            dt { (lang.say("Lue sur", "Read from")) } dd { (origin.url.as_deref().map_or_else(|| "–".to_owned(), |url| short(url, 160))) }
            dt { (lang.say("Collectée", "Fetched")) } dd { (maybe_at(lang, now, origin.fetched_at)) }
            dt { (lang.say("Par la collecte", "By run")) } dd { a href={ "/runs/" (life.run) } { (head(&life.run.to_string())) } }
            dt { (lang.say("Fichier de la source", "Source file")) } dd { (head(life.spec_version.as_deref().unwrap_or("–"))) }
        }
        (history(here, lang, life))
        @if !life.twins.is_empty() {
            h2 { (lang.say("Doublons", "Duplicates")) }
            ul { @for twin in &life.twins { li { a href={ "/opportunities/" (twin.id) } { (twin.title) } " (" (twin.source) "/" (twin.external_id) ")"
                @if twin.canonical { " – " (lang.say("représente le groupe", "stands for all")) } } } }
        }
    }
}

fn doubts(lang: Lang, parts: &Value) -> Markup {
    let codes = |name: &str| -> Vec<String> {
        let codes = parts.get(name).and_then(Value::as_array).into_iter().flatten();
        codes.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    html! {
        @for code in codes("doubts") { br; span.warn { (lang.word("warnings", &code)) } }
        @for code in codes("missing") { br; (lang.say("manque: ", "missing: ")) (lang.word("missing", &code)) }
    }
}

/// Returns the words of the partner, the rule, and what became of them, field by field.
fn provenance(lang: Lang, life: &OpportunityHistory, origin: &Origin) -> Markup {
    let column =
        |name: &str| life.row.get(name).filter(|value| !matches!(value, Value::Null | Value::Bool(false)));
    let rows = html! { @for field in Field::ALL {
        @let said = origin.words.as_ref().ok().and_then(|draft| draft.field(field.as_str()));
        @let became: Vec<(&str, String)> = store::fields_of_columns().filter(|(_, of)| *of == field)
            .filter_map(|(name, _)| Some((name, readable(lang, name, column(name)?, LONGEST)))).filter(|(_, text)| !text.is_empty()).collect();
        @if said.is_some() || !became.is_empty() { tr {
            th scope="row" { (lang.word("fields", field.as_str())) }
            td.w { @if let Some(said) = said { q { (short(said, LONGEST)) } } @else if origin.words.is_err() { span.note { (lang.say("non montré", "not shown")) } } @else { "–" } }
            td { (lang.phrase(normalize::rule(field))) }
            td.w { @for (name, text) in &became { div { @if became.len() > 1 { code { (name) } " " } (text) } } }
        } }
    } };
    html! {
        h2 { (lang.say("D'où vient chaque valeur", "Where each value came from")) }
        @if let Err(why) = &origin.words { p.warn { (lang.say("Les mots du partenaire ne sont pas montrés: ", "The partner's words are not shown: ")) (why) } }
        (table(lang.say("Valeurs", "Values"),
               &[lang.say("Champ", "Field"), lang.say("Mots du partenaire", "The partner's words"), lang.say("Règle", "Rule"), lang.say("Valeur", "Value")], &rows))
    }
}

fn history(here: &Surroundings, lang: Lang, life: &OpportunityHistory) -> Markup {
    let now = here.app.clock.now();
    let side = |name: &str, change: &Value, side: &str| {
        change.get(side).map_or_else(String::new, |part| readable(lang, name, part, 80))
    };
    html! {
        h2 { (lang.say("Histoire", "History")) }
        @if life.steps.is_empty() { p { (lang.say("Rien n'a changé depuis sa première collecte.", "Nothing has changed since it was first loaded.")) } }
        ol { @for step in life.steps.iter().rev() { li {
            (at(lang, now, step.at)) ": " (lang.word("changes", step.what.as_str()))
            @if let Some(run) = step.run { " (" a href={ "/runs/" (run) } { (head(&run.to_string())) } ")" }
            ul { @for (name, change) in step.fields.as_object().into_iter().flatten() {
                li { (column_name(lang, name)) " " del { (side(name, change, "from")) } " → " ins { (side(name, change, "to")) } }
            } }
        } } }
    }
}
